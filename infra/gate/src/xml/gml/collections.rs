//! Reads collections, and curves and surfaces of one piece.

use super::{
    GmlError, Rings,
    coordinates::Positions,
    read::{Dimension, Reader, only},
};
use crate::xml::{
    structure::{children, content},
    tree::Element,
};

impl Reader {
    pub(super) fn curve(&mut self, element: &Element, outer: Dimension) -> Result<Positions, GmlError> {
        let segments = only(element, &["segments"], "segments")?;
        self.attributes(segments, &[], None)?;
        let segment = only(segments, &["LineStringSegment"], "one LineStringSegment")?;
        let dimension = self.geometry_attributes(segment, outer)?;
        self.positions(segment, dimension, 2)
    }

    pub(super) fn surface(&mut self, element: &Element, outer: Dimension) -> Result<Rings, GmlError> {
        let patches = only(element, &["patches"], "patches")?;
        self.attributes(patches, &[], None)?;
        let patch = only(patches, &["PolygonPatch"], "one PolygonPatch")?;
        let dimension = self.geometry_attributes(patch, outer)?;
        self.rings(patch, dimension)
    }

    /// Reads the parts of a collection: one in each singular member element, any number in a plural one.
    pub(super) fn members<T>(
        &mut self,
        element: &Element,
        outer: Dimension,
        names: &[&str],
        read: fn(&mut Self, &Element, Dimension) -> Result<T, GmlError>,
    ) -> Result<Vec<T>, GmlError> {
        let expected = "members of its kind";
        let mut parts = Vec::new();
        for member in children(element, expected)? {
            self.attributes(member, &[], None)?;
            let before = parts.len();
            for part in children(member, expected)? {
                let dimension = self.geometry_attributes(part, outer)?;
                parts.push(read(self, part, dimension)?);
            }
            let is_right = parts.len() == before + 1 || (member.name.ends_with('s') && parts.len() > before);
            if !names.contains(&member.name.as_str()) || !is_right {
                return Err(content(element, expected).into());
            }
        }
        if parts.is_empty() { Err(content(element, expected).into()) } else { Ok(parts) }
    }

    pub(super) fn any_point(&mut self, element: &Element, outer: Dimension) -> Result<Positions, GmlError> {
        if element.name == "Point" {
            self.point(element, outer)
        } else {
            Err(content(element, "Point").into())
        }
    }

    pub(super) fn any_line(&mut self, element: &Element, outer: Dimension) -> Result<Positions, GmlError> {
        match element.name.as_str() {
            "LineString" => self.positions(element, outer, 2),
            "Curve" => self.curve(element, outer),
            _ => Err(content(element, "LineString or Curve").into()),
        }
    }

    pub(super) fn any_polygon(&mut self, element: &Element, outer: Dimension) -> Result<Rings, GmlError> {
        match element.name.as_str() {
            "Polygon" => self.rings(element, outer),
            "Surface" => self.surface(element, outer),
            _ => Err(content(element, "Polygon or Surface").into()),
        }
    }
}
