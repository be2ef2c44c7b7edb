//! Well-known text: the seven types of OGC 06-103r4, section 7, in two, three or four dimensions.
//!
//! QGIS reads more, such as curves, `SRID=…;` and numbers like `5.`; these are refused. Geometries are written anew, so
//! that only names, brackets and numbers reach QGIS.

use std::fmt;

use thiserror::Error;

use self::{reader::Reader, shape::Shape};

mod reader;
mod shape;

/// Maximum number of positions that [`Wkt::parse`] accepts. QGIS needs about a second for twice as many.
pub const MAX_POINTS: usize = 10_000;

/// A geometry. Its `Display` is a canonical form that QGIS 3.22 and later read alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wkt(Shape);

/// Why well-known text is refused. Values are limits, or positions in bytes from its beginning.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WktError {
    /// Something else than the grammar demands.
    #[error("expected {expected} at byte {at} of the well-known text")]
    Expected {
        /// What the grammar demands.
        expected: &'static str,
        /// Its position.
        at: usize,
    },
    /// Not one of the seven types.
    #[error(
        "the type at byte {0} of the well-known text must be POINT, LINESTRING, POLYGON, MULTIPOINT, MULTILINESTRING, \
         MULTIPOLYGON or GEOMETRYCOLLECTION"
    )]
    Type(usize),
    /// `SRID=4326;POINT(1 2)`, which is not in the standard.
    #[error("the well-known text begins with SRID; leave it out, and in an expression use transform instead")]
    Srid,
    /// A number that is malformed, too long or not finite.
    #[error(
        "the number at byte {0} of the well-known text is malformed, longer than 40 characters or not finite"
    )]
    Number(usize),
    /// A position whose number of ordinates differs from the type's name or from earlier positions.
    #[error("the position at byte {at} of the well-known text must have {expected} ordinates")]
    Dimension {
        /// The number of ordinates.
        expected: usize,
        /// Its position.
        at: usize,
    },
    /// A line of fewer than two positions, or a ring of fewer than three.
    #[error("the list that ends at byte {at} of the well-known text has fewer than {min} positions")]
    TooFew {
        /// The least number of positions.
        min: usize,
        /// Its position.
        at: usize,
    },
    /// Too many positions.
    #[error("the well-known text has more than {0} positions")]
    TooMany(usize),
    /// Collections nested too deeply.
    #[error("collections in the well-known text are nested more than {0} deep")]
    Nested(usize),
}

impl Wkt {
    /// Parses `text`, which may have at most [`MAX_POINTS`] positions.
    pub fn parse(text: &str) -> Result<Self, WktError> {
        let mut reader = Reader::new(text);
        let shape = reader.shape(0)?;
        reader.end()?;
        Ok(Self(shape))
    }
}

impl fmt::Display for Wkt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
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
    fn writes_every_type_in_one_form() {
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
    fn adds_the_name_of_the_dimension() {
        assert_eq!(rewritten("POINT(1 2 3)"), "POINT Z(1 2 3)");
        assert_eq!(rewritten("POINTZ(1 2 3)"), "POINT Z(1 2 3)");
        assert_eq!(rewritten("POINT M (1 2 3)"), "POINT M(1 2 3)");
        assert_eq!(rewritten("POINT(1 2 3 4)"), "POINT ZM(1 2 3 4)");
        assert_eq!(rewritten("GEOMETRYCOLLECTION(POINT(1 2 3))"), "GEOMETRYCOLLECTION Z(POINT Z(1 2 3))");
    }

    #[test]
    fn drops_the_dimension_of_empty_geometries_because_qgis_322_cannot_read_it() {
        assert_eq!(rewritten("POINT Z EMPTY"), "POINT EMPTY");
    }

    #[test]
    fn keeps_the_clients_digits() {
        assert_eq!(rewritten("POINT(16119000.000 -4.50e-3)"), "POINT(16119000.000 -4.50e-3)");
    }

    #[test]
    fn limits_the_positions_of_all_parts_together() {
        let collection = |count: usize| {
            let line = vec!["1 2"; count].join(",");
            Wkt::parse(&format!("GEOMETRYCOLLECTION(POINT(1 2),LINESTRING({line}))"))
        };
        assert!(collection(MAX_POINTS - 1).is_ok());
        assert_eq!(collection(MAX_POINTS), Err(WktError::TooMany(MAX_POINTS)));
    }

    #[test]
    fn refuses_what_is_not_in_the_grammar() {
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
    fn refuses_a_reference_system() {
        assert_eq!(Wkt::parse("SRID=4326;POINT(1 2)"), Err(WktError::Srid));
    }

    #[test]
    fn collections_nest_at_most_four_deep() {
        let nested =
            |depth: usize| format!("{}POINT(1 2){}", "GEOMETRYCOLLECTION(".repeat(depth), ")".repeat(depth));
        assert!(Wkt::parse(&nested(4)).is_ok());
        assert_eq!(Wkt::parse(&nested(5)), Err(WktError::Nested(4)));
        assert!(Wkt::parse(&nested(100_000)).is_err());
    }

    #[test]
    fn numbers_are_at_most_forty_characters_long() {
        let text = |digits: usize| format!("POINT({} 2)", "1".repeat(digits));
        assert!(Wkt::parse(&text(40)).is_ok());
        assert_eq!(Wkt::parse(&text(41)), Err(WktError::Number(6)));
    }

    proptest! {
        #[test]
        fn any_text_survives_a_round_trip_or_is_refused(
            text in r"(POINT|LINESTRING|POLYGON|MULTI|GEOMETRYCOLLECTION|EMPTY|[ZM]| |\(|\)|,|-?[0-9]{1,3}(\.[0-9])?(e[0-9])?){1,12}|\PC*"
        ) {
            if let Ok(wkt) = Wkt::parse(&text) {
                prop_assert_eq!(Wkt::parse(&wkt.to_string()), Ok(wkt));
            }
        }

        #[test]
        fn polygons_survive_a_round_trip(ring in prop::collection::vec((any::<i32>(), -1e9..1e9f64), 3..20)) {
            let ring: Vec<_> = ring.iter().map(|(x, y)| format!("{x} {y}")).collect();
            let text = format!("POLYGON(({}))", ring.join(","));
            prop_assert_eq!(rewritten(&text), text);
        }
    }
}
