//! Names as WFS publishes them, with different rules for layers and fields. Tested with QGIS Server 3.22.

/// Returns the name that WFS publishes for the field `name`: spaces become `_`, and all but letters, digits, `_`, `.` and
/// `-` are removed (`Last Checked` becomes `Last_Checked`, `p:q` becomes `pq`, `Area m²` becomes `Area_m²`).
pub fn field_name(name: &str) -> String {
    let is_kept = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-');
    name.chars()
        .map(|letter| if letter == ' ' { '_' } else { letter })
        .filter(|letter| is_kept(*letter))
        .collect()
}

/// Returns the type name that WFS publishes for the layer `name` (its short name if it has one): spaces become `_` and
/// colons `-` (`a:b c` becomes `a-b_c`).
pub fn type_name(name: &str) -> String {
    name.replace(' ', "_").replace(':', "-")
}

/// Whether `name` is valid as an element's name without a prefix (XML 1.0 §2.3 `NameStartChar` and `NameChar`, without
/// `:`). In an Insert, the name of an element is the literal name of a field.
pub fn is_element_name(name: &str) -> bool {
    let is_start = |letter: char| {
        matches!(letter,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
    };
    let is_inside = |letter: char| {
        is_start(letter)
            || matches!(letter, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
    };
    let mut letters = name.chars();
    letters.next().is_some_and(is_start) && letters.all(is_inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishes_names_like_qgis_3_22() {
        for (name, published) in [
            ("name", "name"),
            ("Last Checked", "Last_Checked"),
            ("población", "población"),
            ("Area m²", "Area_m²"),
            ("a b", "a_b"),
            ("x-y", "x-y"),
            ("1st", "1st"),
            ("p:q", "pq"),
            ("l_Extra Word", "l_Extra_Word"),
        ] {
            assert_eq!(field_name(name), published);
        }
        assert_eq!(type_name("a:b c"), "a-b_c");
    }

    #[test]
    fn recognises_valid_element_names() {
        for name in ["name", "a_b", "x-y", "población", "_1"] {
            assert!(is_element_name(name), "{name}");
        }
        for name in ["", "1st", "Last Checked", "Area m²", "p:q", "-a", "a/b", "a>b", "a\0"] {
            assert!(!is_element_name(name), "{name}");
        }
    }
}
