//! `SORTBY`. QGIS evaluates each entry as an expression, so only names of fields are read, and written in quotes.

use crate::{request::MAX_NAMES, xml::get_feature::SortField};

pub(super) fn fields(text: &str) -> Option<Vec<SortField>> {
    let text = text.trim();
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let fields: Option<Vec<_>> =
        text.split(',').take(MAX_NAMES).map(|part| sort_field(part.trim())).collect();
    fields.filter(|fields| fields.len() < MAX_NAMES)
}

/// `"field" DESC,"other"`.
pub(super) fn to_text(fields: &[SortField]) -> String {
    let each =
        |sort: &SortField| format!("\"{}\" {}", sort.field, if sort.is_descending { "DESC" } else { "ASC" });
    fields.iter().map(each).collect::<Vec<_>>().join(",")
}

fn sort_field(text: &str) -> Option<SortField> {
    let (field, is_descending) = match text.rsplit_once(' ') {
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
    super::names::is_name(field).then(|| SortField { field: field.to_owned(), is_descending })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_by_fields_only() {
        assert_eq!(to_text(&fields("class").unwrap()), "\"class\" ASC");
        assert_eq!(to_text(&fields("date DESC,Zone Code A").unwrap()), "\"date\" DESC,\"Zone Code\" ASC");
        assert_eq!(to_text(&fields("name D").unwrap()), "\"name\" DESC");
        for text in ["", "a,,b", "hush LIKE 'pin%'", "file_size('x')", "\"a\"\"b\""] {
            assert_eq!(fields(text), None, "{text}");
        }
        // Refused once the layer is known, as no layer has such a field.
        assert!(fields("0-num").is_some());
    }
}
