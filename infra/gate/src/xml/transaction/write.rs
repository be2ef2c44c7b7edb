//! Writes transactions for QGIS.

use super::{Action, Property, PropertyTarget, ResolvedTransaction, Value, Version};
use crate::xml::{filter::OGC_NAMESPACE, get_feature::WFS_NAMESPACE, gml::GML_NAMESPACE, write::Writer};

/// The namespace of features.
const QGS_NAMESPACE: &str = "http://www.qgis.org/gml";

impl ResolvedTransaction {
    /// Writes the body, with the actions in reverse order: see the [module](super).
    pub fn write(&self) -> String {
        let version = match self.version {
            Version::V1_0_0 => "1.0.0",
            Version::V1_1_0 => "1.1.0",
        };
        let attributes = [
            ("xmlns:wfs", WFS_NAMESPACE),
            ("xmlns:ogc", OGC_NAMESPACE),
            ("xmlns:gml", GML_NAMESPACE),
            ("xmlns:qgs", QGS_NAMESPACE),
            ("service", "WFS"),
            ("version", version),
        ];
        let mut out = Writer::default();
        out.element("wfs:Transaction", &attributes, |out| {
            self.actions.iter().rev().for_each(|action| action.write(out));
        });
        out.finish()
    }
}

impl Action<PropertyTarget> {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Insert { type_name, properties } => out.element("wfs:Insert", &[], |out| {
                out.element(&format!("qgs:{type_name}"), &[], |out| {
                    for property in properties {
                        out.element(&format!("qgs:{}", property.name.as_str()), &[], |out| {
                            property.value.write(out);
                        });
                    }
                });
            }),
            Self::Update { type_name, properties, filter } => {
                for portion in filter.in_portions() {
                    out.element("wfs:Update", &[("typeName", type_name)], |out| {
                        for property in properties {
                            property.write(out);
                        }
                        portion.write_into(out);
                    });
                }
            }
            Self::Delete { type_name, filter } => {
                for portion in filter.in_portions() {
                    out.element("wfs:Delete", &[("typeName", type_name)], |out| portion.write_into(out));
                }
            }
        }
    }
}

impl PropertyTarget {
    fn as_str(&self) -> &str {
        match self {
            Self::Field(field) => field,
            Self::Geometry => "geometry",
        }
    }
}

impl Property<PropertyTarget> {
    fn write(&self, out: &mut Writer) {
        out.element("wfs:Property", &[], |out| {
            out.text_element("wfs:Name", self.name.as_str());
            if self.value != Value::Null {
                out.element("wfs:Value", &[], |out| self.value.write(out));
            }
        });
    }
}

impl Value {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Null => {}
            Self::Text(text) => out.text(text),
            Self::Geometry(geometry) => geometry.write(out),
        }
    }
}
