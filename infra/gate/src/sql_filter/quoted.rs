//! What may stand in quotes, and in the name of a layer.
//!
//! QGIS splits the value at every `;`, quotes or not. Its check splits a condition at spaces and joins words again from
//! one that begins with a quote to one that ends with it. Some versions take a value that holds `(<`, `<Filter` or `()`
//! anywhere for an OGC filter, so that the text of a string would be read as one. Some providers escape with `\`.

/// What no name and no string may hold.
fn holds_nothing_special(text: &str) -> bool {
    !text.contains(|character: char| character.is_control() || matches!(character, ';' | '<' | '\\'))
        && !text.contains("()")
}

/// Whether `name` may be that of a layer.
pub(super) fn is_layer(name: &str) -> bool {
    !name.is_empty()
        && name.trim() == name
        && !name.starts_with('(')
        && holds_nothing_special(name)
        && !name.contains(['\'', '"', ':', ','])
}

/// Whether `name` may be that of a field.
pub(super) fn is_field(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && holds_nothing_special(name) && !name.contains(['\'', '"'])
}

/// Why `text` may not be a string.
pub(super) fn text_refusal(text: &str) -> Option<&'static str> {
    if text.contains(';') {
        Some("holds a semicolon, at which QGIS cuts FILTER")
    } else if text.contains('\\') {
        Some("holds a backslash, which some data sources read as an escape")
    } else if !holds_nothing_special(text) {
        Some("holds <, () or a control character, which QGIS may take for another kind of filter")
    } else if text.starts_with(' ') || text.ends_with(' ') {
        Some("begins or ends with a space, which QGIS refuses; use LIKE with %")
    } else if text.split(' ').any(|word| word.starts_with('\'') || word.ends_with('\'')) {
        Some("has an apostrophe at its edge or beside a space, which QGIS refuses; use LIKE with _")
    } else {
        None
    }
}
