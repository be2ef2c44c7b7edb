//! WMS: maps, legends, and the features at a point.

use super::{
    ANY, VERSION,
    highlight::{HIGHLIGHT, PRINT_HIGHLIGHT},
    is, or,
    print::PRINT,
    read,
};
use crate::request::{
    kind::Kind::{
        Boolean, BoundingBox, Choice, Colour, Crs, FormatOptions, Ignored, Integer, Label, Layers, Number,
        Opacities, Selection, SqlFilter, Styles, Time, Version, Wkt, Word,
    },
    operation::{
        Gives::{Map, Nothing, Place},
        Operation, Parameter,
        Service::Wms,
    },
};

pub(super) const OPERATIONS: &[Operation] = &[
    read(Wms, ("GetCapabilities", &["capabilities"]), Nothing, &[VERSION, ANY]),
    read(Wms, ("GetProjectSettings", &[]), Nothing, &[VERSION, ANY]),
    read(Wms, ("GetMap", &[]), Map, &[VERSION, MAP, MAP_FORMAT, DRAWN, HIGHLIGHT, ANY, ANY_MAP]),
    read(Wms, ("GetFeatureInfo", &[]), Place, &[VERSION, MAP, DRAWN, INFO, ANY, ANY_INFO]),
    read(Wms, ("GetLegendGraphic", &["GetLegendGraphics"]), Nothing, &[VERSION, MAP, LEGEND, ANY, ANY_MAP]),
    read(Wms, ("GetStyles", &["GetStyle"]), Nothing, &[VERSION, LAYERS, ANY]),
    read(Wms, ("DescribeLayer", &[]), Nothing, &[VERSION, LAYERS, SLD_VERSION, ANY]),
    read(Wms, ("GetContext", &[]), Nothing, &[VERSION, ANY]),
    // The schema that QGIS Server's WMS capabilities name in their schemaLocation, a constant text.
    read(Wms, ("GetSchemaExtension", &[]), Nothing, &[VERSION, ANY]),
    read(Wms, ("GetPrint", &[]), Map, &[VERSION, PRINT, DRAWN, HIGHLIGHT, PRINT_HIGHLIGHT, ANY, ANY_MAP]),
];

const LAYERS: &[Parameter] = &[or("LAYERS", &["LAYER"], Layers)];

/// Required by DescribeLayer. It carries no SLD.
const SLD_VERSION: &[Parameter] = &[is("SLD_VERSION", Version)];

/// The extent, size and layers of a map.
const MAP: &[Parameter] = &[
    or("LAYERS", &["LAYER"], Layers),
    or("STYLES", &["STYLE"], Styles),
    or("CRS", &["SRS"], Crs),
    is("BBOX", BoundingBox),
    is("WIDTH", Integer(0, 32_000)),
    is("HEIGHT", Integer(0, 32_000)),
    is("DPI", Integer(10, 600)),
];

const MAP_FORMAT: &[Parameter] = &[
    is(
        "FORMAT",
        Choice(&[
            ("image/png", "image/png"),
            ("png", "image/png"),
            ("image/png; mode=8bit", "image/png; mode=8bit"),
            ("image/png; mode=16bit", "image/png; mode=16bit"),
            ("image/png; mode=1bit", "image/png; mode=1bit"),
            ("image/png;mode=8bit", "image/png; mode=8bit"),
            ("image/png8", "image/png; mode=8bit"),
            ("image/jpeg", "image/jpeg"),
            ("jpeg", "image/jpeg"),
            ("image/webp", "image/webp"),
            ("application/dxf", "application/dxf"),
        ]),
    ),
    is("TRANSPARENT", Boolean),
    is("BGCOLOR", Colour),
    is("TILED", Boolean),
    is("IMAGE_QUALITY", Integer(0, 100)),
    is("FORMAT_OPTIONS", FormatOptions),
];

/// What is drawn of the layers.
const DRAWN: &[Parameter] = &[
    is("FILTER", SqlFilter),
    is("SELECTION", Selection),
    is("OPACITIES", Opacities),
    is("TIME", Time),
    is("ELEVATION", Time),
];

