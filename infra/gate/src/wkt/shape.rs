//! Geometries, and how they are written.

use std::fmt;

/// A geometry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// `None` for an empty geometry, since QGIS 3.22 does not read `POINT Z EMPTY`.
    pub(super) dimension: Option<Dimension>,
    pub(super) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Empty,
    Parts(Part),
    Members(Vec<Shape>),
}

/// A position, or a list of positions or lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The ordinates with the client's digits, separated by one space.
    Position(String),
    List(Vec<Part>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    Collection,
}

/// The ordinates of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Xy,
    Xyz,
    Xym,
    Xyzm,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Point,
        Self::LineString,
        Self::Polygon,
        Self::MultiPoint,
        Self::MultiLineString,
        Self::MultiPolygon,
        Self::Collection,
    ];

    /// The type, and the dimension if there is one, that a word such as `POINT` or `pointzm` names.
    pub(super) fn named(word: &str) -> Option<(Self, Option<Dimension>)> {
        Self::ALL.into_iter().find_map(|kind| {
            let (name, rest) = word.split_at_checked(kind.name().len())?;
            if !name.eq_ignore_ascii_case(kind.name()) {
                return None;
            }
            if rest.is_empty() { Some((kind, None)) } else { Some((kind, Some(Dimension::named(rest)?))) }
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Point => "POINT",
            Self::LineString => "LINESTRING",
            Self::Polygon => "POLYGON",
            Self::MultiPoint => "MULTIPOINT",
            Self::MultiLineString => "MULTILINESTRING",
            Self::MultiPolygon => "MULTIPOLYGON",
            Self::Collection => "GEOMETRYCOLLECTION",
        }
    }

    /// The levels of brackets around a position.
    pub(super) fn brackets(self) -> usize {
        match self {
            Self::Point | Self::LineString => 1,
            Self::Polygon | Self::MultiPoint | Self::MultiLineString => 2,
            Self::MultiPolygon | Self::Collection => 3,
        }
    }

    /// The least number of positions in an innermost list.
    pub(super) fn min_positions(self) -> usize {
        match self {
            Self::Point | Self::MultiPoint | Self::Collection => 1,
            Self::LineString | Self::MultiLineString => 2,
            Self::Polygon | Self::MultiPolygon => 3,
        }
    }
}

impl Dimension {
    /// The dimension that `Z`, `M` or `ZM` names.
    pub(super) fn named(word: &str) -> Option<Self> {
        [Self::Xyz, Self::Xym, Self::Xyzm]
            .into_iter()
            .find(|dimension| dimension.name().eq_ignore_ascii_case(word))
    }

    /// The dimension of a position with this many ordinates, if none is named. QGIS reads a third one as Z.
    pub(super) fn from_ordinates(ordinates: usize) -> Option<Self> {
        match ordinates {
            2 => Some(Self::Xy),
            3 => Some(Self::Xyz),
            4 => Some(Self::Xyzm),
            _ => None,
        }
    }

    pub(super) fn ordinates(self) -> usize {
        match self {
            Self::Xy => 2,
            Self::Xyz | Self::Xym => 3,
            Self::Xyzm => 4,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Xy => "",
            Self::Xyz => "Z",
            Self::Xym => "M",
            Self::Xyzm => "ZM",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind.name())?;
        if let Some(dimension) = self.dimension.filter(|dimension| *dimension != Dimension::Xy) {
            write!(formatter, " {}", dimension.name())?;
        }
        match &self.content {
            Content::Empty => formatter.write_str(" EMPTY"),
            Content::Parts(part) => part.fmt(formatter),
            Content::Members(members) => list(members, formatter),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(ordinates) => formatter.write_str(ordinates),
            Self::List(parts) => list(parts, formatter),
        }
    }
}

fn list(items: &[impl fmt::Display], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        write!(formatter, "{}{item}", if index == 0 { '(' } else { ',' })?;
    }
    formatter.write_str(")")
}
