//! GML 2 and 3.
//!
//! A geometry is parsed into [`Gml`] and written in one form, GML 3 with `pos`, `posList` and `Envelope`, which QGIS Server
//! 3.22 reads (tried). QGIS knows `Point`, `LineString`, `Polygon`, their `Multi…` forms, `Box` with `coordinates`, and
//! `Envelope`. It ignores anything else, and a filter without its geometry selects other rows. So the other forms that
//! clients use (`Curve`, `Surface`, `MultiCurve`, `MultiSurface`, `coord`, rings of `pos`) are read here and written as
//! those.
//!
//! QGIS reads two ordinates of a position. More are kept, with their `srsDimension`, and have no effect.

mod collections;
mod coordinates;
mod read;
mod srs;

use self::coordinates::Positions;
pub use self::srs::SrsName;
use crate::xml::{
    MAX_READ_BYTES,
    structure::StructureError,
    tree::{Element, XmlError},
    write::Writer,
};

/// The namespace of GML 2 and 3.1, the only one in which QGIS 3.22 looks for coordinates.
pub const GML_NAMESPACE: &str = "http://www.opengis.net/gml";

/// Maximum number of positions of one geometry.
pub const MAX_POSITIONS: usize = 10_000;

/// A geometry, with the name of its reference system if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gml {
    srs: Option<SrsName>,
    shape: Shape,
    positions: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Point(Positions),
    LineString(Positions),
    Polygon(Rings),
    MultiPoint(Vec<Positions>),
    MultiLineString(Vec<Positions>),
    MultiPolygon(Vec<Rings>),
    Envelope { lower: Positions, upper: Positions },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rings {
    exterior: Positions,
    interior: Vec<Positions>,
}

/// Why a geometry is refused. Texts name elements, never a client's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GmlError {
    /// XML that is not well-formed or too large.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// An attribute or content that is not allowed.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// An element that is not a geometry that QGIS knows.
    #[error(
        "{0} is not a GML geometry that QGIS Server reads; send Point, LineString, Polygon, MultiPoint, MultiLineString, MultiPolygon, Envelope or Box"
    )]
    Type(String),
    /// A reference system in a form that QGIS does not read, or two different ones.
    #[error(
        "srsName must have the form EPSG:n, urn:ogc:def:crs:EPSG::n, http://www.opengis.net/def/crs/EPSG/0/n or http://www.opengis.net/gml/srs/epsg.xml#n, and be the same throughout a geometry"
    )]
    Srs,
    /// Text that is not a finite decimal number.
    #[error("{0} holds something other than numbers")]
    Number(String),
    /// Numbers that do not form positions of two to four ordinates.
    #[error("{0} must hold positions of 2, 3 or 4 numbers each")]
    Dimension(String),
    /// Too few positions for the geometry.
    #[error("{element} needs at least {min} positions")]
    TooFew {
        /// The element.
        element: String,
        /// The least number.
        min: usize,
    },
    /// Too many positions.
    #[error("the geometry has more than {MAX_POSITIONS} positions")]
    TooMany,
}

/// Parses a text that holds one geometry, such as the argument of `geom_from_gml`, and writes it anew. Prefixes need not be
/// declared.
pub fn canonical(text: &str) -> Result<String, GmlError> {
    let element = Element::parse(text.as_bytes(), MAX_READ_BYTES)?;
    let mut out = Writer::default();
    Gml::from_element(&element)?.write_with(&mut out, &[("xmlns:gml", GML_NAMESPACE)]);
    Ok(out.finish())
}

impl Gml {
    /// Reads one geometry.
    pub fn from_element(element: &Element) -> Result<Self, GmlError> {
        let (shape, srs, positions) = read::geometry(element)?;
        Ok(Self { srs, shape, positions })
    }

    /// The number of its positions.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// Whether it is a `Box` or an `Envelope`.
    pub fn is_box(&self) -> bool {
        matches!(self.shape, Shape::Envelope { .. })
    }

    /// Whether it is a box with both corners at 0 0, or so close that QGIS reads them as that. QGIS ignores such a box: a
    /// `BBOX` with it selects every row, and an Update changes every row (tried on 3.22).
    pub fn is_null_box(&self) -> bool {
        matches!(&self.shape, Shape::Envelope { lower, upper } if lower.is_near_zero() && upper.is_near_zero())
    }

