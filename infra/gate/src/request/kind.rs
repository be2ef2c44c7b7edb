//! What kinds of value there are.

use std::fmt;

/// What a parameter's value may be. Bounds include their ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A version number, such as 1.3.0. QGIS answers one that it lacks in a version of its own.
    Version,
    /// A whole number between two bounds.
    Integer(i64, i64),
    /// A number between two bounds.
    Number(i64, i64),
    /// `true`, `false`, `1` or `0`, in any case.
    Boolean,
    /// Four numbers, perhaps with a coordinate reference system behind them.
    BoundingBox,
    /// A coordinate reference system: `EPSG:n`, `CRS:84`, a URN or URL of the OGC.
    Crs,
    /// Names of layers or coverages separated by commas, none twice, at most 200.
    Layers,
    /// Type names separated by commas, none twice, at most 200.
    TypeNames,
    /// Feature ids `type.id` separated by commas.
    FeatureIds,
    /// Names of styles separated by commas, each perhaps empty.
    Styles,
    /// One of a list, in any case: as clients write it, and as it is written for QGIS.
    Choice(&'static [(&'static str, &'static str)]),
    /// `0xrrggbb`, `#rrggbb` or a colour's name.
    Colour,
    /// Whole numbers 0 to 255 separated by commas.
    Opacities,
    /// A name of letters, digits, spaces, `-`, `_`, `.`, `:` and `/`, at most so many characters.
    Word(usize),
    /// A rule's name in a legend: text without control characters, at most 200 characters.
    Label,
    /// ISO 8601 dates and times, intervals with `/`, lists with commas.
    Time,
    /// `layer:id,id;layer:id`.
    Selection,
    /// `layer:condition;layer:condition`, a condition of comparisons, `IN`, `LIKE`, `IS NULL`, `AND`, `OR`, `NOT`.
    SqlFilter,
    /// OGC filters in XML, one for each type, in brackets where there are several.
    OgcFilter,
    /// A QGIS expression of the functions that `pozi-gate operations` lists.
    Expression,
    /// Field names, each perhaps followed by `A`, `D`, `ASC` or `DESC`, separated by commas.
    SortBy,
    /// Property names separated by commas, in brackets for several types, or `*`.
    Properties,
    /// A geometry as well-known text.
    Wkt,
    /// `dpi:n`, which QGIS does not read, or the options of a DXF export: `MODE`, `SCALE`, `USE_TITLE_AS_LAYERNAME`,
    /// `NO_MTEXT`, `FORCE_2D`. `LAYERATTRIBUTES` is not among them: it writes any field into the file, hidden ones too.
    FormatOptions,
    /// Ids of features that are whole numbers, separated by commas.
    FeatureNumbers,
    /// The name of a print layout that the catalogue's `print` lists.
    Layout,
    /// Part of a highlight, for catalogues with `highlight = true`; may be empty anywhere.
    Highlight(Highlight),
    /// Clients send it and it means nothing to QGIS: whatever it says is dropped.
    Ignored,
}

/// A part of a highlight: geometries with labels that a client wants drawn on a map. Lists are separated by `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Highlight {
    /// Well-known text.
    Geometry,
    /// What a client wants them drawn like, as SLD, which can load files and addresses: never passed on. The gate writes a
    /// style of its own in its place.
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
            Self::Integer(least, most) => return write!(f, "a whole number from {least} to {most}"),
            Self::Number(least, most) => return write!(f, "a number from {least} to {most}"),
            Self::Boolean => "true or false",
            Self::BoundingBox => "four numbers, and perhaps a coordinate reference system",
            Self::Crs => "a coordinate reference system, such as EPSG:3857",
            Self::Layers => "layer names separated by commas, none twice, at most 200",
            Self::TypeNames => "type names separated by commas, none twice, at most 200",
            Self::FeatureIds => "feature ids, type.id, separated by commas",
            Self::Styles => "style names separated by commas, each perhaps empty",
            Self::Choice(choices) => {
                f.write_str("one of ")?;
                let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
                return f.write_str(&names.join(", "));
            }
            Self::Colour => "a colour: 0xrrggbb, #rrggbb, or a name",
            Self::Opacities => "whole numbers from 0 to 255 separated by commas",
            Self::Word(most) => {
                return write!(f, "at most {most} letters, digits, spaces, and characters of - _ . : /");
            }
            Self::Label => "a name of at most 200 characters",
            Self::Time => "ISO 8601 dates or times, intervals with /, lists with commas",
            Self::Selection => "layer:id,id;layer:id",
            Self::SqlFilter => "layer:\"field\" = 'value' with AND, OR, NOT, IN, LIKE, IS NULL, and brackets",
            Self::OgcFilter => "an OGC filter without functions",
            Self::Expression => "a QGIS expression of comparisons and the functions listed below",
            Self::SortBy => "field names, each perhaps with A, D, ASC or DESC, separated by commas",
            Self::Properties => "property names separated by commas, or *",
            Self::Wkt => "a geometry as well-known text",
            Self::FormatOptions => {
                "dpi:n, or of a DXF export MODE, SCALE, USE_TITLE_AS_LAYERNAME, NO_MTEXT, FORCE_2D"
            }
            Self::FeatureNumbers => "whole numbers separated by commas",
            Self::Layout => "a layout that the catalogue's print lists",
            Self::Highlight(_) => "part of a highlight, where the catalogue says highlight = true",
            Self::Ignored => "taken and dropped: it means nothing to QGIS",
        };
        f.write_str(text)
    }
}
