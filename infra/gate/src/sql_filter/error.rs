//! Why a `FILTER` of WMS is refused.

use thiserror::Error;

/// Why a `FILTER` of WMS is refused. Texts never repeat a value. Numbers are limits, or positions in
/// bytes from the beginning of a condition.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SqlFilterError {
    /// The value is too long, or would be once a condition is written for each of its layers.
    #[error("the filter is longer than {0} bytes")]
    Length(usize),
    /// The value begins with `<` or `(`.
    #[error("OGC filters are not allowed here; write layer:condition, such as layer:\"field\" = 'value'")]
    OgcFilter,
    /// A part without a colon, or a semicolon before it.
    #[error("a colon must stand between the name of the layer and the condition")]
    Colon,
    /// The name of a layer that QGIS would split or misread.
    #[error("the name of a layer is empty or holds a quote, a backslash, <, () or a control character")]
    LayerName,
    /// A repeated layer.
    #[error("a layer has two conditions; join them with AND")]
    Repeated,
    /// Too many layers.
    #[error("the filter names more than {0} layers")]
    Layers(usize),
    /// Something else than the grammar demands.
    #[error(
        "expected {expected} at byte {at} of a condition; conditions consist of \"field\" = 'value', <, <=, >, >=, !=, IN, \
         LIKE, ILIKE, IS NULL, BETWEEN, AND, OR, NOT and brackets"
    )]
    Expected {
        /// What the grammar demands.
        expected: &'static str,
        /// Its position.
        at: usize,
    },
    /// A character that begins no token.
    #[error("unexpected character at byte {0} of a condition")]
    Character(usize),
    /// A string or field without its end.
    #[error("the quote at byte {0} of a condition is never closed")]
    Unterminated(usize),
    /// A string that QGIS's own check refuses or splits, or that a provider reads differently.
    #[error("the string at byte {at} of a condition {rule}")]
    Text {
        /// Where it opens.
        at: usize,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// The name of a field that QGIS's own check refuses or splits.
    #[error(
        "QGIS cannot filter by a field whose name is empty, begins or ends with a space, or holds a quote, a backslash, ;, <, \
         () or a control character"
    )]
    FieldName,
    /// A number that is too long or not finite, or runs into a name.
    #[error("the number at byte {0} of a condition is too long, not finite or runs into what follows it")]
    Number(usize),
    /// Brackets and NOT nested too deeply.
    #[error("brackets and NOT are nested more than {0} deep")]
    Nested(usize),
    /// Too many comparisons, or too long a list.
    #[error("a condition has more than {0} comparisons or list items; write many values of one field as IN")]
    Long(usize),
    /// A field that is not published.
    #[error("the filter names a field that the layer does not publish")]
    Field,
}