    /// Writes it as an element with the prefix `gml`, which the root element must declare.
    pub fn write(&self, out: &mut Writer) {
        self.write_with(out, &[]);
    }

    fn write_with(&self, out: &mut Writer, first: &[(&str, &str)]) {
        let srs = self.srs.as_ref().map(|srs| ("srsName", srs.as_str()));
        let attributes: Vec<_> = first.iter().copied().chain(srs).collect();
        let (name, content): (_, &dyn Fn(&mut Writer)) = match &self.shape {
            Shape::Point(position) => ("gml:Point", &|out| position.write("gml:pos", out)),
            Shape::LineString(line) => ("gml:LineString", &|out| line.write("gml:posList", out)),
            Shape::Polygon(rings) => ("gml:Polygon", &|out| rings.write(out)),
            Shape::MultiPoint(points) => ("gml:MultiPoint", &|out| {
                members(out, "gml:pointMember", "gml:Point", points, |point, out| {
                    point.write("gml:pos", out);
                });
            }),
            Shape::MultiLineString(lines) => ("gml:MultiLineString", &|out| {
                members(out, "gml:lineStringMember", "gml:LineString", lines, |line, out| {
                    line.write("gml:posList", out);
                });
            }),
            Shape::MultiPolygon(polygons) => ("gml:MultiPolygon", &|out| {
                members(out, "gml:polygonMember", "gml:Polygon", polygons, Rings::write);
            }),
            Shape::Envelope { lower, upper } => ("gml:Envelope", &|out| {
                lower.write("gml:lowerCorner", out);
                upper.write("gml:upperCorner", out);
            }),
        };
        out.element(name, &attributes, content);
    }
}

impl Rings {
    fn write(&self, out: &mut Writer) {
        let rings = std::iter::once(("gml:exterior", &self.exterior));
        for (name, ring) in rings.chain(self.interior.iter().map(|ring| ("gml:interior", ring))) {
            out.element(name, &[], |out| {
                out.element("gml:LinearRing", &[], |out| ring.write("gml:posList", out));
            });
        }
    }
}

