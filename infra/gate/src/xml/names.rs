//! Names as clients and QGIS write them.

/// The longest name of an element, a type or a field, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// True for a name without a colon that both XML 1.0 and the parser of QGIS (Qt 5) take as an element's name: letters,
/// `_`, then also digits, `-` and `.`. Characters outside the basic multilingual plane, which Qt refuses, are left out.
pub fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    let is_letter =
        |character: char| character == '_' || (character.is_alphabetic() && character <= '\u{ffff}');
    text.len() <= MAX_NAME_BYTES
        && characters.next().is_some_and(is_letter)
        && characters
            .all(|character| is_letter(character) || matches!(character, '0'..='9' | '-' | '.' | '\u{b7}'))
}

/// The part before the first colon, if there is one, and the rest.
pub fn split_prefix(name: &str) -> (Option<&str>, &str) {
    name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local))
}

/// The name of a type (`typeName`, `TypeName`) without its prefix, or `None` when it is none.
///
/// QGIS takes what stands between the first and the second colon; a name with two is therefore refused. Published names
/// have no spaces: QGIS writes `_` for them, and WFS 2.0 separates names by them.
pub fn type_name(text: &str) -> Option<&str> {
    let (prefix, local) = split_prefix(text.trim());
    (is_one_name(local) && !local.contains(' ') && prefix.is_none_or(is_name)).then_some(local)
}

/// The name of a property without its prefix and the path `type/` before it, or `None` when it is none.
pub fn property_name(text: &str) -> Option<&str> {
    let (prefix, local) = split_prefix(text.trim());
    let local = local.rsplit_once('/').map_or(local, |(_, last)| split_prefix(last).1);
    (is_one_name(local) && prefix.is_none_or(is_one_name)).then_some(local)
}

/// True for one name as layers and fields have them: no separator of names, paths or lists, no control character.
fn is_one_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NAME_BYTES
        && !text
            .chars()
            .any(|character| character.is_control() || matches!(character, ':' | '/' | ',' | '<' | '>' | '"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_elements_are_letters_then_digits() {
        for good in ["a", "_", "población", "Höhe", "a-b.c", "a1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "1", "a b", "a:b", "Area_m²", "😀", "a<", &"a".repeat(257)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn prefixes_and_paths_are_cut() {
        assert_eq!(type_name("feature:assets"), Some("assets"));
        assert_eq!(type_name(" Road_Centrelines "), Some("Road_Centrelines"));
        assert_eq!(property_name("qgs:name"), Some("name"));
        assert_eq!(property_name("zones/name"), Some("name"));
        assert_eq!(property_name("qgs:zones/qgs:Zone Code"), Some("Zone Code"));
        for bad in ["", " ", "a:", ":a", "a:b:c", "a,b", "a\nb", "a/b", "1:a", "a b"] {
            assert_eq!(type_name(bad), None, "{bad}");
        }
        for bad in ["", "a/", "a:", "a:b:c", "a\u{7f}b", "\"a\""] {
            assert_eq!(property_name(bad), None, "{bad}");
        }
    }
}
