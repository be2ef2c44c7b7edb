//! Names of layers, types, styles, properties and features.

use std::collections::HashSet;

use crate::request::MAX_NAMES;

/// Maximum size in bytes of a name.
const MAX_NAME: usize = 255;
const MAX_FEATURE_IDS: usize = 5_000;

/// Distinct layer names. The time for a map grows with the square of their number.
pub(super) fn layers(text: &str) -> Option<Vec<String>> {
    distinct(text.split(',').filter(|name| !name.is_empty()), is_layer_name)
}

/// Type names without namespace prefix, which QGIS removes in XML only.
pub(super) fn types(text: &str) -> Option<Vec<String>> {
    distinct(
        text.split(',')
            .filter(|name| !name.is_empty())
            .map(|name| name.rsplit_once(':').map_or(name, |(_, local)| local)),
        is_type_name,
    )
}

/// Style names; an empty one is the layer's default style.
pub(super) fn styles(text: &str) -> Option<Vec<String>> {
    let names: Vec<_> = text.split(',').take(MAX_NAMES + 1).collect();
    let fits = names.len() <= MAX_NAMES && names.iter().all(|name| name.is_empty() || is_name(name));
    fits.then(|| names.into_iter().map(str::to_owned).collect())
}

/// `type.id`. The id is QGIS's text for a primary key; the columns of a composite key are joined by `@@`.
pub(super) fn feature_ids(text: &str) -> Option<Vec<String>> {
    let names: Vec<_> = text.split(',').take(MAX_FEATURE_IDS + 1).collect();
    (names.len() <= MAX_FEATURE_IDS && names.iter().all(|name| is_feature_id(name)))
        .then(|| names.into_iter().map(str::to_owned).collect())
}

/// `a,b`, `(a,b)(c)` or `*`.
pub(super) fn properties(text: &str) -> Option<Vec<Vec<String>>> {
    let group = |text: &str| {
        let names: Option<Vec<_>> = text.split(',').map(str::trim).map(local_name).collect();
        distinct(names?.into_iter(), |name| name == "*" || is_name(name))
    };
    match text.trim().strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some(groups) => {
            let groups: Option<Vec<_>> = groups.split(")(").take(MAX_NAMES + 1).map(group).collect();
            groups.filter(|groups| groups.len() <= MAX_NAMES)
        }
        None => Some(vec![group(text)?]),
    }
}

pub(super) fn join_properties(groups: &[Vec<String>]) -> String {
    match groups {
        [one] => one.join(","),
        several => {
            let groups: Vec<_> = several.iter().map(|group| group.join(",")).collect();
            format!("({})", groups.join(")("))
        }
    }
}

/// Whether the layer's name holds a colon, by which QGIS may read it as a layer of an external server. Such a name must be
/// one that the catalogue publishes.
pub(crate) fn is_ambiguous(layer: &str) -> bool {
    layer.contains(':')
}

/// Whether a text may be a name: neither empty nor too long, without control characters and separators of lists.
pub(super) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && !text
            .chars()
            .any(|c| c.is_control() || matches!(c, ',' | ';' | '(' | ')' | '"' | '\'' | '\\' | '<' | '>'))
}

/// Whether a text may be the name of a layer in a list.
pub(super) fn is_layer_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(|c| c.is_control() || matches!(c, ',' | ';'))
}

fn is_type_name(text: &str) -> bool {
    is_name(text) && !text.contains([':', '*'])
}

fn is_feature_id(text: &str) -> bool {
    let Some((name, id)) = text.rsplit_once('.') else { return false };
    is_type_name(name)
        && (1..=MAX_NAME).contains(&id.len())
        && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | ':' | '-'))
}

/// A property's name without namespace prefix and type. `None` if something else stands before it.
fn local_name(name: &str) -> Option<&str> {
    let start = name.rfind([':', '/']).map_or(0, |at| at + 1);
    let (prefix, name) = name.split_at(start);
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
    // QGIS trims the name.
    prefix.chars().all(fits).then(|| name.trim())
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>, fits: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let names: Vec<_> = names.take(MAX_NAMES + 1).collect();
    let seen: HashSet<_> = names.iter().collect();
    let is_valid = !names.is_empty() && names.len() <= MAX_NAMES && seen.len() == names.len();
    (is_valid && names.iter().all(|name| fits(name))).then(|| names.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_distinct() {
        assert_eq!(layers("zones,Road Centrelines,Bäume").unwrap().len(), 3);
        assert_eq!(layers("Lot 1 (old),O'Brien").unwrap().len(), 2);
        assert!(is_ambiguous("EXTERNAL_WMS:x") && !is_ambiguous("zones"));
        for text in ["", ",", "a,a", "a\nb", &"a,".repeat(201)] {
            assert_eq!(layers(text), None, "{text}");
        }
        assert_eq!(layers(&(0..201).map(|n| n.to_string()).collect::<Vec<_>>().join(",")), None);
    }

    #[test]
    fn removes_the_prefix_of_types() {
        assert_eq!(
            types("qgs:zones,feature:Road_Centrelines"),
            Some(vec!["zones".into(), "Road_Centrelines".into()])
        );
        assert_eq!(types("qgs:zones,zones"), None);
        assert_eq!(types("*"), None);
    }

    #[test]
    fn styles_may_be_empty() {
        assert_eq!(styles(",,").unwrap().len(), 3);
        assert_eq!(styles("second style,").unwrap(), ["second style", ""]);
        assert_eq!(styles(&",".repeat(200)), None);
    }

    #[test]
    fn reads_groups_of_properties() {
        assert_eq!(properties("name,Zone_Code").unwrap(), [["name", "Zone_Code"]]);
        assert_eq!(properties("(name)").unwrap(), [["name"]]);
        assert_eq!(properties("(a,b)(c)").unwrap(), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(properties("qgs:zones/qgs:name").unwrap(), [["name"]]);
        assert_eq!(properties("*").unwrap(), [["*"]]);
        assert_eq!(join_properties(&properties("(a,b)(c)").unwrap()), "(a,b)(c)");
        for text in ["", "a,", "a,a", "(a", "a'b", "<ogc:a", "a(b:c"] {
            assert_eq!(properties(text), None, "{text}");
        }
    }

    #[test]
    fn removes_prefix_and_spaces_of_properties() {
        assert_eq!(properties("qgs:  name, title ").unwrap(), [["name", "title"]]);
        assert_eq!(properties("name,qgs: name"), None, "a repeated name");
        assert_eq!(properties("qgs:  "), None);
        assert_eq!(properties(&"(a)".repeat(MAX_NAMES)).unwrap().len(), MAX_NAMES);
        assert_eq!(
            properties(&"(a)".repeat(MAX_NAMES + 1)),
            None,
            "dropping a group would change the request"
        );
    }

    #[test]
    fn feature_ids_hold_their_type() {
        assert!(feature_ids("zones.1,zones.2").is_some() && feature_ids("a.b.1@@2").is_some());
        for text in ["zones", "zones.", ".1", "zones.1'", "zones.1 or 1", "zones.1,"] {
            assert_eq!(feature_ids(text), None, "{text}");
        }
    }
}
