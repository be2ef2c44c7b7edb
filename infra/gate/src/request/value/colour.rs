//! Colours.

/// `0xrrggbb`, `#rrggbb`, with two more digits for opacity, or a name.
pub(crate) fn colour(text: &str) -> Option<String> {
    let text = text.trim();
    let digits =
        text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).or_else(|| text.strip_prefix('#'));
    if let Some(digits) = digits {
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        (matches!(digits.len(), 6 | 8) && is_hex).then(|| format!("#{}", digits.to_ascii_lowercase()))
    } else {
        let is_word = (3..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_word.then(|| text.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_digits_or_a_name() {
        assert_eq!(colour("0xFFFFFF").as_deref(), Some("#ffffff"));
        assert_eq!(colour("#FF000080").as_deref(), Some("#ff000080"));
        assert_eq!(colour("Red").as_deref(), Some("red"));
        for text in ["", "#fff0", "0xGG0000", "url(x)", "rgb(1,2,3)", "a b"] {
            assert_eq!(colour(text), None, "{text}");
        }
    }
}
