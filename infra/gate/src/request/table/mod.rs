//! The table of operations: what a client may ask QGIS Server for, parameter by parameter, one file a service. What is not
//! in it is refused and named. `pozi-gate operations` prints it.
//!
//! Sources: the parameters that QGIS Server 3.22 and 3.40 read, and what OpenLayers, QGIS Desktop, GDAL, OWSLib, Leaflet,
//! MapLibre, QWC2, Lizmap and Pozi's Web App send.

pub(super) mod features;
mod highlight;
mod print;
mod wcs;
pub(super) mod wfs;
mod wms;
mod wmts;

use pozi_auth::sites::Access;

use super::{
    kind::Kind,
    operation::{Gives, Operation, Parameter, Service},
};

/// All operations, service by service.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    [wms::OPERATIONS, wfs::OPERATIONS, wmts::OPERATIONS, wcs::OPERATIONS, features::OPERATIONS]
        .into_iter()
        .flatten()
}

const VERSION: &[Parameter] = &[is("VERSION", Kind::Version)];

/// What clients send with every operation and QGIS does not read.
const ANY: &[Parameter] = &[
    is("_", Kind::Ignored),
    is("_DC", Kind::Ignored),
    is("_T", Kind::Ignored),
    is("RANDOM", Kind::Ignored),
    is("CACHE", Kind::Ignored),
    is("CACHEBUSTER", Kind::Ignored),
    is("LANGUAGE", Kind::Ignored),
    is("UPDATESEQUENCE", Kind::Ignored),
    is("SECTIONS", Kind::Ignored),
    is("ACCEPTVERSIONS", Kind::Ignored),
    is("ACCEPTFORMATS", Kind::Ignored),
    is("ACCEPTLANGUAGES", Kind::Ignored),
    is("EXCEPTIONS", Kind::Ignored),
    is("SLD_VERSION", Kind::Ignored),
    is("FORMAT", Kind::Ignored),
    is("CSRF_TOKEN", Kind::Ignored),
    is("F", Kind::Ignored),
];

const fn read(
    service: Service,
    (name, also): (&'static str, &'static [&'static str]),
    gives: Gives,
    parameters: &'static [&'static [Parameter]],
) -> Operation {
    Operation { service, name, also, access: Access::Read, gives, parameters }
}

const fn write(
    service: Service,
    name: &'static str,
    parameters: &'static [&'static [Parameter]],
) -> Operation {
    Operation { service, name, also: &[], access: Access::Write, gives: Gives::Nothing, parameters }
}

const fn is(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, also: &[], kind }
}

const fn or(name: &'static str, also: &'static [&'static str], kind: Kind) -> Parameter {
    Parameter { name, also, kind }
}
