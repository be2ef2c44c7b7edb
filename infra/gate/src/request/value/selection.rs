//! `SELECTION`: ids of features that are drawn as selected. QGIS puts each id between quotes into an expression.

use std::collections::HashSet;

use super::names::is_layer_name;

const MAX_IDS: usize = 20_000;

pub(super) fn selection(text: &str) -> Option<String> {
    let mut layers = HashSet::new();
    let mut count = 0;
    let mut written = Vec::new();
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (layer, ids) = part.split_once(':')?;
        // A second colon is part of an id, and refused there.
        if !is_layer_name(layer) || !layers.insert(layer) || !ids.split(',').all(is_id) {
            return None;
        }
        count += ids.split(',').count();
        written.push(part);
    }
    (count <= MAX_IDS).then(|| written.join(";"))
}

/// Whether `id` is a primary key as text, the columns of a composite key joined by `@@`. Empty selects nothing.
fn is_id(id: &str) -> bool {
    id.len() <= 200
        && id
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '@' | '-' | '.' | '/' | '{' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_lists_ids_by_layer() {
        for text in ["zones:1,2", "zones:1,2;Road Centrelines:3", "zones:a@@1", "zones:"] {
            assert_eq!(selection(text).as_deref(), Some(text));
        }
        for text in ["zones", "zones:1;zones:2", "zones:1') OR ('1", "a:b:c", ":1", "zones:1\\"] {
            assert_eq!(selection(text), None, "{text}");
        }
    }

    #[test]
    fn accepts_three_thousand_ids() {
        let ids: Vec<_> = (1_000_000..1_003_000).map(|id| id.to_string()).collect();
        assert!(selection(&format!("zones:{}", ids.join(","))).is_some());
    }
}
