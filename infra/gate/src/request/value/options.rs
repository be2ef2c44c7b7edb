//! Booleans, choices, words and format options.

use super::number::integer;

pub(super) fn boolean(text: &str) -> Option<String> {
    let is = |name: &str| text.trim().eq_ignore_ascii_case(name);
    if is("true") || is("1") {
        Some("TRUE".into())
    } else if is("false") || is("0") {
        Some("FALSE".into())
    } else {
        None
    }
}

pub(super) fn choice(text: &str, choices: &[(&str, &str)]) -> Option<String> {
    let text = text.trim();
    let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text))?;
    Some(found.1.to_owned())
}

pub(super) fn word(text: &str, max: usize) -> Option<String> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | ':' | '/' | ',');
    (text.len() <= max && text.chars().all(fits)).then(|| text.to_owned())
}

pub(super) fn label(text: &str) -> Option<String> {
    (text.len() <= 200 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The options of a DXF export; empty for `dpi:n` alone.
pub(super) fn format_options(text: &str) -> Option<String> {
    let mut written = Vec::new();
    for option in text.split(';').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once(':')?;
        match name.to_ascii_uppercase().as_str() {
            "DPI" => drop(integer(value, 1, 1_200)?),
            "SCALE" => written.push(format!("SCALE:{}", integer(value, 1, 1_000_000_000)?)),
            "MODE" => {
                let modes = ["NOSYMBOLOGY", "FEATURESYMBOLOGY", "SYMBOLLAYERSYMBOLOGY"];
                let mode = modes.into_iter().find(|mode| mode.eq_ignore_ascii_case(value))?;
                written.push(format!("MODE:{mode}"));
            }
            name @ ("USE_TITLE_AS_LAYERNAME" | "NO_MTEXT" | "FORCE_2D") => {
                written.push(format!("{name}:{}", boolean(value)?));
            }
            _ => return None,
        }
    }
    Some(written.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_unknown_format_options() {
        assert_eq!(format_options("dpi:100"), Some(String::new()));
        assert_eq!(
            format_options("MODE:SYMBOLLAYERSYMBOLOGY;SCALE:25000").as_deref(),
            Some("MODE:SYMBOLLAYERSYMBOLOGY;SCALE:25000")
        );
        for text in
            ["LAYERATTRIBUTES:hush", "CODEC:UTF-8", "MODE:X", "dpi:x", "x", "SCALE:1;LAYERATTRIBUTES:a"]
        {
            assert_eq!(format_options(text), None, "{text}");
        }
    }

    #[test]
    fn booleans_have_four_spellings() {
        assert_eq!(boolean("True").as_deref(), Some("TRUE"));
        assert_eq!(boolean("0").as_deref(), Some("FALSE"));
        assert_eq!(boolean("banana"), None);
    }
}
