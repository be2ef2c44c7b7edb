//! Bounds on the arguments of functions.

/// What the arguments of a function must be, so that a small text makes no large answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Any expressions.
    None,
    /// The number of decimal places is a literal.
    Places,
    /// Well-known text, as a literal.
    Wkt,
    /// GML, as a literal.
    Gml,
    /// Reference systems, as literals. QGIS takes PROJ strings too, whose grids can name files.
    Crs,
    /// The number of segments and what follows, as literals. Two million segments took QGIS 3.7 s for five features.
    Segments,
    /// Nested a few deep only.
    Overlay,
    /// The width, as a literal: 500,000,000 ends the QGIS process.
    Width,
    /// Short literals, not nested: three nested `replace` made 10⁸ characters in 1.4 s.
    Growth,
    /// The pattern, as a literal.
    Pattern,
    /// Fields and literals: two texts of 20,000 characters took QGIS 1 s.
    Quadratic,
    /// Fields, literals and other arrays.
    Literals,
    /// As [`Bound::Literals`], and what stands between elements is a short literal: it is repeated.
    Delimiter,
}

impl Bound {
    /// The bound in words.
    pub fn rule(self) -> &'static str {
        match self {
            Self::None => "any arguments",
            Self::Places => "the number of places is a whole number from -15 to 15",
            Self::Wkt => "the argument is a text of at most 10,000 positions in well-known text",
            Self::Gml => "the argument is a text of at most 10,000 positions in GML",
            Self::Crs => "the reference systems are texts such as 'EPSG:7855'",
            Self::Segments => {
                "segments is a whole number from 1 to 32, what follows is a literal, and such functions nest at most \
                 three deep"
            }
            Self::Overlay => "such functions nest at most three deep",
            Self::Width => "the width is a whole number of at most 1,000",
            Self::Growth => {
                "the first argument names at most one field, the others are literals of at most 100 characters, and \
                 such functions do not nest"
            }
            Self::Pattern => "the pattern is a text of at most 200 characters",
            Self::Quadratic => "the arguments are fields, or literals of at most 1,000 characters",
            Self::Delimiter => {
                "the first argument is a field, a literal or an array, the others are texts of at most 100 characters"
            }
            Self::Literals => "the arguments are fields, literals and arrays of them, at most 1,000 of them",
        }
    }
}
