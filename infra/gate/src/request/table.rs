//! The table of operations: what a client may ask QGIS Server for, parameter by parameter. What is not in it is refused and
//! named. `pozi-gate operations` prints it.
//!
//! Sources: the parameters that QGIS Server 3.22 and 3.40 read, and what OpenLayers, QGIS Desktop, GDAL, OWSLib, Leaflet,
//! MapLibre, QWC2, Lizmap and Pozi's Web App send.

use pozi_auth::sites::Access::{Read, Write};

use super::{
    kind::{
        Highlight,
        Kind::{
            Boolean, BoundingBox, Choice, Colour, Crs, Expression, FeatureIds, FeatureNumbers, FormatOptions,
            Highlight as Drawn, Ignored, Integer, Label, Layers, Layout, Number, OgcFilter, Opacities,
            Properties, Selection, SortBy, SqlFilter, Styles, Time, TypeNames, Version, Wkt, Word,
        },
    },
    operation::{
        Operation, Parameter,
        Service::{Features, Wcs, Wfs, Wms, Wmts},
    },
};

/// Every operation.
pub const OPERATIONS: &[Operation] = &[
    // WMS: maps and what is at a point of them.
    read(Wms, "GetCapabilities", &["capabilities"], &[VERSION, ANY]),
    read(Wms, "GetProjectSettings", &[], &[VERSION, ANY]),
    read(Wms, "GetMap", &[], &[VERSION, MAP, MAP_FORMAT, DRAWN, HIGHLIGHT, ANY, ANY_MAP]),
    read(Wms, "GetFeatureInfo", &[], &[VERSION, MAP, DRAWN, INFO, ANY, ANY_INFO]),
    read(Wms, "GetLegendGraphic", &["GetLegendGraphics"], &[VERSION, MAP, LEGEND, ANY, ANY_MAP]),
    read(Wms, "GetStyles", &["GetStyle"], &[VERSION, LAYERS, ANY]),
    read(Wms, "DescribeLayer", &[], &[VERSION, LAYERS, SLD_VERSION, ANY]),
    read(Wms, "GetContext", &[], &[VERSION, ANY]),
    // The schema that WMS capabilities of QGIS Server name in their schemaLocation: a constant text.
    read(Wms, "GetSchemaExtension", &[], &[VERSION, ANY]),
    read(Wms, "GetPrint", &[], &[VERSION, PRINT, DRAWN, HIGHLIGHT, PRINT_HIGHLIGHT, ANY, ANY_MAP]),
    // WFS: features, read and written.
    read(Wfs, "GetCapabilities", &[], &[VERSION, ANY]),
    read(Wfs, "DescribeFeatureType", &[], &[VERSION, TYPES, DESCRIBE_FORMAT, ANY]),
    read(Wfs, "GetFeature", &[], &[VERSION, TYPES, FEATURES, ANY, ANY_FEATURES]),
    Operation { service: Wfs, name: "Transaction", also: &[], access: Write, parameters: &[VERSION] },
    // WMTS: tiles.
    read(Wmts, "GetCapabilities", &[], &[VERSION, ANY]),
    read(Wmts, "GetTile", &[], &[VERSION, TILE, ANY]),
    read(Wmts, "GetFeatureInfo", &[], &[VERSION, TILE, TILE_INFO, ANY]),
    // WCS: rasters with their values.
    read(Wcs, "GetCapabilities", &[], &[VERSION, ANY]),
    read(Wcs, "DescribeCoverage", &[], &[VERSION, COVERAGES, ANY]),
    read(Wcs, "GetCoverage", &[], &[VERSION, COVERAGES, COVERAGE, ANY]),
    // OGC API Features: its parameters by path. A collection's fields are parameters of its items, too.
    read(Features, "landing page, conformance, api, collections, collection", &[], &[ANY_API]),
    read(Features, "items", &[], &[ITEMS, ANY_API]),
    read(Features, "item", &[], &[ITEM, ANY_API]),
    Operation {
        service: Features,
        name: "POST, PUT, DELETE of an item",
        also: &[],
        access: Write,
        parameters: &[ANY_API],
    },
];

const VERSION: &[Parameter] = &[is("VERSION", Version)];

const LAYERS: &[Parameter] = &[or("LAYERS", &["LAYER"], Layers)];

/// DescribeLayer wants it; it has nothing to do with SLD.
const SLD_VERSION: &[Parameter] = &[is("SLD_VERSION", Version)];

/// A map's frame and layers.
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

/// What of the layers is drawn.
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

