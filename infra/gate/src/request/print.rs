//! The parameters of GetPrint whose names vary: those of a layout's maps, by number, and its texts, by id.

use super::{RequestRefusal, operation::Parameter, value::Value};

/// Maximum number of maps of a layout.
const MAX_MAPS: u8 = 20;
/// Maximum size in bytes of a layout's text.
const MAX_TEXT: usize = 2_000;

/// A key `MAPn:NAME`. In other operations QGIS prefers it to the plain parameter, so only GetPrint has them in its list.
pub(super) struct MapKey {
    number: u8,
    general: String,
}

impl MapKey {
    pub(super) fn parse(key: &str) -> Option<Self> {
        let (number, name) = key.strip_prefix("MAP")?.split_once(':')?;
        let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| number.parse().ok()).flatten().filter(|number| *number < MAX_MAPS)?;
        Some(Self { number, general: format!("MAPn:{name}") })
    }

    /// The key in the table.
    pub(super) fn general(&self) -> &str {
        &self.general
    }

    /// The key as QGIS expects it.
    pub(super) fn qgis_key(&self, parameter: &Parameter) -> String {
        parameter.name.replacen("MAPn", &format!("MAP{}", self.number), 1)
    }
}

/// Parses the text of a layout's label. QGIS evaluates `[% … %]` in it, an HTML label runs its scripts, and an HTML frame
/// loads it as an address: all of these are refused.
pub(super) fn print_text(key: &str, text: &str) -> Result<Value, RequestRefusal> {
    let is_plain = text.len() <= MAX_TEXT
        && !text.chars().any(char::is_control)
        && !["<", "[%", "://"].iter().any(|mark| text.contains(mark))
        && !text.to_ascii_lowercase().contains("file:")
        && !text.trim_start().starts_with(['/', '\\']);
    if is_plain {
        Ok(Value::Text(text.to_owned()))
    } else {
        Err(RequestRefusal::value(
            key,
            &"one line of at most 2,000 bytes that does not begin with a slash or backslash and holds no <, [%, :// or file:",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_numbered() {
        assert_eq!(MapKey::parse("MAP0:EXTENT").unwrap().general(), "MAPn:EXTENT");
        assert_eq!(MapKey::parse("MAP19:LAYERS").unwrap().number, 19);
        for key in ["MAP", "MAP:EXTENT", "MAP20:EXTENT", "MAP+1:EXTENT", "MAP001:EXTENT", "XMAP0:EXTENT"] {
            assert!(MapKey::parse(key).is_none(), "{key}");
        }
        // A second colon stays in the name, which is in no table.
        assert_eq!(MapKey::parse("MAP0:::LAYERS").unwrap().general(), "MAPn:::LAYERS");
    }

    #[test]
    fn refuses_texts_that_a_layout_would_evaluate_or_load() {
        assert!(print_text("TITLE", "Flood study, sheet 1/3: draft (50 %)").is_ok());
        for text in [
            "<b>",
            "[% env('x') %]",
            "https://trap.example",
            "FILE:x",
            "/etc/passwd",
            "\\\\host\\share",
            "a\nb",
        ] {
            assert!(print_text("TITLE", text).is_err(), "{text}");
        }
    }
}
