//! What a caller may say about the picture: which part of the map, and how large. Nothing else of a query is read, so that
//! nothing else can reach QGIS Server.

use std::str::FromStr;

/// The extent of the sample maps, in metres.
pub(super) const WEST: f64 = 0.0;
pub(super) const SOUTH: f64 = 0.0;
pub(super) const EAST: f64 = 1200.0;
pub(super) const NORTH: f64 = 800.0;

/// The largest width and height, in pixels.
const MOST: u32 = 2048;

/// Further out than any map of the world, in metres: numbers without end would make queries without end.
const FARTHEST: f64 = 1e9;

/// A part of a map, and the size of its picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    /// West, south, east, north, in metres.
    pub(super) bbox: [f64; 4],
    /// In pixels.
    pub(super) width: u32,
    /// In pixels.
    pub(super) height: u32,
}

/// What is wrong with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAView {
    /// `BBOX` is not four numbers that span an area.
    #[error("BBOX takes west,south,east,north in metres")]
    Bbox,
    /// `WIDTH` or `HEIGHT` is out of bounds.
    #[error("WIDTH and HEIGHT take 1 to 2048")]
    Size,
    /// One of the three came more than once.
    #[error("a parameter came more than once")]
    Repeated,
}

impl Default for View {
    fn default() -> Self {
        Self { bbox: [WEST, SOUTH, EAST, NORTH], width: 600, height: 400 }
    }
}

impl View {
    /// Reads `BBOX`, `WIDTH` and `HEIGHT` of a query string, each with a default, and passes over everything else.
    pub(super) fn parse(query: &str) -> Result<Self, NotAView> {
        let (mut bbox, mut width, mut height) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let seen = match name.as_ref() {
                "BBOX" => bbox.replace(corners(&value)?).is_some(),
                "WIDTH" => width.replace(size(&value)?).is_some(),
                "HEIGHT" => height.replace(size(&value)?).is_some(),
                _ => false,
            };
            if seen {
                return Err(NotAView::Repeated);
            }
        }
        let default = Self::default();
        Ok(Self {
            bbox: bbox.unwrap_or(default.bbox),
            width: width.unwrap_or(default.width),
            height: height.unwrap_or(default.height),
        })
    }

    /// The query that QGIS Server is given: of the caller's there are numbers in it, written anew, and nothing else.
    pub(super) fn query(&self) -> String {
        let Self { bbox: [west, south, east, north], width, height } = self;
        format!(
            "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&CRS=EPSG:3857&BBOX={west},{south},{east},{north}&WIDTH={width}&HEIGHT={height}&FORMAT=image/png&BGCOLOR=0xf4f1ea&LAYERS=areas,lines,labels&STYLES="
        )
    }
}

impl NotAView {
    /// The reason as a word. Stable.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Bbox => "bad_bbox",
            Self::Size => "bad_size",
            Self::Repeated => "repeated_parameter",
        }
    }
}

fn corners(text: &str) -> Result<[f64; 4], NotAView> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(f64::from_str).collect();
    let corners: [f64; 4] = numbers.ok().and_then(|numbers| numbers.try_into().ok()).ok_or(NotAView::Bbox)?;
    let [west, south, east, north] = corners;
    // What is no number is within no bounds.
    let within = corners.iter().all(|corner| corner.abs() <= FARTHEST);
    if within && west < east && south < north { Ok(corners) } else { Err(NotAView::Bbox) }
}

fn size(text: &str) -> Result<u32, NotAView> {
    text.parse().ok().filter(|size| (1..=MOST).contains(size)).ok_or(NotAView::Size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_parameters_are_read_and_every_other_is_passed_over() {
        let plain = View::default();
        for (query, view) in [
            ("", plain),
            ("BBOX=-10.5,0,1e3,20", View { bbox: [-10.5, 0.0, 1000.0, 20.0], ..plain }),
            ("WIDTH=1&HEIGHT=2048", View { width: 1, height: 2048, ..plain }),
            ("BBOX=0%2C0%2C10%2C10&MAP=/etc/passwd", View { bbox: [0.0, 0.0, 10.0, 10.0], ..plain }),
            ("MAP=b.qgs&LAYERS=EXTERNAL_WMS:x&x:url=http://a.example&SLD=http://a.example&map=b", plain),
            ("REQUEST=GetCapabilities&SERVICE=WFS&width=9&bbox=x", plain),
            ("&&=&%ff=%00&%57IDTH=7", View { width: 7, ..plain }),
        ] {
            assert_eq!(View::parse(query), Ok(view), "{query}");
        }
    }

    #[test]
    fn what_is_no_view_is_refused() {
        for (query, problem) in [
            ("BBOX=", NotAView::Bbox),
            ("BBOX=0,0,10", NotAView::Bbox),
            ("BBOX=0,0,10,10,10", NotAView::Bbox),
            ("BBOX=0,0,NaN,10", NotAView::Bbox),
            ("BBOX=0,0,inf,10", NotAView::Bbox),
            ("BBOX=0,0,1e10,10", NotAView::Bbox),
            ("BBOX=10,0,0,10", NotAView::Bbox),
            ("BBOX=0,0,0,10", NotAView::Bbox),
            ("BBOX=0,0,10,10%26MAP%3Db.qgs", NotAView::Bbox),
            ("WIDTH=0", NotAView::Size),
            ("WIDTH=2049", NotAView::Size),
            ("HEIGHT=-1", NotAView::Size),
            ("HEIGHT=9999999999", NotAView::Size),
            ("WIDTH=1&WIDTH=1", NotAView::Repeated),
        ] {
            assert_eq!(View::parse(query), Err(problem), "{query}");
        }
    }

    #[test]
    fn a_query_of_ours_has_nothing_of_the_callers_but_numbers() {
        let view = View::parse("BBOX=-1e9,1e-9,1e9,2&WIDTH=3&HEIGHT=4&LAYERS=x&MAP=y").unwrap();
        assert_eq!(
            view.query(),
            "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&CRS=EPSG:3857&BBOX=-1000000000,0.000000001,1000000000,2&WIDTH=3&HEIGHT=4&FORMAT=image/png&BGCOLOR=0xf4f1ea&LAYERS=areas,lines,labels&STYLES="
        );
    }
}
