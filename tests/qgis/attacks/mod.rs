//! The attacks, written by hand (`raw.txt`) or generated from probes, always in the same order.

use super::{attack::Attack, fixture::Fixture};

mod bodies;
mod exhaustion;
mod expressions;
mod maps;
mod ogc_api;
mod other_catalogue;
mod prints;
mod raw;
mod wfs;
mod wms_filter;
mod writers;
mod writes;

pub(crate) use exhaustion::exhaustion;

/// All attacks except the exhausting ones.
pub(crate) fn all(fixture: &Fixture) -> Vec<Attack> {
    let families = [
        raw::attacks(fixture),
        other_catalogue::attacks(fixture),
        maps::attacks(fixture),
        wms_filter::attacks(fixture),
        expressions::attacks(fixture),
        wfs::attacks(fixture),
        ogc_api::attacks(fixture),
        bodies::attacks(fixture),
        prints::attacks(fixture),
        writes::attacks(fixture),
        writers::attacks(fixture),
    ];
    families.into_iter().flatten().collect()
}
