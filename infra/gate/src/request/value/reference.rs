//! Coordinate reference systems by code. `AUTO:`, `PROJ:` and `USER:` are refused: a PROJ string can name files.

/// Authorities that QGIS knows.
const AUTHORITIES: [&str; 5] = ["EPSG", "CRS", "ESRI", "IGNF", "OGC"];
const PREFIXES: [&str; 4] = [
    "urn:ogc:def:crs:",
    "urn:x-ogc:def:crs:",
    "http://www.opengis.net/def/crs/",
    "https://www.opengis.net/def/crs/",
];
/// The form of GML 2.
const GML: &str = "http://www.opengis.net/gml/srs/epsg.xml#";

/// The reference system in canonical form, if `text` has the form of one. Whether it exists is left to QGIS.
pub(super) fn crs(text: &str) -> Option<String> {
    let text = text.trim();
    let is_code =
        |text: &str| (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if let Some(code) = text.strip_prefix(GML) {
        return is_code(code).then(|| text.to_owned());
    }
    for prefix in PREFIXES {
        if let Some(rest) = text.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)) {
            let separator = if rest.starts_with("http") { '/' } else { ':' };
            return is_named(&text[prefix.len()..], separator).then(|| text.to_owned());
        }
    }
    let (authority, code) = text.split_once(':')?;
    let is_known = AUTHORITIES.iter().any(|known| known.eq_ignore_ascii_case(authority));
    (is_known && is_code(code)).then(|| {
        let mut written = text.to_owned();
        if let Some(authority) = written.get_mut(..authority.len()) {
            authority.make_ascii_uppercase();
        }
        written
    })
}

/// Whether `text` is an authority, a version, which may be empty, and a code.
fn is_named(text: &str, separator: char) -> bool {
    let parts: Vec<_> = text.split(separator).collect();
    let [authority, version, code] = parts[..] else { return false };
    let is_word = |text: &str| {
        text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    };
    !authority.is_empty() && !code.is_empty() && [authority, version, code].into_iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_systems_are_codes() {
        for text in [
            "EPSG:3857",
            "CRS:84",
            "urn:ogc:def:crs:EPSG::3857",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            "http://www.opengis.net/def/crs/EPSG/9.6.2/3857",
            "http://www.opengis.net/gml/srs/epsg.xml#3857",
        ] {
            assert_eq!(crs(text).as_deref(), Some(text));
        }
        assert_eq!(crs("epsg:3857").as_deref(), Some("EPSG:3857"));
        for text in [
            "",
            "3857",
            "AUTO:42001",
            "PROJ:+proj=longlat",
            "USER:100000",
            "EPSG:",
            "EPSG:3857,1",
            "http://trap.example/def/crs/EPSG/0/1",
            "http://www.opengis.net/def/crs/EPSG/0/../../1",
            "urn:ogc:def:crs:EPSG:3857",
        ] {
            assert_eq!(crs(text), None, "{text}");
        }
    }
}
