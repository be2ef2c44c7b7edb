//! The sheet that a map is drawn on: areas, lines and labels, in the members that the project's styles read, as a `GeoJSON`
//! feature collection. What comes later is drawn over what came before.

use serde_json::{Value, json};

use super::colour::Colour;

/// A place in metres: east and north.
type Place = (f64, f64);

/// The features so far.
#[derive(Debug, Default)]
pub(super) struct Sheet(Vec<Value>);

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// In metres.
    pub(super) width: f64,
    pub(super) fill: Colour,
}

/// What a label says, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label<'a> {
    pub(super) text: &'a str,
    /// Of its letters, in metres.
    pub(super) size: f64,
    pub(super) fill: Colour,
    /// The colour around the letters.
    pub(super) halo: Colour,
}

impl Sheet {
    /// Adds an area within `edge`, which need not return to its start.
    pub(super) fn area(&mut self, corners: &[Place], fill: Colour, edge: Colour) {
        let closed: Vec<_> = corners.iter().chain(corners.first()).map(place).collect();
        self.add(
            &json!({"type": "Polygon", "coordinates": [closed]}),
            json!({"fill": fill.to_string(), "edge": edge.to_string()}),
        );
    }

    pub(super) fn line(&mut self, course: &[Place], line: Line) {
        let course: Vec<_> = course.iter().map(place).collect();
        self.add(
            &json!({"type": "LineString", "coordinates": course}),
            json!({"fill": line.fill.to_string(), "width": line.width}),
        );
    }

    /// Adds a label around `middle`.
    pub(super) fn label(&mut self, middle: Place, label: Label<'_>) {
        self.text(middle, label, 0.0, false);
    }

    /// Adds a label that runs from `from` towards `to`, or the other way round where it would stand on its head.
    pub(super) fn along(&mut self, from: Place, to: Place, label: Label<'_>) {
        let slope = (to.1 - from.1) / (to.0 - from.0);
        let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        // QGIS turns labels clockwise.
        self.text(middle, label, -slope.atan().to_degrees(), false);
    }

    /// Adds a label in bold letters.
    pub(super) fn heading(&mut self, middle: Place, label: Label<'_>) {
        self.text(middle, label, 0.0, true);
    }

    /// The whole of it.
    pub(super) fn finish(self) -> Value {
        json!({
            "type": "FeatureCollection",
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}},
            "features": self.0,
        })
    }

    fn text(&mut self, middle: Place, label: Label<'_>, angle: f64, is_bold: bool) {
        let Label { text, size, fill, halo } = label;
        let (fill, edge) = (fill.to_string(), halo.to_string());
        self.add(
            &json!({"type": "Point", "coordinates": place(&middle)}),
            json!({"text": text, "size": size, "fill": fill, "edge": edge, "angle": angle, "bold": is_bold}),
        );
    }

    /// Every feature has every member, so that each has one type in all files.
    fn add(&mut self, geometry: &Value, properties: Value) {
        let mut all = json!({
            "fill": "#000000", "edge": "#ffffff", "width": 1.0, "text": "", "size": 1.0, "angle": 0.0, "bold": false,
        });
        if let (Some(all), Value::Object(own)) = (all.as_object_mut(), properties) {
            all.extend(own);
        }
        self.0.push(json!({"type": "Feature", "properties": all, "geometry": geometry}));
    }
}

/// To the centimetre: nothing is drawn any finer.
fn place((east, north): &Place) -> [f64; 2] {
    [east, north].map(|metres| (metres * 100.0).round() / 100.0)
}
