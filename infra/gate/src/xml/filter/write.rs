//! From filters to elements, in the form that QGIS reads to the same conditions.

use super::{Filter, Node, Operand};
use crate::{xml::gml::GML_NAMESPACE, xml::write::Writer};

/// The namespace of filters that are written.
pub const OGC_NAMESPACE: &str = "http://www.opengis.net/ogc";

impl Filter {
    /// Writes a `Filter` with its namespaces, for a `FILTER` parameter.
    pub fn write(&self) -> String {
        let mut out = Writer::default();
        let namespaces = [("xmlns:ogc", OGC_NAMESPACE), ("xmlns:gml", GML_NAMESPACE)];
        out.element("ogc:Filter", &namespaces, |out| self.content(out));
        out.finish()
    }

    /// Writes a `Filter` into a body whose root declares `ogc` and `gml`.
    pub(in crate::xml) fn write_into(&self, out: &mut Writer) {
        out.element("ogc:Filter", &[], |out| self.content(out));
    }

    fn content(&self, out: &mut Writer) {
        match self {
            Self::Ids(ids) => {
                for id in ids {
                    out.element("ogc:FeatureId", &[("fid", &format!("{}.{}", id.type_name, id.id))], |_| ());
                }
            }
            Self::Condition(condition) => condition.0.write_outermost(out),
        }
    }
}

/// The most operands that are written side by side. QGIS chains them, one pair of parentheses within the other, and the
/// parser of `SQLite` gives up between 60 and 100 of those: a `GeoPackage` then answers with no rows and no error (tried on
/// 3.22). More are written as halves of halves, which mean the same.
const MOST_SIDE_BY_SIDE: usize = 8;

fn write_joined(name: &str, nodes: &[Node], out: &mut Writer) {
    out.element(name, &[], |out| {
        if nodes.len() <= MOST_SIDE_BY_SIDE {
            for node in nodes {
                node.write(out);
            }
        } else {
            let (first, second) = nodes.split_at(nodes.len() / 2);
            write_joined(name, first, out);
            write_joined(name, second, out);
        }
    });
}

impl Node {
    /// A `BBOX` stays directly in the outermost `And`, where it is first (see the module).
    fn write_outermost(&self, out: &mut Writer) {
        match self {
            Self::And(nodes)
                if nodes.len() > MOST_SIDE_BY_SIDE && nodes.first().is_some_and(Self::is_bbox) =>
            {
                let (bbox, others) = nodes.split_at(1);
                out.element("ogc:And", &[], |out| {
                    for node in bbox {
                        node.write(out);
                    }
                    write_joined("ogc:And", others, out);
                });
            }
            _ => self.write(out),
        }
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::And(nodes) => write_joined("ogc:And", nodes, out),
            Self::Or(nodes) => write_joined("ogc:Or", nodes, out),
            Self::Not(node) => out.element("ogc:Not", &[], |out| node.write(out)),
            Self::Compare { operator, left, right } => out.element(operator.written(), &[], |out| {
                left.write(out);
                right.write(out);
            }),
            Self::Like { field, pattern, is_case_sensitive } => {
                let signs =
                    [("wildCard", "%"), ("singleChar", "_"), ("escapeChar", "\\"), ("matchCase", "false")];
                let signs = if *is_case_sensitive { signs.split_at(3).0 } else { signs.as_slice() };
                out.element("ogc:PropertyIsLike", signs, |out| {
                    out.text_element("ogc:PropertyName", field);
                    out.text_element("ogc:Literal", &pattern.written());
                });
            }
            Self::IsNull { field } => {
                out.element("ogc:PropertyIsNull", &[], |out| out.text_element("ogc:PropertyName", field));
            }
            Self::Between { operand, lower, upper } => out.element("ogc:PropertyIsBetween", &[], |out| {
                operand.write(out);
                out.element("ogc:LowerBoundary", &[], |out| lower.write(out));
                out.element("ogc:UpperBoundary", &[], |out| upper.write(out));
            }),
            Self::Spatial { operator, geometry } => out.element(operator.written(), &[], |out| {
                out.text_element("ogc:PropertyName", "geometry");
                geometry.write(out);
            }),
        }
    }
}

impl Operand {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Field(field) => out.text_element("ogc:PropertyName", field),
            Self::Literal(text) => out.text_element("ogc:Literal", text),
            Self::Arithmetic { operator, left, right } => out.element(operator.written(), &[], |out| {
                left.write(out);
                right.write(out);
            }),
        }
    }
}
