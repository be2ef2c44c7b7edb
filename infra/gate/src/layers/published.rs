//! Names as WFS publishes them. Tried on QGIS Server 3.22, where layer and field names follow different rules.

/// The name that WFS publishes for the field `name`: spaces are `_`, and only letters, digits, `_`, `.` and `-` are kept
/// (`Last Checked` is `Last_Checked`, `p:q` is `pq`, `Area m²` is `Area_m²`).
pub fn field_name(name: &str) -> String {
    let is_kept = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-');
    name.chars()
        .map(|letter| if letter == ' ' { '_' } else { letter })
        .filter(|letter| is_kept(*letter))
        .collect()
}

/// The type name that WFS publishes for the layer `name`, which is its short name where it has one: spaces are `_`, colons
/// are `-` (`a:b c` is `a-b_c`).
pub fn type_name(name: &str) -> String {
    name.replace(' ', "_").replace(':', "-")
}

/// Whether `name` can stand as an element's name without a prefix (XML 1.0 §2.3 `NameStartChar` and `NameChar`, without
/// `:`). An Insert names a field by an element, and QGIS reads it literally.
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
    fn fields_are_published_as_qgis_3_22_does() {
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
    fn an_element_can_have_only_some_names() {
        for name in ["name", "a_b", "x-y", "población", "_1"] {
            assert!(is_element_name(name), "{name}");
        }
        for name in ["", "1st", "Last Checked", "Area m²", "p:q", "-a", "a/b", "a>b", "a\0"] {
            assert!(!is_element_name(name), "{name}");
        }
    }
}
