//! Names of layers, types, styles, properties and features.

use std::collections::HashSet;

use crate::request::MAX_NAMES;

const MAX_NAME: usize = 255;
const MAX_FEATURE_IDS: usize = 5_000;

/// Layer names: none empty, none twice. The work of a map grows with the square of their number.
pub(super) fn layers(text: &str) -> Option<Vec<String>> {
    distinct(text.split(',').filter(|name| !name.is_empty()), is_layer_name)
}

/// Type names, a namespace prefix cut off: QGIS cuts it in XML alone.
pub(super) fn types(text: &str) -> Option<Vec<String>> {
    distinct(
        text.split(',')
            .filter(|name| !name.is_empty())
            .map(|name| name.rsplit_once(':').map_or(name, |(_, local)| local)),
        is_type_name,
    )
}

/// Style names, as many as there are commas: an empty one is the layer's own.
pub(super) fn styles(text: &str) -> Option<Vec<String>> {
    let names: Vec<_> = text.split(',').take(MAX_NAMES + 1).collect();
    let fits = names.len() <= MAX_NAMES && names.iter().all(|name| name.is_empty() || is_name(name));
    fits.then(|| names.into_iter().map(str::to_owned).collect())
}

/// `type.id`, with the id that QGIS made of a primary key, several columns of which are joined by `@@`.
pub(super) fn feature_ids(text: &str) -> Option<Vec<String>> {
    let names: Vec<_> = text.split(',').take(MAX_FEATURE_IDS + 1).collect();
    (names.len() <= MAX_FEATURE_IDS && names.iter().all(|name| is_feature_id(name)))
        .then(|| names.into_iter().map(str::to_owned).collect())
}

/// `a,b`, `(a,b)(c)` or `*`.
pub(super) fn properties(text: &str) -> Option<Vec<Vec<String>>> {
    let group = |text: &str| {
        let names: Option<Vec<_>> = text.split(',').map(str::trim).map(bare).collect();
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

pub(super) fn written_properties(groups: &[Vec<String>]) -> String {
    match groups {
        [one] => one.join(","),
        several => {
            let groups: Vec<_> = several.iter().map(|group| group.join(",")).collect();
            format!("({})", groups.join(")("))
        }
    }
}

/// Whether a name of a layer holds the colon that could make it a layer of an external server: then it must be one that the
/// catalogue publishes.
pub(crate) fn is_ambiguous(layer: &str) -> bool {
    layer.contains(':')
}

/// Whether a text is a name of anything: not empty, not long, without control characters and separators of lists.
pub(super) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && !text
            .chars()
            .any(|c| c.is_control() || matches!(c, ',' | ';' | '(' | ')' | '"' | '\'' | '\\' | '<' | '>'))
}

/// A layer's name as it may stand in a list.
pub(super) fn is_layer_name(text: &str) -> bool {
    let is_long = text.len() > MAX_NAME;
    !text.is_empty() && !is_long && !text.chars().any(|c| c.is_control() || matches!(c, ',' | ';'))
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

/// A property's name without namespace prefix and type; nothing where what is cut off is neither.
fn bare(name: &str) -> Option<&str> {
    let start = name.rfind([':', '/']).map_or(0, |at| at + 1);
    let (cut, name) = name.split_at(start);
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
    // A name that QGIS trims is written as it reads it.
    cut.chars().all(fits).then(|| name.trim())
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>, fits: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let names: Vec<_> = names.take(MAX_NAMES + 1).collect();
    let seen: HashSet<_> = names.iter().collect();
    let is_sound = !names.is_empty() && names.len() <= MAX_NAMES && seen.len() == names.len();
    (is_sound && names.iter().all(|name| fits(name))).then(|| names.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_named_once_each() {
        assert_eq!(layers("zones,Road Centrelines,Bäume").unwrap().len(), 3);
        assert_eq!(layers("Lot 1 (old),O'Brien").unwrap().len(), 2);
        assert!(is_ambiguous("EXTERNAL_WMS:x") && !is_ambiguous("zones"));
        for text in ["", ",", "a,a", "a\nb", &"a,".repeat(201)] {
            assert_eq!(layers(text), None, "{text}");
        }
        assert_eq!(layers(&(0..201).map(|n| n.to_string()).collect::<Vec<_>>().join(",")), None);
    }

    #[test]
    fn types_lose_their_prefix() {
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
    fn properties_come_in_groups() {
        assert_eq!(properties("name,Zone_Code").unwrap(), [["name", "Zone_Code"]]);
        assert_eq!(properties("(name)").unwrap(), [["name"]]);
        assert_eq!(properties("(a,b)(c)").unwrap(), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(properties("qgs:zones/qgs:name").unwrap(), [["name"]]);
        assert_eq!(properties("*").unwrap(), [["*"]]);
        assert_eq!(written_properties(&properties("(a,b)(c)").unwrap()), "(a,b)(c)");
        for text in ["", "a,", "a,a", "(a", "a'b", "<ogc:a", "a(b:c"] {
            assert_eq!(properties(text), None, "{text}");
        }
    }

    #[test]
    fn a_property_loses_prefix_and_blanks() {
        assert_eq!(properties("qgs:  name, title ").unwrap(), [["name", "title"]]);
        assert_eq!(properties("name,qgs: name"), None, "one name twice");
        assert_eq!(properties("qgs:  "), None);
        assert_eq!(properties(&"(a)".repeat(MAX_NAMES)).unwrap().len(), MAX_NAMES);
        assert_eq!(
            properties(&"(a)".repeat(MAX_NAMES + 1)),
            None,
            "a group that was dropped would be another request"
        );
    }

    #[test]
    fn feature_ids_name_their_type() {
        assert!(feature_ids("zones.1,zones.2").is_some() && feature_ids("a.b.1@@2").is_some());
        for text in ["zones", "zones.", ".1", "zones.1'", "zones.1 or 1", "zones.1,"] {
            assert_eq!(feature_ids(text), None, "{text}");
        }
    }
}
