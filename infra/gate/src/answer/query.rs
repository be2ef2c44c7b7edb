//! Writes the query and path of a link in one canonical spelling.

use std::fmt::Write as _;

use super::disk_path::DiskPath;

/// Returns the query percent-encoded, without `MAP` in any spelling and without empty parameters. QGIS 3.22 appends a
/// second `?…` to the value of `MAP` in links to a schema; the parameters after it are kept.
pub(super) fn without_map(query: &str, project: &DiskPath) -> String {
    // The project's path may itself contain `&`.
    let query = project.remove_from(query);
    let mut written = String::new();
    for parameter in query.split('&').filter_map(kept).filter(|parameter| !parameter.is_empty()) {
        if !written.is_empty() {
            written.push('&');
        }
        encode(parameter, &mut written);
    }
    written
}

/// Percent-encodes the characters of `path` that a URL's path may not contain.
pub(super) fn encoded_path(path: &str) -> String {
    let mut written = String::new();
    encode(path, &mut written);
    written.replace('?', "%3F")
}

/// Whether the query has `MAP` in any spelling.
pub(super) fn has_map(query: &str) -> bool {
    query.split('&').any(|parameter| is_map(parameter.split('=').next().unwrap_or_default()))
}

/// Returns the parameter; for `MAP`, only the parameter after a second `?`.
fn kept(mut parameter: &str) -> Option<&str> {
    loop {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if !is_map(key) {
            return Some(parameter);
        }
        (_, parameter) = value.split_once('?')?;
    }
}

/// QGIS reads `MAP` in any case and `::MAP`, percent-decoded once.
fn is_map(key: &str) -> bool {
    let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy();
    key.strip_prefix("::").unwrap_or(&key).eq_ignore_ascii_case("map")
}

/// Percent-encodes `text` for a URL (RFC 3986 §3.4); existing escapes stay.
fn encode(text: &str, written: &mut String) {
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let is_escape =
            || [1, 2].iter().all(|offset| bytes.get(at + offset).is_some_and(u8::is_ascii_hexdigit));
        let is_literal = match byte {
            b'%' => is_escape(),
            b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            _ => byte.is_ascii_graphic(),
        };
        if is_literal {
            written.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(written, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn removes_map_in_every_spelling() {
        let project = DiskPath::new("/srv/maps/Parks & Trees.qgs");
        for (query, written) in [
            ("MAP=/srv/maps/Parks & Trees.qgs&SERVICE=WMS", "SERVICE=WMS"),
            ("limit=2&map=%2Fsrv%2Fmaps%2FParks%20%26%20Trees.qgs", "limit=2"),
            ("::MAP=C:/x/y.qgs&&SERVICE=WMS&", "SERVICE=WMS"),
            ("m%41p=x&LAYER=Road Centrelines", "LAYER=Road%20Centrelines"),
            (
                "MAP=/srv/maps/Parks & Trees.qgs?request=DescribeFeatureType&service=WFS",
                "request=DescribeFeatureType&service=WFS",
            ),
            ("MAP=C:/x.qgs?request=DescribeFeatureType", "request=DescribeFeatureType"),
            (
                "LAYER=Bäume&FORMAT=text/xml; subtype%3Dgml/3.1.1",
                "LAYER=B%C3%A4ume&FORMAT=text/xml;%20subtype%3Dgml/3.1.1",
            ),
            ("LAYER=50%#", "LAYER=50%25%23"),
        ] {
            assert_eq!(without_map(query, &project), written, "{query}");
        }
    }

    proptest! {
        #[test]
        fn the_result_has_no_map_and_does_not_change_again(query in r"(map|MAP|::Map|[a-z%4=&?/ é#]|\PC){0,20}") {
            let project = DiskPath::new("/srv/a.qgs");
            let written = without_map(&query, &project);
            prop_assert!(!has_map(&written) , "{written}");
            prop_assert_eq!(&without_map(&written, &project), &written);
            prop_assert!(written.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
