//! WCS: rasters with their values.

use super::{ANY, VERSION, is, or, read};
use crate::request::{
    kind::Kind::{BoundingBox, Crs, Ignored, Integer, Layers},
    operation::{
        Gives::{File, Nothing},
        Operation, Parameter,
        Service::Wcs,
    },
};

pub(super) const OPERATIONS: &[Operation] = &[
    read(Wcs, ("GetCapabilities", &[]), Nothing, &[VERSION, ANY]),
    read(Wcs, ("DescribeCoverage", &[]), Nothing, &[VERSION, COVERAGES, ANY]),
    read(Wcs, ("GetCoverage", &[]), File, &[VERSION, COVERAGES, COVERAGE, ANY]),
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
