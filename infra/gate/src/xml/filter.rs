//! OGC filters (FES 1.0, 1.1 and 2.0).
//!
//! QGIS Server turns a filter into an expression, and falls on forms that look harmless (tried on 3.22.16):
//!
//! | filter | what QGIS does | here |
//! |---|---|---|
//! | text in `Filter` | evaluates it as an expression | refused |
//! | `Function` | runs any function | refused |
//! | `Equals` | its process ends | refused |
//! | `And` with a `BBOX` and no other operand | its process ends | the `BBOX` alone is written |
//! | two `BBOX` under one `And`, or one in an `And` in an `And` | one of them is ignored | nested ones are joined, two are refused |
//! | `And` or `Or` with one operand that is no comparison | selects nothing | the operand alone is written |
//! | a box whose corners are 0 0 | selects every row, in an Update too | refused |
//! | `PropertyIsLike` without a literal | reads the operand as one | refused |
//! | a literal of nothing but white space | compares with the empty text | refused |
//! | ids beside conditions | ignores the conditions | refused |
//!
//! A `BBOX` that stands alone or directly in the outermost `And` is compared in the reference system of the query's
//! `srsName`, any other one in that of the layer. As a parameter, QGIS cuts a filter at parentheses anywhere in it: see
//! [`Filter::has_parentheses`].

mod like;
mod read;
mod write;

pub use self::write::OGC_NAMESPACE;

use self::like::Pattern;
use super::tree::XmlError;
use crate::geometry::gml::{Gml, GmlError};

/// The deepest nesting of conditions and operands.
pub const MAX_FILTER_DEPTH: usize = 30;
/// The most elements of a filter, without those of its geometries.
pub const MAX_FILTER_ELEMENTS: usize = 2_000;

/// A filter: what selects rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// A list of feature ids, not empty.
    Ids(Vec<FeatureId>),
    /// A condition on fields and the geometry.
    Condition(Condition),
}

/// A feature id, `type.id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureId {
    type_name: String,
    id: String,
}

/// A condition. Only reading makes one, so that the rules above hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Compare { operator: Comparison, left: Operand, right: Operand },
    Like { field: String, pattern: Pattern, is_case_sensitive: bool },
    IsNull { field: String },
    Between { operand: Operand, lower: Operand, upper: Operand },
    Spatial { operator: Relation, geometry: Gml },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Field(String),
    Literal(String),
    Arithmetic { operator: Arithmetic, left: Box<Self>, right: Box<Self> },
}

/// An enumeration whose variants are named after the elements that they are read from and written as.
macro_rules! elements {
    ($name:ident { $($variant:ident = $element:literal),+ $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum $name { $($variant),+ }

        impl $name {
            fn of(element: &str) -> Option<Self> {
                match element { $($element => Some(Self::$variant),)+ _ => None }
            }

            /// The element with the prefix that is written.
            fn written(self) -> &'static str {
                match self { $(Self::$variant => concat!("ogc:", $element)),+ }
            }
        }
    };
}

elements!(Comparison {
    Equal = "PropertyIsEqualTo",
    NotEqual = "PropertyIsNotEqualTo",
    Less = "PropertyIsLessThan",
    Greater = "PropertyIsGreaterThan",
    LessOrEqual = "PropertyIsLessThanOrEqualTo",
    GreaterOrEqual = "PropertyIsGreaterThanOrEqualTo",
});

elements!(Relation {
    Bbox = "BBOX",
    Intersects = "Intersects",
    Contains = "Contains",
    Crosses = "Crosses",
    Disjoint = "Disjoint",
    Overlaps = "Overlaps",
    Touches = "Touches",
    Within = "Within",
});

elements!(Arithmetic { Add = "Add", Subtract = "Sub", Multiply = "Mul", Divide = "Div" });

