//! Reads geometries.

use super::{GmlError, MAX_POSITIONS, Rings, Shape, SrsName, coordinates::Positions};
use crate::xml::{
    structure::{attribute, children, content},
    tree::Element,
};

/// Reads a geometry, and returns its shape, its reference system and its number of positions.
pub(super) fn geometry(element: &Element) -> Result<(Shape, Option<SrsName>, usize), GmlError> {
    let mut reader = Reader::default();
    let dimension = reader.geometry_attributes(element, None)?;
    let shape = match element.name.as_str() {
        "Point" => Shape::Point(reader.point(element, dimension)?),
        "LineString" => Shape::LineString(reader.positions(element, dimension, 2)?),
        "Curve" => Shape::LineString(reader.curve(element, dimension)?),
        "Polygon" => Shape::Polygon(reader.rings(element, dimension)?),
        "Surface" => Shape::Polygon(reader.surface(element, dimension)?),
        "MultiPoint" => Shape::MultiPoint(reader.members(
            element,
            dimension,
            &["pointMember", "pointMembers"],
            Reader::any_point,
        )?),
        "MultiLineString" | "MultiCurve" => {
            let members = ["lineStringMember", "curveMember", "curveMembers"];
            Shape::MultiLineString(reader.members(element, dimension, &members, Reader::any_line)?)
        }
        "MultiPolygon" | "MultiSurface" => {
            let members = ["polygonMember", "surfaceMember", "surfaceMembers"];
            Shape::MultiPolygon(reader.members(element, dimension, &members, Reader::any_polygon)?)
        }
        "Envelope" => reader.envelope(element, dimension)?,
        "Box" => {
            let (lower, upper) = reader.positions(element, dimension, 2)?.split(element)?;
            Shape::Envelope { lower, upper }
        }
        found => return Err(GmlError::Type(found.to_owned())),
    };
    Ok((shape, reader.srs, reader.positions))
}

/// The reference system and the number of positions found so far.
#[derive(Default)]
pub(super) struct Reader {
    srs: Option<SrsName>,
    positions: usize,
}

pub(super) type Dimension = Option<usize>;

impl Reader {
    /// Checks the attributes of a geometry or ring, and returns the dimension that applies inside it.
    pub(super) fn geometry_attributes(
        &mut self,
        element: &Element,
        outer: Dimension,
    ) -> Result<Dimension, GmlError> {
        self.attributes(element, &["id", "srsName", "srsDimension", "dimension", "interpolation"], outer)
    }

    pub(super) fn attributes(
        &mut self,
        element: &Element,
        known: &[&str],
        outer: Dimension,
    ) -> Result<Dimension, GmlError> {
        let mut dimension = outer;
        for found in element.own_attributes() {
            let refused = || attribute(element, &found.name);
            match found.name.as_str() {
                name if !known.contains(&name) => return Err(refused().into()),
                "srsName" => self.set_srs(&found.value)?,
                "srsDimension" | "dimension" => {
                    let stated = ["2", "3", "4"].iter().position(|number| *number == found.value);
                    dimension = Some(stated.ok_or_else(refused)? + 2);
                }
                "interpolation" if found.value != "linear" && found.value != "planar" => {
                    return Err(refused().into());
                }
                _ => {}
            }
        }
        Ok(dimension)
    }

    fn set_srs(&mut self, value: &str) -> Result<(), GmlError> {
        let srs = SrsName::parse(value).ok_or(GmlError::Srs)?;
        match &self.srs {
            Some(before) if *before != srs => Err(GmlError::Srs),
            _ => {
                self.srs = Some(srs);
                Ok(())
            }
        }
    }

