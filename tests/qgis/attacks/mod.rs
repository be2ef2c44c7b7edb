//! The attacks: written by hand (`raw.txt`), or generated from parameters in every spelling. Their order is always the same.

use super::{attack::Attack, words::Words};

mod bodies;
mod catalogues;
mod expressions;
mod features;
mod maps;
mod ogc;
mod prints;
mod raw;
mod sql;
mod strain;
mod writers;
mod writes;

pub(crate) use strain::strain;

/// Everything that is sent to every door, but what strains it.
pub(crate) fn all(words: &Words) -> Vec<Attack> {
    let families = [
        raw::attacks(words),
        catalogues::attacks(words),
        maps::attacks(words),
        sql::attacks(words),
        expressions::attacks(words),
        ogc::attacks(words),
        features::attacks(words),
        bodies::attacks(words),
        prints::attacks(words),
        writes::attacks(words),
        writers::attacks(words),
    ];
    families.into_iter().flatten().collect()
}
