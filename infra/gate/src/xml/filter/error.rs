//! Why a filter is not accepted.

use super::{MAX_FILTER_DEPTH, MAX_FILTER_ELEMENTS};
use crate::{
    xml::gml::{GmlError, MAX_POSITIONS},
    xml::tree::XmlError,
};

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
    #[error("the geometries of a filter may have at most {} positions together", MAX_POSITIONS)]
    TooManyPositions,
    /// Several filters in parentheses of which one is not a filter.
    #[error("several filters must each stand in parentheses")]
    List,
}
