//! The body of a write by OGC API Features: one GeoJSON feature (RFC 7946 §3.2), parsed and written anew.

use serde::Deserialize;
use serde_json::{Map, Number, Value, json};

use crate::{
    layers::{Layer, Write},
    request::RequestRefusal,
};

/// Maximum number of ordinates of one geometry.
const MAX_NUMBERS: usize = 40_000;

/// A feature to be stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    geometry: Option<Value>,
    properties: Vec<(String, Value)>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "type")]
    kind: String,
    geometry: Option<Geometry>,
    #[serde(default)]
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    coordinates: Coordinates,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Coordinates {
    Number(Number),
    List(Vec<Self>),
}

impl Feature {
    /// Parses a feature. Members other than `type`, `geometry` and `properties` are dropped. A property must be null, a
    /// number, a string or a boolean.
    pub(super) fn parse(body: &[u8]) -> Result<Self, RequestRefusal> {
        let refused = |what: &str| RequestRefusal::Json(what.to_owned());
        // The error of serde may hold values.
        let document: Document = serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            RequestRefusal::Json(format!("not a GeoJSON feature (line {line}, column {column})"))
        })?;
        if document.kind != "Feature" {
            return Err(refused("type must be Feature"));
        }
        let geometry = document.geometry.map(geometry).transpose()?;
        let properties: Vec<_> = document.properties.unwrap_or_default().into_iter().collect();
        if properties.iter().any(|(_, value)| value.is_array() || value.is_object()) {
            return Err(refused("a property must be a string, a number, true, false or null"));
        }
        Ok(Self { geometry, properties })
    }

    /// Replaces the name of each property by that of the layer's field, and refuses properties that are not fields.
    pub(super) fn resolve(&mut self, layer: &Layer) -> Result<(), RequestRefusal> {
        for (name, _) in &mut self.properties {
            let field = layer.written_field(name, Write::Item);
            let unknown = |_| RequestRefusal::UnknownField("properties".into());
            *name = field.map_err(unknown)?.name.clone();
        }
        Ok(())
    }

    /// Writes the feature as JSON.
    pub(super) fn write(&self) -> Vec<u8> {
        let properties: Map<_, _> = self.properties.iter().cloned().collect();
        let json =
            json!({ "type": "Feature", "geometry": self.geometry, "properties": properties }).to_string();
        // QGIS behind a server that does not forward the media type reads JSON as a form, in which `&MAP=…` inside a string
        // made it write to another project. In JSON, `&` occurs only in strings.
        json.replace('&', "\\u0026").into_bytes()
    }
}

fn geometry(geometry: Geometry) -> Result<Value, RequestRefusal> {
    let depth = match geometry.kind.as_str() {
        "Point" => 1,
        "LineString" | "MultiPoint" => 2,
        "Polygon" | "MultiLineString" => 3,
        "MultiPolygon" => 4,
        _ => {
            return Err(RequestRefusal::Json(
                "the geometry must be a Point, LineString or Polygon, or a Multi form of one".into(),
            ));
        }
    };
    let mut left = MAX_NUMBERS;
    let coordinates = nested(geometry.coordinates, depth, &mut left).ok_or_else(|| {
        RequestRefusal::Json("the coordinates do not fit the type of the geometry, or are too many".into())
    })?;
    Ok(json!({ "type": geometry.kind, "coordinates": coordinates }))
}

fn nested(coordinates: Coordinates, depth: usize, left: &mut usize) -> Option<Value> {
    match coordinates {
        Coordinates::Number(number) if depth == 0 => {
            *left = left.checked_sub(1)?;
            Some(Value::Number(number))
        }
        Coordinates::List(parts) if depth > 0 => {
            let parts: Option<Vec<_>> = parts.into_iter().map(|part| nested(part, depth - 1, left)).collect();
            parts.map(Value::Array)
        }
        Coordinates::Number(_) | Coordinates::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Field;

    fn layer() -> Layer {
        let field = |name: &str, in_wfs| Field { in_wfs, ..Field::named(name) };
        Layer {
            fields: vec![field("label", true), field("Zone Code", true), field("hush", false)],
            ..Layer::default()
        }
    }

    #[test]
    fn a_feature_is_written_anew() {
        let body = br#"{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[144.7,-37.7],"crs":{}},"properties":{"label":"x","Zone Code":null}}"#;
        let mut feature = Feature::parse(body).unwrap();
        feature.resolve(&layer()).unwrap();
        let written: Value = serde_json::from_slice(&feature.write()).unwrap();
        assert_eq!(
            written,
            json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [144.7, -37.7]}, "properties": {"label": "x", "Zone Code": null}})
        );
    }

    #[test]
    fn refuses_what_is_not_a_feature() {
        for body in [
            "",
            "[]",
            r#"{"type":"FeatureCollection","features":[]}"#,
            r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[[1,2]]}}"#,
            r#"{"type":"Feature","geometry":{"type":"Point","coordinates":["1",2]}}"#,
            r#"{"type":"Feature","geometry":{"type":"GeometryCollection","coordinates":[]}}"#,
            r#"{"type":"Feature","geometry":null,"properties":{"a":{"b":1}}}"#,
        ] {
            assert!(Feature::parse(body.as_bytes()).is_err(), "{body}");
        }
        let deep = format!(
            r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":{}"#,
            "[".repeat(100_000)
        );
        assert!(Feature::parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_string_begins_no_parameter_of_a_form() {
        let mut feature = Feature::parse(
            br#"{"type":"Feature","geometry":null,"properties":{"label":"x&MAP=/other.qgs&y"}}"#,
        )
        .unwrap();
        feature.resolve(&layer()).unwrap();
        let written = feature.write();
        assert!(!written.contains(&b'&'));
        let read: Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(read["properties"]["label"], "x&MAP=/other.qgs&y");
    }

    #[test]
    fn refuses_hidden_fields() {
        let mut feature =
            Feature::parse(br#"{"type":"Feature","geometry":null,"properties":{"hush":"x"}}"#).unwrap();
        assert!(feature.resolve(&layer()).is_err());
    }
}
