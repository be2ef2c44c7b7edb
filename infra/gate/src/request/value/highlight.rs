//! Highlights: geometries with labels that QWC2 has drawn on a map. The gate writes their style, because SLD can name files
//! and addresses.

use super::colour::colour;
use crate::{request::kind::Highlight, wkt::Wkt};

const MAX_GEOMETRIES: usize = 20;
/// Maximum size in bytes of a label or of the name of a font.
const MAX_TEXT: usize = 200;

/// Parses the list `text` as that part of a highlight, and writes it anew.
pub(super) fn part(part: Highlight, text: &str) -> Option<String> {
    // The gate's own symbols are added when all parameters are known.
    if part == Highlight::Symbol {
        return Some(String::new());
    }
    let read = |entry: &str| match part {
        Highlight::Geometry => Wkt::parse(entry).ok().map(|geometry| geometry.to_string()),
        Highlight::Colour => colour(entry),
        Highlight::Number => number(entry),
        Highlight::Font => text_of(entry, |c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')),
        Highlight::Text => text_of(entry, |c| !c.is_control() && !matches!(c, '<' | '>' | '[' | ']' | '%')),
        Highlight::Symbol => None,
    };
    let entries: Vec<_> = text.split(';').take(MAX_GEOMETRIES + 1).collect();
    if entries.len() > MAX_GEOMETRIES {
        return None;
    }
    let empty_or_read = |entry: &&str| if entry.is_empty() { Some(String::new()) } else { read(entry) };
    entries.iter().map(empty_or_read).collect::<Option<Vec<_>>>().map(|entries| entries.join(";"))
}

/// A style for each of `geometries`, a list of well-known texts. QGIS splits the list at `;`, so no style holds one.
pub(in crate::request) fn symbols(geometries: &str) -> String {
    let style = |geometry: &str| {
        let kind = geometry.to_ascii_uppercase();
        let symbolizer = if kind.contains("POINT") {
            POINT
        } else if kind.contains("LINE") {
            LINE
        } else {
            POLYGON
        };
        format!("{BEFORE}{symbolizer}{AFTER}")
    };
    geometries.split(';').map(style).collect::<Vec<_>>().join(";")
}

const BEFORE: &str = r#"<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:se="http://www.opengis.net/se" xmlns:ogc="http://www.opengis.net/ogc" version="1.1.0"><UserStyle><se:FeatureTypeStyle><se:Rule>"#;
const AFTER: &str = "</se:Rule></se:FeatureTypeStyle></UserStyle></StyledLayerDescriptor>";
const POLYGON: &str = r#"<se:PolygonSymbolizer><se:Fill><se:SvgParameter name="fill">#ffff00</se:SvgParameter><se:SvgParameter name="fill-opacity">0.3</se:SvgParameter></se:Fill><se:Stroke><se:SvgParameter name="stroke">#ff8800</se:SvgParameter><se:SvgParameter name="stroke-width">2</se:SvgParameter></se:Stroke></se:PolygonSymbolizer>"#;
const LINE: &str = r#"<se:LineSymbolizer><se:Stroke><se:SvgParameter name="stroke">#ff8800</se:SvgParameter><se:SvgParameter name="stroke-width">3</se:SvgParameter></se:Stroke></se:LineSymbolizer>"#;
const POINT: &str = r#"<se:PointSymbolizer><se:Graphic><se:Mark><se:WellKnownName>circle</se:WellKnownName><se:Fill><se:SvgParameter name="fill">#ffff00</se:SvgParameter></se:Fill><se:Stroke><se:SvgParameter name="stroke">#ff8800</se:SvgParameter></se:Stroke></se:Mark><se:Size>12</se:Size></se:Graphic></se:PointSymbolizer>"#;

fn number(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok()?;
    (text.len() <= 10 && (-360.0..=360.0).contains(&number)).then(|| text.to_owned())
}

fn text_of(text: &str, fits: impl Fn(char) -> bool) -> Option<String> {
    (text.len() <= MAX_TEXT && text.chars().all(fits)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_the_clients_symbol() {
        assert_eq!(part(Highlight::Symbol, "<StyledLayerDescriptor/>").as_deref(), Some(""));
        let written = symbols("POLYGON((0 0,1 0,1 1,0 0));POINT(1 2)");
        assert_eq!(written.matches(';').count(), 1);
        assert!(written.contains("PolygonSymbolizer") && written.contains("PointSymbolizer"));
        assert!(!written.contains("ExternalGraphic"));
    }

    #[test]
    fn parts_are_lists_of_their_kind() {
        assert_eq!(part(Highlight::Colour, "#ff0000;0x00ff00").as_deref(), Some("#ff0000;#00ff00"));
        assert_eq!(part(Highlight::Text, "Label 1;").as_deref(), Some("Label 1;"));
        assert_eq!(part(Highlight::Number, "12;nan"), None);
        assert_eq!(part(Highlight::Text, "[% env('x') %]"), None);
        assert_eq!(part(Highlight::Geometry, "POINT(1 2);x"), None);
    }
}
