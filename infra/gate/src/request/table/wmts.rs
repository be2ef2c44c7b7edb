//! WMTS: tiles.

use super::{ANY, VERSION, is, read};
use crate::request::{
    kind::Kind::{Choice, Ignored, Integer, Layers, Word},
    operation::{
        Gives::{Map, Nothing, Place},
        Operation, Parameter,
        Service::Wmts,
    },
};

pub(super) const OPERATIONS: &[Operation] = &[
    read(Wmts, ("GetCapabilities", &[]), Nothing, &[VERSION, ANY]),
    read(Wmts, ("GetTile", &[]), Map, &[VERSION, TILE, ANY]),
    read(Wmts, ("GetFeatureInfo", &[]), Place, &[VERSION, TILE, TILE_INFO, ANY]),
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
