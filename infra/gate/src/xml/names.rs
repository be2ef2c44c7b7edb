//! Names of elements, types and properties.

/// Maximum size in bytes of the name of an element, a type or a field.
pub const MAX_NAME_BYTES: usize = 256;

/// Whether both XML 1.0 and QGIS's parser (Qt 5) accept `text` as the name of an element without prefix: a letter or `_`,
/// then also digits, `-` and `.`. Qt refuses characters outside the basic multilingual plane.
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

/// The name of a type without its prefix; `None` if it is not one name.
///
/// QGIS reads what stands between the first and the second colon, so a name with two is refused. Published names have no
/// spaces: QGIS replaces them by `_`, and WFS 2.0 separates names by them.
pub fn type_name(text: &str) -> Option<&str> {
    let (prefix, local) = split_prefix(text.trim());
    (is_one_name(local) && !local.contains(' ') && prefix.is_none_or(is_name)).then_some(local)
}

/// The name of a property without its prefix and a leading path `type/`; `None` if it is not one name.
pub fn property_name(text: &str) -> Option<&str> {
    let (prefix, local) = split_prefix(text.trim());
    let local = local.rsplit_once('/').map_or(local, |(_, last)| split_prefix(last).1);
    (is_one_name(local) && prefix.is_none_or(is_one_name)).then_some(local)
}

/// Whether `text` may be the name of a layer or field: no separator of names, paths or lists, no control character.
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
    fn names_of_elements_begin_with_a_letter() {
        for good in ["a", "_", "población", "Höhe", "a-b.c", "a1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "1", "a b", "a:b", "Area_m²", "😀", "a<", &"a".repeat(257)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn removes_prefixes_and_paths() {
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
