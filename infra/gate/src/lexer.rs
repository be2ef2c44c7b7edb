//! What the readers of expressions, filters and well-known text share.

/// Maximum length of a number in characters. A double holds fewer digits than this.
const MAX_NUMBER: usize = 40;

/// The length in bytes of the number at the beginning of `text`: `1`, `1.5`, `.5`, `1e5`, `1.5E-3`, without a sign. `None` if
/// there is none, or if it is too long, not finite or runs into what follows it.
pub(crate) fn number_length(text: &str) -> Option<usize> {
    let digits = |from: usize| text.bytes().skip(from).take_while(u8::is_ascii_digit).count();
    let byte = |at: usize| text.as_bytes().get(at).copied().unwrap_or_default();
    let mut length = digits(0);
    if byte(length) == b'.' {
        let fraction = digits(length + 1);
        if fraction == 0 {
            return None;
        }
        length += 1 + fraction;
    }
    if length > 0 && matches!(byte(length), b'e' | b'E') {
        let from = length + 1 + usize::from(matches!(byte(length + 1), b'-' | b'+'));
        let exponent = digits(from);
        if exponent == 0 {
            return None;
        }
        length = from + exponent;
    }
    let (number, after) = text.split_at_checked(length)?;
    let is_part = |next: char| matches!(next, '.' | '_') || next.is_ascii_alphanumeric() || !next.is_ascii();
    let runs_on = after.starts_with(is_part);
    let is_finite = number.parse::<f64>().is_ok_and(f64::is_finite);
    (length <= MAX_NUMBER && is_finite && !runs_on).then_some(length)
}

/// The length in bytes of the white space at the beginning of `text`.
pub(crate) fn space_length(text: &str) -> usize {
    text.bytes().take_while(|byte| b" \t\r\n".contains(byte)).count()
}