/// Why a filter is not accepted. Texts name elements and positions, never a client's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Not XML within bounds.
    #[error("the filter is not read")]
    Xml(#[from] XmlError),
    /// An operator that QGIS lacks: it answers 400, or its process ends.
    #[error("QGIS Server has no filter operator {element}")]
    Operator {
        /// The element.
        element: String,
    },
    /// A function.
    #[error("functions are not accepted in filters")]
    Function,
    /// An attribute that is not known there, or has a value that is not accepted.
    #[error("attribute {attribute} of {element} is not accepted")]
    Attribute {
        /// The element.
        element: String,
        /// The attribute.
        attribute: String,
    },
    /// An element or text that does not belong where it stands.
    #[error("{parent} holds an element or text that does not belong there; expected {expected}")]
    Content {
        /// The element around it.
        parent: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A property that is not one name.
    #[error("{parent} must name one property")]
    PropertyName {
        /// The element around it.
        parent: String,
    },
    /// A property that is no field of the layer.
    #[error("property {number} of the filter is not a field of the layer; DescribeFeatureType lists them")]
    UnknownField {
        /// Which property of the filter, from 1.
        number: usize,
    },
    /// A literal of nothing but white space.
    #[error("a literal may not consist of white space: QGIS Server reads it as the empty text")]
    BlankLiteral,
    /// A literal that QGIS takes for no number where it takes numbers.
    #[error("a literal in arithmetic or a boundary may not be inf or nan")]
    NotANumber,
    /// A pattern in which a backslash stands before a wildcard or another backslash.
    #[error(
        "a pattern may not hold a backslash before a wildcard or another backslash: QGIS Server cannot express it"
    )]
    Backslash,
    /// A geometry that is not accepted.
    #[error("the geometry of {element} is not accepted")]
    Geometry {
        /// The element around it.
        element: String,
        /// Why.
        #[source]
        cause: GmlError,
    },
    /// A `BBOX` with something that is not a box.
    #[error("BBOX takes an Envelope or a Box")]
    NotABox,
    /// A box without size at the origin.
    #[error("a box may not have both corners at 0 0: QGIS Server would select every row")]
    NullBox,
    /// Several boxes under one `And`.
    #[error("an And may hold one BBOX: QGIS Server ignores another; use Intersects with an Envelope")]
    ManyBoxes,
    /// A feature id that is not `type.id`.
    #[error("a feature id must have the form type.id, without another dot, quotes or control characters")]
    FeatureId,
    /// Conditions nested too deeply.
    #[error("a filter may be nested at most {MAX_FILTER_DEPTH} deep")]
    TooDeep,
    /// Too many elements.
    #[error("a filter may have at most {MAX_FILTER_ELEMENTS} elements")]
    TooManyElements,
    /// Too many positions in its geometries.
    #[error(
        "the geometries of a filter may have at most {} positions together",
        crate::geometry::gml::MAX_POSITIONS
    )]
    TooManyPositions,
    /// Several filters in parentheses of which one is not a filter.
    #[error("several filters must each stand in parentheses")]
    List,
}

impl Filter {
    /// The types of the ids; none when there is a condition.
    pub fn id_types(&self) -> impl Iterator<Item = &str> {
        let ids = match self {
            Self::Ids(ids) => ids.as_slice(),
            Self::Condition(_) => &[],
        };
        ids.iter().map(|id| id.type_name.as_str())
    }

    /// Replaces each property by the field that `resolve` says it is, and refuses one of which it says none.
    ///
    /// `resolve` takes the name as clients write it, without prefix and path (`Zone_Code`), and returns the field's real
    /// name (`Zone Code`), which QGIS needs here.
    pub fn resolve_fields(&mut self, resolve: &dyn Fn(&str) -> Option<String>) -> Result<(), FilterError> {
        let mut number = 0;
        let Self::Condition(Condition(node)) = self else { return Ok(()) };
        node.each_field(&mut |field| {
            number += 1;
            *field = resolve(field).ok_or(FilterError::UnknownField { number })?;
            Ok(())
        })
    }

    /// True when a literal, field or id holds a parenthesis: such a filter must go to QGIS in a POSTed body.
    pub fn has_parentheses(&self) -> bool {
        self.write().contains(['(', ')'])
    }
}

impl FeatureId {
    /// The type before the dot.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The id after the dot.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Node {
    fn each_field(
        &mut self,
        visit: &mut impl FnMut(&mut String) -> Result<(), FilterError>,
    ) -> Result<(), FilterError> {
        match self {
            Self::And(nodes) | Self::Or(nodes) => {
                nodes.iter_mut().try_for_each(|node| node.each_field(visit))
            }
            Self::Not(node) => node.each_field(visit),
            Self::Compare { left, right, .. } => {
                left.each_field(visit)?;
                right.each_field(visit)
            }
            Self::Like { field, .. } | Self::IsNull { field } => visit(field),
            Self::Between { operand, lower, upper } => {
                [operand, lower, upper].into_iter().try_for_each(|operand| operand.each_field(visit))
            }
            Self::Spatial { .. } => Ok(()),
        }
    }
}

impl Operand {
    fn each_field(
        &mut self,
        visit: &mut impl FnMut(&mut String) -> Result<(), FilterError>,
    ) -> Result<(), FilterError> {
        match self {
            Self::Field(field) => visit(field),
            Self::Literal(_) => Ok(()),
            Self::Arithmetic { left, right, .. } => {
                left.each_field(visit)?;
                right.each_field(visit)
            }
        }
    }
}

#[cfg(test)]
mod tests;