const INFO: &[Parameter] = &[
    is("QUERY_LAYERS", Layers),
    is(
        "INFO_FORMAT",
        Choice(&[
            ("text/plain", "text/plain"),
            ("text/html", "text/html"),
            ("text/xml", "text/xml"),
            ("application/vnd.ogc.gml", "application/vnd.ogc.gml"),
            ("application/vnd.ogc.gml/3.1.1", "application/vnd.ogc.gml/3.1.1"),
            ("application/json", "application/json"),
            ("application/geo+json", "application/geo+json"),
        ]),
    ),
    or("I", &["X"], Integer(-100_000, 100_000)),
    or("J", &["Y"], Integer(-100_000, 100_000)),
    is("FEATURE_COUNT", Integer(0, 10_000)),
    is("FI_POINT_TOLERANCE", Integer(0, 100)),
    is("FI_LINE_TOLERANCE", Integer(0, 100)),
    is("FI_POLYGON_TOLERANCE", Integer(0, 100)),
    is("WITH_GEOMETRY", Boolean),
    is(
        "WITH_MAPTIP",
        Choice(&[
            ("true", "TRUE"),
            ("false", "FALSE"),
            ("1", "TRUE"),
            ("0", "FALSE"),
            ("html_fi_only_maptip", "html_fi_only_maptip"),
        ]),
    ),
    is("WITH_DISPLAY_NAME", Boolean),
    is("WMS_PRECISION", Integer(0, 15)),
    is("SCALE", Number(0, 10_000_000_000)),
    is("FILTER_GEOM", Wkt),
];

const LEGEND: &[Parameter] = &[
    is(
        "FORMAT",
        Choice(&[
            ("image/png", "image/png"),
            ("png", "image/png"),
            ("image/jpeg", "image/jpeg"),
            ("application/json", "application/json"),
        ]),
    ),
    is("RULE", Label),
    is("RULELABEL", Choice(&[("true", "TRUE"), ("false", "FALSE"), ("auto", "AUTO")])),
    is("LAYERTITLE", Boolean),
    is("SHOWFEATURECOUNT", Boolean),
    is("SHOWRULEDETAILS", Boolean),
    is("ADDLAYERGROUPS", Boolean),
    is("SCALE", Number(0, 10_000_000_000)),
    is("SRCWIDTH", Integer(0, 8_000)),
    is("SRCHEIGHT", Integer(0, 8_000)),
    is("BOXSPACE", Number(0, 100)),
    is("LAYERSPACE", Number(0, 100)),
    is("LAYERTITLESPACE", Number(0, 100)),
    is("SYMBOLSPACE", Number(0, 100)),
    is("ICONLABELSPACE", Number(0, 100)),
    is("SYMBOLWIDTH", Number(0, 100)),
    is("SYMBOLHEIGHT", Number(0, 100)),
    is("ITEMFONTSIZE", Number(0, 72)),
    is("LAYERFONTSIZE", Number(0, 72)),
    is("ITEMFONTFAMILY", Word(60)),
    is("LAYERFONTFAMILY", Word(60)),
    is("ITEMFONTBOLD", Boolean),
    is("ITEMFONTITALIC", Boolean),
    is("LAYERFONTBOLD", Boolean),
    is("LAYERFONTITALIC", Boolean),
    is("ITEMFONTCOLOR", Colour),
    is("LAYERFONTCOLOR", Colour),
    is("TRANSPARENT", Boolean),
];

const ANY_MAP: &[Parameter] = &[
    is("MAP_RESOLUTION", Ignored),
    is("LEGEND_OPTIONS", Ignored),
    is("SCALE_DENOMINATOR", Ignored),
    is("FILTER_GEOM", Ignored),
    is("FILENAME", Ignored),
    is("CONTENT_DISPOSITION", Ignored),
    is("COLORS", Ignored),
    is("TILED", Ignored),
    is("BGCOLOR", Ignored),
];

const ANY_INFO: &[Parameter] = &[
    is("TRANSPARENT", Ignored),
    is("BGCOLOR", Ignored),
    is("TILED", Ignored),
    is("MAP_RESOLUTION", Ignored),
    is("ID", Ignored),
    is("RADIUS", Ignored),
];