fn members<T>(out: &mut Writer, member: &str, name: &str, parts: &[T], write: impl Fn(&T, &mut Writer)) {
    for part in parts {
        out.element(member, &[], |out| out.element(name, &[], |out| write(part, out)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        canonical(text)
            .unwrap()
            .replacen(" xmlns:gml=\"http://www.opengis.net/gml\"", "", 1)
            .replace("gml:", "")
    }

    #[test]
    fn writes_every_spelling_in_one_form() {
        let point = r#"<Point srsName="EPSG:3857"><pos srsDimension="2">16105000 -4540000.50</pos></Point>"#;
        for same in [
            "<gml:Point srsName='EPSG:3857'><gml:coordinates>16105000,-4540000.50</gml:coordinates></gml:Point>",
            "<Point xmlns='http://www.opengis.net/gml/3.2' gml:id='a' srsName='EPSG:3857'><pos> 16105000\n-4540000.50 </pos></Point>",
            "<Point srsName='EPSG:3857'><coordinates decimal='.' cs=';' ts='/'>16105000;-4540000.50</coordinates></Point>",
            "<Point srsName='EPSG:3857'><coord><X>16105000</X><Y>-4540000.50</Y></coord></Point>",
            "<Point srsName='EPSG:3857'><pos>+16105000 -4540000.50</pos></Point>",
        ] {
            assert_eq!(written(same), point, "{same}");
        }
        let line = r#"<LineString><posList srsDimension="2">1 2 3 4</posList></LineString>"#;
        for same in [
            "<LineString><coordinates>1,2 3,4</coordinates></LineString>",
            "<LineString><coordinates ts='\n'>1,2\n3,4\n</coordinates></LineString>",
            "<LineString><pos>1 2</pos><pos>3 4</pos></LineString>",
            "<LineString><coord><X>1</X><Y>2</Y></coord><coord><X>3</X><Y>4</Y></coord></LineString>",
            "<Curve><segments><LineStringSegment interpolation='linear'><posList>1 2 3 4</posList></LineStringSegment></segments></Curve>",
        ] {
            assert_eq!(written(same), line, "{same}");
        }
        let envelope = "<Envelope><lowerCorner srsDimension=\"2\">1 2</lowerCorner><upperCorner srsDimension=\"2\">3 4</upperCorner></Envelope>";
        for same in [
            "<Box><coordinates>1,2 3,4</coordinates></Box>",
            "<Box><coord><X>1</X><Y>2</Y></coord><coord><X>3</X><Y>4</Y></coord></Box>",
            "<Envelope><lowerCorner>1 2</lowerCorner><upperCorner>3 4</upperCorner></Envelope>",
        ] {
            assert_eq!(written(same), envelope, "{same}");
        }
    }

    #[test]
    fn reads_polygons_and_collections_of_gml_2_and_3() {
        let ring = "<LinearRing><posList srsDimension=\"2\">0 0 1 0 1 1 0 0</posList></LinearRing>";
        let polygon = format!("<Polygon><exterior>{ring}</exterior><interior>{ring}</interior></Polygon>");
        let old = "<LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates></LinearRing>";
        let old = format!(
            "<Polygon><outerBoundaryIs>{old}</outerBoundaryIs><innerBoundaryIs>{old}</innerBoundaryIs></Polygon>"
        );
        assert_eq!(written(&old), polygon);
        assert_eq!(written(&polygon), polygon);
        let patch = polygon.replace("Polygon", "PolygonPatch");
        assert_eq!(written(&format!("<Surface><patches>{patch}</patches></Surface>")), polygon);
        let many = format!("<MultiPolygon><polygonMember>{polygon}</polygonMember></MultiPolygon>");
        for same in [
            many.clone(),
            format!("<MultiPolygon><polygonMember>{old}</polygonMember></MultiPolygon>"),
            format!("<MultiSurface><surfaceMember>{polygon}</surfaceMember></MultiSurface>"),
            format!("<MultiSurface><surfaceMembers>{polygon}</surfaceMembers></MultiSurface>"),
        ] {
            assert_eq!(written(&same), many, "{same}");
        }
        let lines = "<MultiLineString><lineStringMember><LineString><posList srsDimension=\"2\">1 2 3 4</posList></LineString></lineStringMember></MultiLineString>";
        for same in [
            lines,
            "<MultiCurve><curveMember><LineString><posList>1 2 3 4</posList></LineString></curveMember></MultiCurve>",
            "<MultiCurve srsDimension='2'><curveMembers><LineString><posList>1 2 3 4</posList></LineString></curveMembers></MultiCurve>",
        ] {
            assert_eq!(written(same), lines, "{same}");
        }
        let points = "<MultiPoint><pointMember><Point><pos srsDimension=\"2\">1 2</pos></Point></pointMember></MultiPoint>";
        assert_eq!(written(points), points);
        assert_eq!(
            written(
                "<MultiPoint><pointMembers><Point><coordinates>1,2</coordinates></Point></pointMembers></MultiPoint>"
            ),
            points
        );
    }

    #[test]
    fn keeps_and_inherits_three_dimensions() {
        let line = r#"<LineString><posList srsDimension="3">1 2 3 4 5 6</posList></LineString>"#;
        assert_eq!(written(line), line);
        assert_eq!(written("<LineString srsDimension='3'><posList>1 2 3 4 5 6</posList></LineString>"), line);
        assert_eq!(written("<LineString><coordinates>1,2,3 4,5,6</coordinates></LineString>"), line);
        assert_eq!(
            written("<Point><pos>1 2 3</pos></Point>"),
            r#"<Point><pos srsDimension="3">1 2 3</pos></Point>"#
        );
    }

    #[test]
    fn a_ring_may_name_the_reference_system_of_its_polygon_only() {
        let polygon = |outer: &str, inner: &str| {
            canonical(&format!(
                "<Polygon {outer}><exterior><LinearRing {inner}><posList>0 0 1 0 1 1 0 0</posList></LinearRing></exterior></Polygon>"
            ))
        };
        assert!(polygon("srsName='EPSG:1'", "srsName='EPSG:1'").is_ok());
        assert_eq!(polygon("srsName='EPSG:1'", "srsName='EPSG:2'"), Err(GmlError::Srs));
        assert_eq!(polygon("", "srsName='EPSG:2'"), polygon("srsName='EPSG:2'", ""));
    }

    #[test]
    fn refuses_what_is_not_a_geometry() {
        for bad in [
            "<Circle/>",
            "<Point/>",
            "<Point>1 2</Point>",
            "<Point><pos>1</pos></Point>",
            "<Point><pos>1 2 3 4 5</pos></Point>",
            "<Point><pos>1 2</pos><pos>1 2</pos></Point>",
            "<Point><pos>1 x</pos></Point>",
            "<Point><pos>1 nan</pos></Point>",
            "<Point><pos>1 inf</pos></Point>",
            "<Point><pos>1 1e999</pos></Point>",
            "<Point><pos>1 0x1</pos></Point>",
            "<Point><pos srsDimension='3'>1 2</pos></Point>",
            "<Point><pos srsDimension='0'>1 2</pos></Point>",
            "<Point><pos><a/></pos></Point>",
            "<Point onclick='x'><pos>1 2</pos></Point>",
            "<Point srsName='file:///etc'><pos>1 2</pos></Point>",
            "<Point srsName='http://www.opengis.example/def/crs/EPSG/0/1'><pos>1 2</pos></Point>",
            "<Point><coordinates decimal=','>1,2</coordinates></Point>",
            "<Point><coordinates cs='1'>2,3</coordinates></Point>",
            "<Point><coordinates ts=','>1,2</coordinates></Point>",
            "<Point><coordinates ts='ab'>1,2</coordinates></Point>",
            "<Point><coordinates>1,,2</coordinates></Point>",
            "<Point><coord><X>1</X></coord></Point>",
            "<LineString><coordinates>1,2</coordinates></LineString>",
            "<LineString><coordinates>1,2 3,4,5</coordinates></LineString>",
            "<LineString><posList>1 2 3</posList></LineString>",
            "<LineString><posList count='3'>1 2 3 4</posList></LineString>",
            "<Polygon><exterior><LinearRing><posList>1 2 3 4</posList></LinearRing></exterior></Polygon>",
            "<Polygon><interior><LinearRing><posList>0 0 1 0 1 1 0 0</posList></LinearRing></interior></Polygon>",
            "<Polygon><exterior/></Polygon>",
            "<MultiPoint/>",
            "<MultiPoint><pointMember/></MultiPoint>",
            "<MultiPoint><pointMember><Polygon/></pointMember></MultiPoint>",
            "<Envelope><upperCorner>1 2</upperCorner><lowerCorner>3 4</lowerCorner></Envelope>",
            "<Envelope><lowerCorner>1 2</lowerCorner></Envelope>",
            "<Box><coordinates>1,2 3,4 5,6</coordinates></Box>",
            "<Curve><segments><ArcString><posList>1 2 3 4 5 6</posList></ArcString></segments></Curve>",
            "<LineString><posList>1 2 3 4</posList>text</LineString>",
        ] {
            assert!(canonical(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn counts_positions_across_a_geometry() {
        let points = |count: usize| {
            let list = "<pointMember><Point><pos>1 2</pos></Point></pointMember>".repeat(count);
            Element::parse(format!("<MultiPoint>{list}</MultiPoint>").as_bytes(), 1 << 22)
        };
        assert_eq!(Gml::from_element(&points(3).unwrap()).unwrap().positions(), 3);
        let line = |count: usize| {
            canonical(&format!("<LineString><posList>{}</posList></LineString>", "1 2 ".repeat(count)))
        };
        assert!(line(MAX_POSITIONS).is_ok());
        assert_eq!(line(MAX_POSITIONS + 1), Err(GmlError::TooMany));
    }

    #[test]
    fn recognises_a_box_at_the_origin_without_size() {
        let is_null = |coordinates: &str| {
            let text = format!("<Box><coordinates>{coordinates}</coordinates></Box>");
            Gml::from_element(&Element::parse(text.as_bytes(), 999).unwrap()).unwrap().is_null_box()
        };
        assert!(is_null("0,0 0,0") && is_null("-0.0,0e9 1e-20,0"));
        assert!(!is_null("0,0 0,1") && !is_null("30,30 30,30"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(<|>|/|gml:|Point|Polygon|posList|coordinates|exterior|LinearRing|[0-9,. eE+-]|=|'){0,40}") {
            if let Ok(once) = canonical(&text) {
                prop_assert_eq!(canonical(&once), Ok(once.clone()));
            }
        }

        #[test]
        fn numbers_keep_their_digits(x in "-?[0-9]{1,8}(\\.[0-9]{1,20})?", y in "-?[0-9]{1,8}(\\.[0-9]{1,20})?") {
            let out = canonical(&format!("<Point><pos>{x} {y}</pos></Point>")).unwrap();
            let inside = format!(">{x} {y}<");
            prop_assert!(out.contains(&inside));
            prop_assert_eq!(canonical(&out), Ok(out.clone()));
        }
    }
}