/// For catalogues that set `print`. The texts that `print_texts` lists are parameters, too.
const PRINT: &[Parameter] = &[
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

/// QWC2's. Mostly empty.
const HIGHLIGHT: &[Parameter] = &[
    is("HIGHLIGHT_GEOM", Drawn(Highlight::Geometry)),
    is("HIGHLIGHT_SYMBOL", Drawn(Highlight::Symbol)),
    is("HIGHLIGHT_LABELSTRING", Drawn(Highlight::Text)),
    is("HIGHLIGHT_LABELFONT", Drawn(Highlight::Font)),
    is("HIGHLIGHT_LABELSIZE", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABELWEIGHT", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABELCOLOR", Drawn(Highlight::Colour)),
    is("HIGHLIGHT_LABELBUFFERCOLOR", Drawn(Highlight::Colour)),
    is("HIGHLIGHT_LABELBUFFERSIZE", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABEL_ROTATION", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABEL_DISTANCE", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABELFRAMEBACKGROUNDCOLOR", Ignored),
    is("HIGHLIGHT_LABELFRAMEOUTLINECOLOR", Ignored),
    is("HIGHLIGHT_LABELFRAMEOUTLINEWIDTH", Ignored),
    is("HIGHLIGHT_LABELFRAMESIZE", Ignored),
];

const PRINT_HIGHLIGHT: &[Parameter] = &[
    is("MAPn:HIGHLIGHT_GEOM", Drawn(Highlight::Geometry)),
    is("MAPn:HIGHLIGHT_SYMBOL", Drawn(Highlight::Symbol)),
    is("MAPn:HIGHLIGHT_LABELSTRING", Drawn(Highlight::Text)),
    is("MAPn:HIGHLIGHT_LABELFONT", Drawn(Highlight::Font)),
    is("MAPn:HIGHLIGHT_LABELSIZE", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABELWEIGHT", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABELCOLOR", Drawn(Highlight::Colour)),
    is("MAPn:HIGHLIGHT_LABELBUFFERCOLOR", Drawn(Highlight::Colour)),
    is("MAPn:HIGHLIGHT_LABELBUFFERSIZE", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABEL_ROTATION", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABEL_DISTANCE", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABELFRAMEBACKGROUNDCOLOR", Ignored),
    is("MAPn:HIGHLIGHT_LABELFRAMEOUTLINECOLOR", Ignored),
    is("MAPn:HIGHLIGHT_LABELFRAMEOUTLINEWIDTH", Ignored),
    is("MAPn:HIGHLIGHT_LABELFRAMESIZE", Ignored),
];

/// QGIS Server has no WFS 2.0, whose names are taken for those of 1.1.
const TYPES: &[Parameter] = &[or("TYPENAME", &["TYPENAMES"], TypeNames)];

const DESCRIBE_FORMAT: &[Parameter] = &[is(
    "OUTPUTFORMAT",
    Choice(&[
        ("XMLSCHEMA", "XMLSCHEMA"),
        ("gml2", "gml2"),
        ("gml3", "gml3"),
        ("text/xml; subtype=gml/2.1.2", "gml2"),
        ("text/xml; subtype=gml/3.1.1", "gml3"),
        ("text/xml; subtype=gml/3.2", "gml3"),
        ("application/gml+xml; version=3.2", "gml3"),
    ]),
)];

const FEATURES: &[Parameter] = &[
    is(
        "OUTPUTFORMAT",
        Choice(&[
            ("gml2", "gml2"),
            ("gml3", "gml3"),
            ("text/xml", "gml3"),
            ("text/xml; subtype=gml/2.1.2", "gml2"),
            ("text/xml; subtype=gml/3.1.1", "gml3"),
            ("text/xml; subtype=gml/3.2", "gml3"),
            ("text/xml; subtype=gml/3.2.1", "gml3"),
            ("application/gml+xml; version=3.2", "gml3"),
            ("geojson", "geojson"),
            ("json", "geojson"),
            ("application/json", "geojson"),
            ("application/geo+json", "geojson"),
            ("application/vnd.geo+json", "geojson"),
        ]),
    ),
    or("MAXFEATURES", &["COUNT"], Integer(0, 1_000_000_000)),
    is("STARTINDEX", Integer(0, 1_000_000_000)),
    is("RESULTTYPE", Choice(&[("results", "results"), ("hits", "hits")])),
    is("SRSNAME", Crs),
    is("BBOX", BoundingBox),
    or("FEATUREID", &["RESOURCEID"], FeatureIds),
    is("FILTER", OgcFilter),
    is("EXP_FILTER", Expression),
    is("PROPERTYNAME", Properties),
    is("SORTBY", SortBy),
    is("GEOMETRYNAME", Choice(&[("extent", "extent"), ("centroid", "centroid"), ("none", "none")])),
];

const TILE: &[Parameter] = &[
    is("LAYER", Layers),
    is("STYLE", Ignored),
    is("FORMAT", Choice(&[("image/png", "image/png"), ("image/jpeg", "image/jpeg")])),
    is("TILEMATRIXSET", Word(60)),
    is("TILEMATRIX", Integer(0, 40)),
    is("TILEROW", Integer(-1, 4_294_967_296)),
    is("TILECOL", Integer(-1, 4_294_967_296)),
];

const TILE_INFO: &[Parameter] = &[
    is(
        "INFOFORMAT",
        Choice(&[
            ("text/plain", "text/plain"),
            ("text/html", "text/html"),
            ("text/xml", "text/xml"),
            ("application/vnd.ogc.gml", "application/vnd.ogc.gml"),
            ("application/json", "application/json"),
        ]),
    ),
    is("I", Integer(0, 10_000)),
    is("J", Integer(0, 10_000)),
];

const COVERAGES: &[Parameter] = &[or("COVERAGE", &["IDENTIFIER"], Layers)];

const COVERAGE: &[Parameter] = &[
    is("CRS", Crs),
    is("RESPONSE_CRS", Crs),
    is("BBOX", BoundingBox),
    is("WIDTH", Integer(0, 32_000)),
    is("HEIGHT", Integer(0, 32_000)),
    is("FORMAT", Ignored),
    is("RESX", Ignored),
    is("RESY", Ignored),
    is("BANDS", Ignored),
    is("INTERPOLATION", Ignored),
    is("TIME", Ignored),
];

/// The names of OGC API Features are told apart by case.
const ITEMS: &[Parameter] = &[
    is("limit", Integer(0, 10_000)),
    is("offset", Integer(0, 1_000_000_000)),
    is("bbox", BoundingBox),
    is("bbox-crs", Crs),
    is("crs", Crs),
    is("datetime", Time),
    is("resultType", Choice(&[("results", "results"), ("hits", "hits")])),
    is("properties", Properties),
    is("sortby", SortBy),
    is("sortdesc", Boolean),
];

/// QGIS's own pages link to an item with the list's `limit` and `offset`.
const ITEM: &[Parameter] =
    &[is("crs", Crs), is("properties", Properties), is("limit", Ignored), is("offset", Ignored)];

/// What clients send to every operation and QGIS does not read.
const ANY: &[Parameter] = &[
    is("_", Ignored),
    is("_DC", Ignored),
    is("_T", Ignored),
    is("RANDOM", Ignored),
    is("CACHE", Ignored),
    is("CACHEBUSTER", Ignored),
    is("LANGUAGE", Ignored),
    is("UPDATESEQUENCE", Ignored),
    is("SECTIONS", Ignored),
    is("ACCEPTVERSIONS", Ignored),
    is("ACCEPTFORMATS", Ignored),
    is("ACCEPTLANGUAGES", Ignored),
    is("EXCEPTIONS", Ignored),
    is("SLD_VERSION", Ignored),
    is("FORMAT", Ignored),
    is("CSRF_TOKEN", Ignored),
    is("F", Ignored),
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

const ANY_FEATURES: &[Parameter] = &[
    is("NAMESPACE", Ignored),
    is("NAMESPACES", Ignored),
    is("TRAVERSEXLINKDEPTH", Ignored),
    is("VIEWPARAMS", Ignored),
];

/// QGIS reads none of these, and answers as if they were not there.
const ANY_API: &[Parameter] = &[
    is("f", Ignored),
    is("filter", Ignored),
    is("filter-lang", Ignored),
    is("q", Ignored),
    is("datetime_", Ignored),
    is("_", Ignored),
];

const fn read(
    service: super::operation::Service,
    name: &'static str,
    also: &'static [&'static str],
    parameters: &'static [&'static [Parameter]],
) -> Operation {
    Operation { service, name, also, access: Read, parameters }
}

const fn is(name: &'static str, kind: super::Kind) -> Parameter {
    Parameter { name, also: &[], kind }
}

const fn or(name: &'static str, also: &'static [&'static str], kind: super::Kind) -> Parameter {
    Parameter { name, also, kind }
}
