//! Content negotiation for OGC API Features.

/// Media types in `Accept`, and the one to ask QGIS Server for. QGIS 3.22 reads only the first of several and
/// refuses it if the resource has no such format; it answers `application/json` with `GeoJSON` or `OpenAPI` as well.
const FORMATS: [(&[&str], &str); 2] = [
    (&["text/html", "application/xhtml+xml"], "text/html"),
    (
        &[
            JSON,
            "application/geo+json",
            "application/vnd.geo+json",
            "application/vnd.oai.openapi+json",
            "application/openapi+json",
            "application/*",
            "*/*",
        ],
        JSON,
    ),
];
const JSON: &str = "application/json";
/// Media ranges after this many are ignored.
const MAX_RANGES: usize = 32;

/// Chooses what to ask QGIS Server for by the client's `Accept` header (RFC 9110 §12.5.1). Falls back to JSON: QGIS 3.22
/// answers 400 to `application/xml` alone, which some clients always send, and itself reads `image/png` as JSON.
pub fn api_accept(accept: Option<&str>) -> &'static str {
    let mut best = (0, JSON);
    for range in accept.unwrap_or_default().split(',').take(MAX_RANGES) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let format =
            FORMATS.iter().find(|(names, _)| names.contains(&media.as_str())).map(|(_, format)| *format);
        let quality = parts.find_map(quality).unwrap_or(1000);
        if let Some(format) = format.filter(|_| quality > best.0) {
            best = (quality, format);
        }
    }
    best.1
}

/// Returns the weight in thousandths if `parameter` is one; 0 if it is not a number.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, part) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    match whole {
        "1" => Some(1000),
        "0" if part.len() <= 3 => Some(format!("{part:0<3}").parse().unwrap_or(0)),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_headers_of_clients_select_an_available_format() {
        for (accept, format) in [
            (None, "application/json"),
            (Some("*/*"), "application/json"),
            (Some("image/webp,*/*"), "application/json"),
            (Some("application/geo+json, application/json"), "application/json"),
            (Some("application/vnd.oai.openapi+json;version=3.0, text/html;q=0.9"), "application/json"),
            (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), "text/html"),
            (Some("text/html;q=0.5, application/json"), "application/json"),
            (Some("text/html;q=0"), "application/json"),
            (Some("text/xml,application/xml"), "application/json"),
            (Some("Text/HTML; Q=0.25 , application/json;q=0.125"), "text/html"),
            (Some(";;,=,q=1"), "application/json"),
        ] {
            assert_eq!(api_accept(accept), format, "{accept:?}");
        }
    }
}
