//! Well-known text: the seven types of OGC 06-103r4, section 7, in two, three or four dimensions.
//!
//! QGIS reads more (curves, `SRID=…;`, numbers such as `5.`). What is not understood here is refused, and what is
//! understood is written anew, so that nothing but names, brackets and numbers reaches QGIS.

use std::fmt;

use thiserror::Error;

use self::{reader::Reader, shape::Shape};

mod reader;
mod shape;

/// The number of coordinates that [`Wkt::parse`] accepts: QGIS takes about a second for twice as many.
pub const MAX_POINTS: usize = 10_000;

/// A geometry, read and counted. It is displayed in one canonical form that QGIS 3.22 and later read alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wkt {
    shape: Shape,
    points: usize,
}

/// Why a text is not a geometry that is let through. Positions are bytes from the text's beginning.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WktError {
    /// Something else stands where the grammar wants `expected`.
    #[error("the well-known text has no {expected} at byte {at}")]
    Expected {
        /// What the grammar wants.
        expected: &'static str,
        /// Where.
        at: usize,
    },
    /// Not one of the seven types.
    #[error(
        "the well-known text names a type at byte {at} that is none of POINT, LINESTRING, POLYGON, MULTIPOINT, \
         MULTILINESTRING, MULTIPOLYGON, GEOMETRYCOLLECTION"
    )]
    Type {
        /// Where.
        at: usize,
    },
    /// `SRID=4326;POINT(1 2)`, an extension that is not in the standard.
    #[error("the well-known text begins with SRID; name the reference system beside the geometry instead")]
    Srid,
    /// A number is too long or not finite.
    #[error("the number at byte {at} of the well-known text is longer than 40 characters or not finite")]
    Number {
        /// Where.
        at: usize,
    },
    /// A position has another number of ordinates than the type's name or the positions before it say.
    #[error("the position at byte {at} of the well-known text has not {expected} ordinates as the others")]
    Dimension {
        /// The number of ordinates.
        expected: usize,
        /// Where.
        at: usize,
    },
    /// A line of fewer than two positions, or a ring of fewer than three.
    #[error("the list that ends at byte {at} of the well-known text has fewer than {least} positions")]
    TooFew {
        /// The least number of positions.
        least: usize,
        /// Where.
        at: usize,
    },
    /// More positions than are accepted.
    #[error("the well-known text has more than {allowed} positions")]
    TooMany {
        /// The number that is accepted.
        allowed: usize,
    },
    /// Collections within collections, more than four deep.
    #[error("the well-known text nests collections more than {allowed} deep")]
    Nested {
        /// The depth that is accepted.
        allowed: usize,
    },
}

impl Wkt {
    /// Reads `text`, which may have at most [`MAX_POINTS`] positions.
    pub fn parse(text: &str) -> Result<Self, WktError> {
        Self::parse_within(text, MAX_POINTS)
    }

    /// Reads `text`, which may have at most `allowed` positions.
    pub fn parse_within(text: &str, allowed: usize) -> Result<Self, WktError> {
        let mut reader = Reader::new(text, allowed);
        let shape = reader.shape(0)?;
        reader.end()?;
        Ok(Self { shape, points: reader.points() })
    }

    /// The number of positions, those of all parts together.
    pub fn points(&self) -> usize {
        self.points
    }
}

impl fmt::Display for Wkt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shape.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(text: &str) -> String {
        Wkt::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    #[test]
    fn every_type_is_read_and_written_in_one_form() {
        for (text, written) in [
            ("POINT(1 2)", "POINT(1 2)"),
            (" point ( 1\t2 ) ", "POINT(1 2)"),
            ("LineString(1 2, 3 4)", "LINESTRING(1 2,3 4)"),
            (
                "POLYGON((0 0,1 0,1 1,0 0),(.1 .1,-.2 .1,.2 .2))",
                "POLYGON((0 0,1 0,1 1,0 0),(.1 .1,-.2 .1,.2 .2))",
            ),
            ("MULTIPOINT(1 2, 3 4)", "MULTIPOINT((1 2),(3 4))"),
            ("MULTIPOINT((1 2),3 4)", "MULTIPOINT((1 2),(3 4))"),
            ("MULTILINESTRING((1 2,3 4),(5 6,7 8))", "MULTILINESTRING((1 2,3 4),(5 6,7 8))"),
            ("MULTIPOLYGON(((0 0,1 0,1 1)))", "MULTIPOLYGON(((0 0,1 0,1 1)))"),
            ("GEOMETRYCOLLECTION(POINT(1 2),POINT EMPTY)", "GEOMETRYCOLLECTION(POINT(1 2),POINT EMPTY)"),
        ] {
            assert_eq!(rewritten(text), written);
        }
    }

