//! WFS: features, read and written.

use super::{ANY, VERSION, is, or, read, write};
use crate::request::{
    kind::Kind::{
        BoundingBox, Choice, Crs, Expression, FeatureIds, Ignored, Integer, OgcFilter, Properties, SortBy,
        TypeNames,
    },
    operation::{
        Gives::{Features, Nothing},
        Operation, Parameter,
        Service::Wfs,
    },
};

pub(super) const OPERATIONS: &[Operation] = &[
    read(Wfs, ("GetCapabilities", &[]), Nothing, &[VERSION, ANY]),
    read(Wfs, ("DescribeFeatureType", &[]), Nothing, &[VERSION, TYPES, DESCRIBE_FORMAT, ANY]),
    GET_FEATURE,
    TRANSACTION,
];

pub(in crate::request) const GET_FEATURE: Operation =
    read(Wfs, ("GetFeature", &[]), Features, &[VERSION, TYPES, FEATURES, ANY, ANY_FEATURES]);
pub(in crate::request) const TRANSACTION: Operation = write(Wfs, "Transaction", &[VERSION]);

/// QGIS Server has no WFS 2.0; the names of 2.0 are read as those of 1.1.
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

const ANY_FEATURES: &[Parameter] = &[
    is("NAMESPACE", Ignored),
    is("NAMESPACES", Ignored),
    is("TRAVERSEXLINKDEPTH", Ignored),
    is("VIEWPARAMS", Ignored),
];
