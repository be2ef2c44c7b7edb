//! Values of `TIME` and other dimensions: dates, times, intervals and lists. QGIS compares them with a field of the layer.

const MAX_BYTES: usize = 500;

pub(super) fn times(text: &str) -> Option<String> {
    let fits =
        |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | 'P' | ':' | '.' | '+' | '-' | '/' | ',');
    let text = text.trim();
    (!text.is_empty() && text.len() <= MAX_BYTES && text.chars().all(fits)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_digits_and_separators() {
        for text in [
            "2026-01-01",
            "2026-01-02T/2026-01-03T",
            "2026-01-01T/..",
            "2026-01-01T10:00:00Z,2026-02-01",
            "12.5",
        ] {
            assert_eq!(times(text).as_deref(), Some(text));
        }
        for text in ["", "now'", "2026 OR 1", "a"] {
            assert_eq!(times(text), None, "{text}");
        }
    }
}
