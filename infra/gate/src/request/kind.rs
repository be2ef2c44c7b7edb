//! The kinds of value.

use std::fmt;

/// What a parameter's value may be. Bounds are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A version number, such as 1.3.0. QGIS answers an unsupported one in a version that it supports.
    Version,
    /// A whole number between two bounds.
    Integer(i64, i64),
    /// A number between two bounds.
    Number(i64, i64),
    /// `true`, `false`, `1` or `0`, in any case.
    Boolean,
    /// Four numbers, optionally followed by a coordinate reference system.
    BoundingBox,
    /// A coordinate reference system: `EPSG:n`, `CRS:84`, an OGC URN or URL.
    Crs,
    /// Distinct names of layers or coverages, separated by commas, at most 200.
    Layers,
    /// Distinct type names, separated by commas, at most 200.
    TypeNames,
    /// Feature ids `type.id`, separated by commas.
    FeatureIds,
    /// Style names, separated by commas; a name may be empty.
    Styles,
    /// One of a list, in any case: as clients write it, and as QGIS expects it.
    Choice(&'static [(&'static str, &'static str)]),
    /// `0xrrggbb`, `#rrggbb` or the name of a colour.
    Colour,
    /// Whole numbers from 0 to 255, separated by commas.
    Opacities,
    /// Letters, digits, spaces and some punctuation, at most this many bytes.
    Word(usize),
    /// The name of a rule in a legend: text without control characters, at most 200 bytes.
    Label,
    /// ISO 8601 dates and times, intervals with `/`, lists with commas.
    Time,
    /// `layer:id,id;layer:id`.
    Selection,
    /// `layer:condition;layer:condition`, each condition in the grammar of [`crate::sql_filter`].
    SqlFilter,
    /// OGC filters in XML; several, one for each type, stand in brackets.
    OgcFilter,
    /// A QGIS expression that calls only functions of [`crate::expression::FUNCTIONS`].
    Expression,
    /// Field names, each optionally followed by `A`, `D`, `ASC` or `DESC`, separated by commas.
    SortBy,
    /// Property names, separated by commas and in brackets for several types, or `*`.
    Properties,
    /// A geometry as well-known text.
    Wkt,
    /// `dpi:n`, which QGIS does not read, or options of a DXF export. `LAYERATTRIBUTES` is not allowed: it writes any field
    /// into the file, hidden ones included.
    FormatOptions,
    /// Numeric ids of features, separated by commas.
    FeatureNumbers,
    /// The name of a print layout that the catalogue's `print` lists.
    Layout,
    /// Part of a highlight, for catalogues with `highlight = true`. May be empty for every catalogue.
    Highlight(Highlight),
    /// A parameter that clients send and QGIS does not read: dropped, whatever its value.
    Ignored,
}

/// A part of a highlight: geometries with labels that a client wants drawn on a map. Lists are separated by `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Highlight {
    /// Well-known text.
    Geometry,
    /// The client's style as SLD, which can load files and addresses. It is never passed on: the gate writes its own.
    Symbol,
    /// Texts.
    Text,
    /// Names of fonts.
    Font,
    /// Numbers.
    Number,
    /// Colours.
    Colour,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Version => "a version number, such as 1.3.0",
            Self::Integer(min, max) => return write!(f, "a whole number from {min} to {max}"),
            Self::Number(min, max) => return write!(f, "a number from {min} to {max}"),
            Self::Boolean => "true or false",
            Self::BoundingBox => "four numbers, optionally followed by a coordinate reference system",
            Self::Crs => "a coordinate reference system, such as EPSG:3857",
            Self::Layers => "layer names separated by commas, each once, at most 200",
            Self::TypeNames => "type names separated by commas, each once, at most 200",
            Self::FeatureIds => "feature ids of the form type.id, separated by commas",
            Self::Styles => "style names separated by commas; a name may be empty",
            Self::Choice(choices) => {
                f.write_str("one of ")?;
                let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
                return f.write_str(&names.join(", "));
            }
            Self::Colour => "a colour: 0xrrggbb, #rrggbb, or a name",
            Self::Opacities => "whole numbers from 0 to 255, separated by commas",
            Self::Word(max) => {
                return write!(f, "at most {max} bytes of letters, digits, spaces and -_.:/,");
            }
            Self::Label => "text of at most 200 bytes without control characters",
            Self::Time => "ISO 8601 dates or times, intervals with /, lists with commas",
            Self::Selection => "layer:id,id;layer:id",
            Self::SqlFilter => "layer:\"field\" = 'value' with AND, OR, NOT, IN, LIKE, IS NULL, and brackets",
            Self::OgcFilter => "an OGC filter without functions",
            Self::Expression => "a QGIS expression of comparisons and the functions listed at the end",
            Self::SortBy => "field names separated by commas, each optionally with A, D, ASC or DESC",
            Self::Properties => "property names separated by commas, or *",
            Self::Wkt => "a geometry as well-known text",
            Self::FormatOptions => {
                "dpi:n, or MODE, SCALE, USE_TITLE_AS_LAYERNAME, NO_MTEXT or FORCE_2D of a DXF export"
            }
            Self::FeatureNumbers => "whole numbers separated by commas",
            Self::Layout => "the name of a layout that the catalogue's print lists",
            Self::Highlight(_) => "part of a highlight, if the catalogue has highlight = true",
            Self::Ignored => "accepted and ignored: QGIS does not read it",
        };
        f.write_str(text)
    }
}
