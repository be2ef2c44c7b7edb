//! WMS GetPrint: print layouts as PDF or picture.

use super::{is, or};
use crate::request::{
    kind::Kind::{
        Boolean, BoundingBox, Choice, Crs, FeatureNumbers, Ignored, Integer, Layers, Layout, Number,
        SqlFilter, Styles,
    },
    operation::Parameter,
};

/// For catalogues that set `print`. The texts listed in `print_texts` are also parameters.
pub(super) const PRINT: &[Parameter] = &[
    is("TEMPLATE", Layout),
    is(
        "FORMAT",
        Choice(&[
            ("pdf", "pdf"),
            ("application/pdf", "pdf"),
            ("png", "png"),
            ("image/png", "png"),
            ("jpg", "jpg"),
            ("image/jpeg", "jpg"),
        ]),
    ),
    is("DPI", Integer(10, 600)),
    is("WIDTH", Integer(0, 8_000)),
    is("HEIGHT", Integer(0, 8_000)),
    or("CRS", &["SRS"], Crs),
    or("LAYERS", &["LAYER"], Layers),
    or("STYLES", &["STYLE"], Styles),
    is("TRANSPARENT", Boolean),
    is("ATLAS_PK", FeatureNumbers),
    is("MAPn:EXTENT", BoundingBox),
    is("MAPn:SCALE", Number(1, 10_000_000_000)),
    is("MAPn:ROTATION", Number(-360, 360)),
    is("MAPn:GRID_INTERVAL_X", Number(0, 10_000_000_000)),
    is("MAPn:GRID_INTERVAL_Y", Number(0, 10_000_000_000)),
    is("MAPn:LAYERS", Layers),
    is("MAPn:STYLES", Styles),
    is("MAPn:FILTER", SqlFilter),
    is("MAPn:FILTER_GEOM", Ignored),
    is("FORMAT_OPTIONS", Ignored),
];
