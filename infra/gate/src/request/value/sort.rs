//! `SORTBY`: QGIS takes each entry for an expression, so that it is read as a field's name and written as one.

use crate::request::MAX_NAMES;

/// A field to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortKey {
    /// Its name: as the client wrote it, and the real one once the layer is known.
    pub field: String,
    /// Whether the largest comes first.
    pub descending: bool,
}

pub(super) fn keys(text: &str) -> Option<Vec<SortKey>> {
    let text = text.trim();
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let keys: Option<Vec<_>> = text.split(',').take(MAX_NAMES).map(|part| key(part.trim())).collect();
    keys.filter(|keys| keys.len() < MAX_NAMES)
}

/// `"field" DESC,"other"`.
pub(super) fn written(keys: &[SortKey]) -> String {
    let each = |key: &SortKey| format!("\"{}\" {}", key.field, if key.descending { "DESC" } else { "ASC" });
    keys.iter().map(each).collect::<Vec<_>>().join(",")
}

fn key(text: &str) -> Option<SortKey> {
    let (field, descending) = match text.rsplit_once(' ') {
        Some((field, order)) if order.eq_ignore_ascii_case("D") || order.eq_ignore_ascii_case("DESC") => {
            (field, true)
        }
        Some((field, order)) if order.eq_ignore_ascii_case("A") || order.eq_ignore_ascii_case("ASC") => {
            (field, false)
        }
        _ => (text, false),
    };
    let field = field.trim();
    let field = field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field);
    super::names::is_name(field).then(|| SortKey { field: field.to_owned(), descending })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_sorted_by_and_nothing_else() {
        assert_eq!(written(&keys("class").unwrap()), "\"class\" ASC");
        assert_eq!(written(&keys("date DESC,Zone Code A").unwrap()), "\"date\" DESC,\"Zone Code\" ASC");
        assert_eq!(written(&keys("name D").unwrap()), "\"name\" DESC");
        for text in ["", "a,,b", "hush LIKE 'pin%'", "file_size('x')", "\"a\"\"b\""] {
            assert_eq!(keys(text), None, "{text}");
        }
        // Not a field of any layer, so that it is refused when the layer is known.
        assert!(keys("0-num").is_some());
    }
}
