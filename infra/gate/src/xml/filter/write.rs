//! Writes filters in the form that QGIS reads as the same conditions.

use super::{Filter, Node, Operand};
use crate::xml::{gml::GML_NAMESPACE, write::Writer};

/// The namespace of written filters.
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

/// Maximum number of operands of one `And` or `Or`. QGIS writes them as nested parentheses, and the parser of `SQLite`
/// gives up between 60 and 100 of these: a `GeoPackage` then answers with no rows and no error (tried on 3.22). More
/// operands are split into halves, recursively, with the same meaning.
const MAX_OPERANDS: usize = 8;

fn write_joined(name: &str, nodes: &[Node], out: &mut Writer) {
    out.element(name, &[], |out| {
        if nodes.len() <= MAX_OPERANDS {
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
    /// Writes the outermost condition. A `BBOX` stays directly in the outermost `And`, as its first operand: there QGIS
    /// reads it in the reference system of the query.
    fn write_outermost(&self, out: &mut Writer) {
        match self {
            Self::And(nodes)
                if nodes.len() > MAX_OPERANDS
                    && let [first, others @ ..] = &nodes[..]
                    && first.is_bbox() =>
            {
                out.element("ogc:And", &[], |out| {
                    first.write(out);
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
            Self::Compare { operator, left, right } => out.element(operator.as_str(), &[], |out| {
                left.write(out);
                right.write(out);
            }),
            Self::Like { field, pattern, is_case_sensitive } => {
                let attributes =
                    [("wildCard", "%"), ("singleChar", "_"), ("escapeChar", "\\"), ("matchCase", "false")];
                let attributes = if *is_case_sensitive { &attributes[..3] } else { &attributes[..] };
                out.element("ogc:PropertyIsLike", attributes, |out| {
                    out.text_element("ogc:PropertyName", field);
                    out.text_element("ogc:Literal", &pattern.to_text());
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
            Self::Spatial { operator, geometry } => out.element(operator.as_str(), &[], |out| {
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
            Self::Arithmetic { operator, left, right } => out.element(operator.as_str(), &[], |out| {
                left.write(out);
                right.write(out);
            }),
        }
    }
}
