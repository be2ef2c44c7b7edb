//! Which strings, fields and names of layers are allowed.
//!
//! QGIS splits the value at every `;`, even in quotes. Its check splits a condition at spaces, and joins words from one that
//! begins with a quote to one that ends with it. Some versions read a value that holds `(<`, `<Filter` or `()` anywhere,
//! even in a string, as an OGC filter. Some providers escape with `\`.

/// Whether `text` holds nothing that is forbidden in all names and strings.
fn is_plain(text: &str) -> bool {
    !text.contains(|character: char| character.is_control() || matches!(character, ';' | '<' | '\\'))
        && !text.contains("()")
}

/// Whether `name` is allowed for a layer.
pub(super) fn is_layer(name: &str) -> bool {
    !name.is_empty()
        && name.trim() == name
        && !name.starts_with('(')
        && is_plain(name)
        && !name.contains(['\'', '"', ':', ','])
}

/// Whether `name` is allowed for a field.
pub(super) fn is_field(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && is_plain(name) && !name.contains(['\'', '"'])
}

/// Why `text` is not allowed as a string, if it is not.
pub(super) fn text_refusal(text: &str) -> Option<&'static str> {
    if text.contains(';') {
        Some("holds a semicolon, at which QGIS splits FILTER")
    } else if text.contains('\\') {
        Some("holds a backslash, which some data sources read as an escape")
    } else if !is_plain(text) {
        Some("holds <, () or a control character, which QGIS may misread as an OGC filter")
    } else if text.starts_with(' ') || text.ends_with(' ') {
        Some("begins or ends with a space, which QGIS refuses; use LIKE with %")
    } else if text.split(' ').any(|word| word.starts_with('\'') || word.ends_with('\'')) {
        Some(
            "has an apostrophe at the beginning, the end or beside a space, which QGIS refuses; use LIKE with _",
        )
    } else {
        None
    }
}
