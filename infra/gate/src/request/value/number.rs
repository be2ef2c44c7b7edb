//! Numbers, with the client's digits: QGIS Desktop writes 26 of them, and rounding moves the map.

/// The longest recorded number has 26 characters.
const MAX_DIGITS: usize = 40;
/// No reference system has larger coordinates, and 1e300 is an error in QGIS.
const MAX_COORDINATE: f64 = 1e12;
const MAX_OPACITIES: usize = 200;
const MAX_IDS: usize = 1_000;

pub(super) fn integer(text: &str, min: i64, max: i64) -> Option<i64> {
    let text = text.trim();
    // Some clients write whole numbers as 256.0.
    let text = text
        .split_once('.')
        .filter(|(_, zeros)| zeros.bytes().all(|b| b == b'0'))
        .map_or(text, |(whole, _)| whole);
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| (min..=max).contains(number))
}

pub(super) fn number(text: &str, min: i64, max: i64) -> Option<String> {
    let (text, number) = finite(text)?;
    #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
    (min as f64..=max as f64).contains(&number).then(|| text.to_owned())
}

/// Four numbers separated by commas, optionally followed by a coordinate reference system.
pub(super) fn bounding_box(text: &str) -> Option<String> {
    let mut parts = text.split(',');
    let mut written = String::with_capacity(text.len());
    for at in 0..4 {
        if at > 0 {
            written.push(',');
        }
        written.push_str(coordinate(parts.next()?)?);
    }
    if let Some(crs) = parts.next() {
        written.push(',');
        written.push_str(&super::reference::crs(crs)?);
    }
    parts.next().is_none().then_some(written)
}

pub(super) fn version(text: &str) -> Option<String> {
    let text = text.trim();
    let is_part =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let count = text.split('.').count();
    (count <= 3 && text.split('.').all(is_part)).then(|| text.to_owned())
}

pub(super) fn opacities(text: &str) -> Option<String> {
    list(text, MAX_OPACITIES, |part| integer(part, 0, 255))
}

pub(super) fn numbers(text: &str) -> Option<String> {
    list(text, MAX_IDS, |part| integer(part, 0, i64::MAX))
}

fn coordinate(text: &str) -> Option<&str> {
    let (text, number) = finite(text)?;
    (number.abs() <= MAX_COORDINATE).then_some(text)
}

fn list(text: &str, max: usize, read: impl Fn(&str) -> Option<i64>) -> Option<String> {
    let mut written = Vec::new();
    for part in text.split(',') {
        if written.len() == max {
            return None;
        }
        written.push(read(part)?.to_string());
    }
    Some(written.join(","))
}

fn finite(text: &str) -> Option<(&str, f64)> {
    let text = text.trim();
    let fits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    if text.is_empty() || text.len() > MAX_DIGITS || !text.bytes().all(fits) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some((text, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for text in ["16096666.66666666604578495", "16105000.0000000000000000", "-37.79", "0", "1e5", ".5"] {
            assert_eq!(coordinate(text), Some(text));
        }
        for text in ["", "1e300", "inf", "nan", "0x10", "1,5", "1 2", "--1", "1e999", "١"] {
            assert_eq!(coordinate(text), None, "{text}");
        }
    }

    #[test]
    fn a_bounding_box_has_four_numbers_and_perhaps_a_reference_system() {
        assert_eq!(bounding_box("0,0,0,0").as_deref(), Some("0,0,0,0"));
        assert_eq!(bounding_box("1, 2,3 ,4").as_deref(), Some("1,2,3,4"));
        assert_eq!(bounding_box("1,2,3,4,EPSG:3857").as_deref(), Some("1,2,3,4,EPSG:3857"));
        for text in ["1,2,3", "1,2,3,", "1,2,3,4,", "1,2,3,4,5", "1,2,3,4,EPSG:1,2", "1,2,3,nan"] {
            assert_eq!(bounding_box(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_bounded() {
        assert_eq!(integer("256", 0, 1000), Some(256));
        assert_eq!(integer("256.0", 0, 1000), Some(256));
        assert_eq!(integer("-1", -1, 1000), Some(-1));
        for text in ["", "-", "1001", "-1", "1.5", "+1", "0x1", "1e3", "99999999999999999999999999"] {
            assert_eq!(integer(text, 0, 1000), None, "{text}");
        }
        assert_eq!(opacities("255,128").as_deref(), Some("255,128"));
        assert_eq!(opacities("255,256"), None);
    }

    #[test]
    fn versions_are_numbers_and_points() {
        for text in ["1.3.0", "1.1.1", "2.0", "1"] {
            assert_eq!(version(text).as_deref(), Some(text));
        }
        for text in ["", "1.3.0.0", "1..3", "a", "1.3.", "1.300.0"] {
            assert_eq!(version(text), None, "{text}");
        }
    }
}
