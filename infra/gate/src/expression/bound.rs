//! Limits on the arguments of functions.

/// What the arguments of a function must be, so that a short expression cannot keep QGIS busy or fill its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// No limit.
    None,
    /// The number of decimal places must be a literal.
    Places,
    /// Well-known text as a literal.
    Wkt,
    /// GML as a literal.
    Gml,
    /// Reference systems as literals. QGIS also reads PROJ strings, whose grids can name files.
    Crs,
    /// The number of segments and what follows as literals. Two million segments took QGIS 3.7 s for five features.
    Segments,
    /// Nested at most three deep.
    Overlay,
    /// The width as a literal: 500,000,000 kills the QGIS process.
    Width,
    /// Short literals, not nested: three nested `replace` made 10⁸ characters in 1.4 s.
    Growth,
    /// The pattern as a literal.
    Pattern,
    /// Fields and literals: two texts of 20,000 characters took QGIS 1 s.
    Quadratic,
    /// Fields, literals and other arrays.
    Literals,
    /// As [`Bound::Literals`]; the delimiter, which is repeated, must be a short literal.
    Delimiter,
}

impl Bound {
    /// The limit in words.
    pub fn rule(self) -> &'static str {
        match self {
            Self::None => "any arguments",
            Self::Places => "the number of places must be a whole number from -15 to 15",
            Self::Wkt => "the argument must be a string of well-known text with at most 10,000 positions",
            Self::Gml => "the argument must be a string of GML with at most 10,000 positions",
            Self::Crs => "reference systems must be strings such as 'EPSG:7855'",
            Self::Segments => {
                "segments must be a whole number from 1 to 32, later arguments must be literals, and such functions \
                 may be nested at most three deep"
            }
            Self::Overlay => "such functions may be nested at most three deep",
            Self::Width => "the width must be a whole number of at most 1,000",
            Self::Growth => {
                "the first argument may name one field, the others must be literals of at most 100 characters, and \
                 such functions may not be nested"
            }
            Self::Pattern => "the pattern must be a string of at most 200 characters",
            Self::Quadratic => "the arguments must be fields, or strings of at most 1,000 characters",
            Self::Delimiter => {
                "the first argument must be a field, a literal or an array, the others strings of at most 100 characters"
            }
            Self::Literals => "the arguments must be at most 1,000 fields, literals and arrays of these",
        }
    }
}