    #[test]
    fn dimensions_are_named_where_the_client_did_not() {
        assert_eq!(rewritten("POINT(1 2 3)"), "POINT Z(1 2 3)");
        assert_eq!(rewritten("POINTZ(1 2 3)"), "POINT Z(1 2 3)");
        assert_eq!(rewritten("POINT M (1 2 3)"), "POINT M(1 2 3)");
        assert_eq!(rewritten("POINT(1 2 3 4)"), "POINT ZM(1 2 3 4)");
        assert_eq!(rewritten("GEOMETRYCOLLECTION(POINT(1 2 3))"), "GEOMETRYCOLLECTION Z(POINT Z(1 2 3))");
    }

    #[test]
    fn an_empty_geometry_names_no_dimension_because_qgis_322_does_not_read_it() {
        assert_eq!(rewritten("POINT Z EMPTY"), "POINT EMPTY");
    }

    #[test]
    fn digits_stay_as_the_client_wrote_them() {
        assert_eq!(rewritten("POINT(16119000.000 -4.50e-3)"), "POINT(16119000.000 -4.50e-3)");
    }

    #[test]
    fn positions_are_counted_and_bounded() {
        let text = "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(1 2,3 4))";
        assert_eq!(Wkt::parse(text).unwrap().points(), 3);
        assert!(Wkt::parse_within(text, 3).is_ok());
        assert_eq!(Wkt::parse_within(text, 2), Err(WktError::TooMany { allowed: 2 }));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "",
            "POINT",
            "POINT(1)",
            "POINT(1 2 3 4 5)",
            "POINT(1 2,3 4)",
            "POINT(1 2",
            "POINT(1 2) POINT(1 2)",
            "POINT(1,2)",
            "POINT(5. 1)",
            "POINT(+1 2)",
            "POINT(nan 1)",
            "POINT(1e999 1)",
            "POINT(1 2);",
            "POINT(--1 2)",
            "POINT()",
            "CIRCULARSTRING(1 2,3 4,5 6)",
            "POINT25D(1 2 3)",
            "POINTEMPTY",
            "POINT\u{a0}(1 2)",
            "POINT Z(1 2)",
            "POINT M(1 2 3 4)",
            "LINESTRING(1 2,3 4 5)",
            "LINESTRING(1 2)",
            "POLYGON((0 0,1 1))",
            "POLYGON(0 0,1 0,1 1)",
            "MULTIPOINT(EMPTY)",
            "GEOMETRYCOLLECTION(POINT(1 2),POINT(1 2 3))",
            "GEOMETRYCOLLECTION Z(POINT(1 2))",
            "GEOMETRYCOLLECTION(1 2)",
            "POINT(1 2)\0",
        ] {
            assert!(Wkt::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reference_system_is_refused_by_name() {
        assert_eq!(Wkt::parse("SRID=4326;POINT(1 2)"), Err(WktError::Srid));
    }

    #[test]
    fn collections_nest_four_deep_and_no_deeper() {
        let nested =
            |depth: usize| format!("{}POINT(1 2){}", "GEOMETRYCOLLECTION(".repeat(depth), ")".repeat(depth));
        assert!(Wkt::parse(&nested(4)).is_ok());
        assert_eq!(Wkt::parse(&nested(5)), Err(WktError::Nested { allowed: 4 }));
        assert!(Wkt::parse(&nested(100_000)).is_err());
    }

    #[test]
    fn numbers_are_at_most_forty_characters_long() {
        let text = |digits: usize| format!("POINT({} 2)", "1".repeat(digits));
        assert!(Wkt::parse(&text(40)).is_ok());
        assert_eq!(Wkt::parse(&text(41)), Err(WktError::Number { at: 6 }));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_written_is_read_alike(
            text in r"(POINT|LINESTRING|POLYGON|MULTI|GEOMETRYCOLLECTION|EMPTY|[ZM]| |\(|\)|,|-?[0-9]{1,3}(\.[0-9])?(e[0-9])?){1,12}|\PC*"
        ) {
            if let Ok(wkt) = Wkt::parse(&text) {
                prop_assert_eq!(Wkt::parse(&wkt.to_string()), Ok(wkt));
            }
        }

        #[test]
        fn a_polygon_is_written_and_read_alike(ring in prop::collection::vec((any::<i32>(), -1e9..1e9f64), 3..20)) {
            let ring: Vec<_> = ring.iter().map(|(x, y)| format!("{x} {y}")).collect();
            let text = format!("POLYGON(({}))", ring.join(","));
            prop_assert_eq!(rewritten(&text), text);
        }
    }
}
