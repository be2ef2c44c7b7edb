//! `SELECTION`: features of layers by their ids, drawn as selected. QGIS puts the ids into an expression between quotes.

use std::collections::HashSet;

use super::names::is_layer_name;

const MAX_IDS: usize = 20_000;

pub(super) fn selection(text: &str) -> Option<String> {
    let mut layers = HashSet::new();
    let mut count = 0;
    let mut written = Vec::new();
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (layer, ids) = part.split_once(':')?;
        // A second colon is among the ids, where it is refused.
        if !is_layer_name(layer) || !layers.insert(layer) || !ids.split(',').all(is_id) {
            return None;
        }
        count += ids.split(',').count();
        written.push(part);
    }
    (count <= MAX_IDS).then(|| written.join(";"))
}

/// A primary key as text, several columns of which are joined by `@@`. Empty where nothing is selected.
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
    fn a_selection_is_ids_of_layers() {
        for text in ["zones:1,2", "zones:1,2;Road Centrelines:3", "zones:a@@1", "zones:"] {
            assert_eq!(selection(text).as_deref(), Some(text));
        }
        for text in ["zones", "zones:1;zones:2", "zones:1') OR ('1", "a:b:c", ":1", "zones:1\\"] {
            assert_eq!(selection(text), None, "{text}");
        }
    }

    #[test]
    fn three_thousand_ids_pass() {
        let ids: Vec<_> = (1_000_000..1_003_000).map(|id| id.to_string()).collect();
        assert!(selection(&format!("zones:{}", ids.join(","))).is_some());
    }
}
