//! Why a filter is refused.

use thiserror::Error;

/// Why a `FILTER` of WMS is not let through. Positions are bytes from the condition's beginning.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SqlFilterError {
    /// The value is too long, or would be when one condition is written for each of its layers.
    #[error("FILTER is longer than {allowed} bytes")]
    Length {
        /// Bytes allowed.
        allowed: usize,
    },
    /// The value begins with `<` or `(`.
    #[error("FILTER is an OGC filter; write layer:condition, such as layer:\"field\" = 'value'")]
    OgcFilter,
    /// A part without a colon, or a semicolon before it.
    #[error("FILTER has a part without a colon between the layer's name and the condition")]
    Colon,
    /// A layer's name that QGIS would cut or take for something else.
    #[error(
        "FILTER names a layer whose name is empty or holds a quote, a backslash, <, () or a control character"
    )]
    LayerName,
    /// A layer twice.
    #[error("FILTER has two conditions for one layer; join them with AND")]
    Repeated,
    /// Too many layers.
    #[error("FILTER names more than {allowed} layers")]
    Layers {
        /// The number allowed.
        allowed: usize,
    },
    /// The grammar wants something else.
    #[error(
        "FILTER has no {expected} at byte {at} of a condition; a condition is made of \"field\" = 'value', <, <=, >, >=, \
         !=, IN, LIKE, ILIKE, IS NULL, BETWEEN, AND, OR, NOT and brackets"
    )]
    Expected {
        /// What the grammar wants.
        expected: &'static str,
        /// Where.
        at: usize,
    },
    /// A character that begins no token.
    #[error("FILTER has a character at byte {at} of a condition that is not understood")]
    Character {
        /// Where.
        at: usize,
    },
    /// A string or field without its end.
    #[error("the quote at byte {at} of a condition in FILTER is never closed")]
    Unterminated {
        /// Where it opens.
        at: usize,
    },
    /// A string that QGIS's own check refuses or cuts, or that some provider reads otherwise.
    #[error("the string at byte {at} of a condition in FILTER {rule}")]
    Text {
        /// Where it opens.
        at: usize,
        /// What QGIS cannot take.
        rule: &'static str,
    },
    /// A field's name that QGIS's own check refuses or cuts.
    #[error(
        "FILTER names a field whose name is empty, begins or ends with a space or holds a quote, a backslash, ;, <, () or \
         a control character; QGIS takes no such name in FILTER"
    )]
    FieldName,
    /// A number that is too long or not finite, or runs into a name.
    #[error(
        "the number at byte {at} of a condition in FILTER is too long, not finite or not set off from what follows"
    )]
    Number {
        /// Where.
        at: usize,
    },
    /// Brackets and NOT within each other.
    #[error("FILTER nests more than {allowed} brackets and NOT")]
    Nested {
        /// The depth allowed.
        allowed: usize,
    },
    /// Too many comparisons, or too long a list.
    #[error(
        "FILTER has more than {allowed} comparisons or list items in a condition; write many values of a field as IN"
    )]
    Long {
        /// The number allowed.
        allowed: usize,
    },
    /// A field that is not published.
    #[error("FILTER names a field that the layer does not publish")]
    Field,
}