    /// Reads the positions of an element that holds nothing else, at least `min` of them.
    pub(super) fn positions(
        &mut self,
        element: &Element,
        outer: Dimension,
        min: usize,
    ) -> Result<Positions, GmlError> {
        let expected = "coordinates, posList, pos or coord";
        let mut found: Option<Positions> = None;
        let names: Vec<_> = children(element, expected)?.map(|child| child.name.as_str()).collect();
        let is_list = matches!(names.as_slice(), ["coordinates" | "posList"]);
        let is_series = ["pos", "coord"].iter().any(|name| names.iter().all(|other| other == name));
        if !(is_list || is_series) {
            return Err(content(element, expected).into());
        }
        for child in element.elements() {
            let positions = self.read(child, outer)?;
            match found.as_mut() {
                Some(before) => before.extend(positions, element)?,
                None => found = Some(positions),
            }
        }
        found
            .filter(|positions| positions.len() >= min)
            .ok_or_else(|| GmlError::TooFew { element: element.name.clone(), min })
    }

    fn read(&mut self, element: &Element, outer: Dimension) -> Result<Positions, GmlError> {
        let positions = match element.name.as_str() {
            "coordinates" => {
                self.attributes(element, &["decimal", "cs", "ts"], None)?;
                Positions::tuples(element)?
            }
            "posList" => {
                let known = ["srsName", "srsDimension", "dimension", "count"];
                Positions::list(element, self.attributes(element, &known, outer)?)?
            }
            "coord" => {
                self.attributes(element, &[], None)?;
                Positions::coord(element)?
            }
            _ => Positions::one(
                element,
                self.attributes(element, &["srsName", "srsDimension", "dimension"], outer)?,
            )?,
        };
        self.positions += positions.len();
        if self.positions > MAX_POSITIONS { Err(GmlError::TooMany) } else { Ok(positions) }
    }

    pub(super) fn point(&mut self, element: &Element, outer: Dimension) -> Result<Positions, GmlError> {
        let positions = self.positions(element, outer, 1)?;
        if positions.len() == 1 { Ok(positions) } else { Err(content(element, "one position").into()) }
    }

    fn envelope(&mut self, element: &Element, outer: Dimension) -> Result<Shape, GmlError> {
        let expected = "lowerCorner and upperCorner";
        let corners: Vec<_> = children(element, expected)?.collect();
        match corners.as_slice() {
            [lower, upper] if lower.name == "lowerCorner" && upper.name == "upperCorner" => {
                Ok(Shape::Envelope { lower: self.read(lower, outer)?, upper: self.read(upper, outer)? })
            }
            _ => Err(content(element, expected).into()),
        }
    }

    pub(super) fn rings(&mut self, element: &Element, outer: Dimension) -> Result<Rings, GmlError> {
        let expected = "exterior, then any number of interior";
        let mut exterior = None;
        let mut interior = Vec::new();
        for boundary in children(element, expected)? {
            match (boundary.name.as_str(), exterior.is_some()) {
                ("exterior" | "outerBoundaryIs", false) => exterior = Some(self.ring(boundary, outer)?),
                ("interior" | "innerBoundaryIs", true) => interior.push(self.ring(boundary, outer)?),
                _ => return Err(content(element, expected).into()),
            }
        }
        Ok(Rings { exterior: exterior.ok_or_else(|| content(element, expected))?, interior })
    }

    /// Reads a ring of at least three positions. QGIS closes a ring that is not closed.
    fn ring(&mut self, boundary: &Element, outer: Dimension) -> Result<Positions, GmlError> {
        self.attributes(boundary, &[], None)?;
        let ring = only(boundary, &["LinearRing"], "LinearRing")?;
        let dimension = self.geometry_attributes(ring, outer)?;
        self.positions(ring, dimension, 3)
    }
}

/// The only child of an element, which must have one of `names`.
pub(super) fn only<'a>(
    element: &'a Element,
    names: &[&str],
    expected: &'static str,
) -> Result<&'a Element, GmlError> {
    let mut found = children(element, expected)?;
    match (found.next(), found.next()) {
        (Some(child), None) if names.contains(&child.name.as_str()) => Ok(child),
        _ => Err(content(element, expected).into()),
    }
}
