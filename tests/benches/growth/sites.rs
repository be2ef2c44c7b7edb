//! An exchange beside other registered sites, all of which have exchanged before, so that their records and keys are cached.

use std::time::Duration;

use entra_emulator::TokenSpec;
use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::{
    World, cached_sites,
    figures::{Aim, Figure},
    turns::Turns,
};
use tokio::runtime::Runtime;

use super::{
    ROUNDS, SLICE, exchange,
    files::{name, site},
};

/// The numbers of registered sites.
const COUNTS: [usize; 3] = [1, 100, 10_000];
/// The catalogues of each.
const CATALOGUES: usize = 3;

/// Measures an exchange of the same person with few and many registered sites.
pub(crate) fn measure(runtime: &Runtime) -> Vec<Figure> {
    let files: Vec<_> = (0..COUNTS[2]).map(|number| site(number, CATALOGUES)).collect();
    let world = runtime.block_on(World::with(&files, SigningAlgorithm::Es256));
    let token = |number: usize| world.token(&TokenSpec { site: name(number), ..TokenSpec::default() });
    let tokens: Vec<_> = (0..COUNTS[2]).map(token).collect();
    let mut sides: Vec<_> = COUNTS
        .iter()
        .map(|count| {
            let router = world.exchange_with(cached_sites(&files[..*count]), world.key_sets.clone());
            for token in &tokens[..*count] {
                exchange(runtime, router.clone(), token).time_per_call(Duration::ZERO); // Warm.
            }
            exchange(runtime, router, &tokens[0])
        })
        .collect();
    let turns = Turns::take(&mut sides, ROUNDS, SLICE);
    let one = turns.median(0);
    let figure = |side: usize, count: usize| {
        let what = format!("growth: an exchange with {count} registered sites ÷ with 1");
        Figure::new(what, Aim::AtMost(1.1), turns.ratio(side, 0), "×").beside(format!("1 site: {one:.1} µs"))
    };
    vec![figure(1, COUNTS[1]), figure(2, COUNTS[2])]
}
