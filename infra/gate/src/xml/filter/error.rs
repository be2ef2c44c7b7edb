//! Why a filter is refused.

use super::{MAX_FILTER_DEPTH, MAX_FILTER_ELEMENTS};
use crate::xml::{
    gml::{GmlError, MAX_POSITIONS},
    structure::StructureError,
    tree::XmlError,
};

/// Why a filter is refused. Texts name elements and positions, never a client's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// XML that is not well-formed or too large.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// An attribute or content that is not allowed.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// An operator that QGIS lacks: it answers 400, or crashes.
    #[error("QGIS Server has no filter operator {0}")]
    Operator(String),
    /// A function.
    #[error("functions are not allowed in filters")]
    Function,
    /// A property that is not one name.
    #[error("{0} must name exactly one property")]
    PropertyName(String),
    /// A property that is not a field of the layer.
    #[error("property {0} of the filter is not a field of the layer; DescribeFeatureType lists its fields")]
    UnknownField(usize),
    /// A literal of white space.
    #[error("a literal may not consist of white space; QGIS Server reads it as the empty string")]
    BlankLiteral,
    /// An `inf` or `nan` that QGIS would write as the name of a field.
    #[error("a literal in arithmetic or a boundary may not be inf or nan")]
    NotANumber,
    /// A pattern in which a backslash stands before a wildcard or another backslash.
    #[error(
        "a pattern may not hold a backslash before a wildcard or another backslash; QGIS Server cannot express it"
    )]
    Backslash,
    /// A geometry that is refused.
    #[error("the geometry of {element} is refused: {cause}")]
    Geometry {
        /// The element around it.
        element: String,
        /// Why.
        #[source]
        cause: GmlError,
    },
    /// A `BBOX` without a box.
    #[error("BBOX must hold an Envelope or a Box")]
    NotABox,
    /// A box with both corners at the origin.
    #[error("a box may not have both corners at 0 0; QGIS Server would select every row")]
    NullBox,
    /// Several boxes under one `And`.
    #[error("an And may hold only one BBOX, as QGIS Server ignores others; use Intersects with an Envelope")]
    ManyBoxes,
    /// A feature id that is not `type.id`.
    #[error(
        "a feature id must have the form type.id, without a second dot, quotes, commas or control characters"
    )]
    FeatureId,
    /// Conditions nested too deeply.
    #[error("the filter is nested more than {MAX_FILTER_DEPTH} deep")]
    TooDeep,
    /// Too many elements.
    #[error("the filter has more than {MAX_FILTER_ELEMENTS} elements")]
    TooManyElements,
    /// Too many positions in its geometries.
    #[error("the geometries of the filter have more than {} positions together", MAX_POSITIONS)]
    TooManyPositions,
    /// A list of filters with unbalanced parentheses, or too many.
    #[error("each of several filters must stand in parentheses, at most {MAX_FILTER_ELEMENTS} of them")]
    List,
}
