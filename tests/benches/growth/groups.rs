//! An exchange by the number of the person's groups and of the site's catalogues. The person may read one catalogue, so that
//! only what the decision looks at grows; a second series opens more of 200 catalogues, so that the session grows.

use entra_emulator::{Person, TokenSpec};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::{
    World, cached_sites,
    figures::{Aim, Figure},
    turns::{Side, Turns},
};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{
    ROUNDS, SLICE, exchange,
    files::{name, readers, site},
    fit::{fit, largest_deviation},
};

/// The numbers of groups and of catalogues, and of catalogues that are opened. Entra lists at most 200 groups.
const COUNTS: [usize; 3] = [1, 50, 200];
/// A group of the person that no catalogue names has at least this number.
const FOREIGN: usize = 1_000;

/// Measures exchanges of all combinations, and returns what each further group and catalogue adds.
pub(crate) fn measure(runtime: &Runtime) -> Vec<Figure> {
    let pairs = COUNTS.map(|groups| COUNTS.map(|catalogues| (groups, catalogues))).concat();
    let mut sides: Vec<_> =
        pairs.iter().map(|(groups, catalogues)| side(runtime, *groups, *catalogues, 1)).collect();
    let most = COUNTS[2];
    sides.extend(COUNTS.map(|opened| side(runtime, most, most, opened)));
    let turns = Turns::take(&mut sides, ROUNDS, SLICE);
    let first = turns.median(0);
    let smallest = format!("1 group, 1 catalogue: {first:.1} µs");
    let rows = |(groups, catalogues): &(usize, usize)| {
        let [groups, catalogues] = [*groups, *catalogues].map(real);
        vec![1.0, groups, catalogues, groups * catalogues]
    };
    let grid: Vec<_> = pairs.iter().map(rows).zip((0..).map(|side| turns.median(side))).collect();
    let slopes = fit(&grid);
    let largest = turns.median(pairs.len() - 1);
    let opened: Vec<_> = COUNTS
        .iter()
        .zip(pairs.len()..)
        .map(|(opened, side)| (vec![1.0, real(*opened)], turns.median(side)))
        .collect();
    let slope_opened = fit(&opened);
    let told = |what: &str, slope: f64| {
        Figure::new(format!("growth: each further {what} adds"), Aim::Told, slope * 1e3, "ns")
            .beside(&*smallest)
    };
    let linear = |what: &str, deviation: f64| {
        Figure::new(
            format!("growth: farthest from a straight line, by {what}"),
            Aim::AtMost(1.3),
            deviation,
            "×",
        )
    };
    vec![
        told("group of the person", slopes[1]),
        told("catalogue of the site", slopes[2]),
        told("pair of group and catalogue", slopes[3]),
        linear("groups and catalogues", largest_deviation(&grid, &slopes))
            .beside(format!("{smallest}; {most} groups, {most} catalogues: {largest:.1} µs")),
        told("catalogue that the session opens", slope_opened[1]),
        linear("catalogues opened", largest_deviation(&opened, &slope_opened))
            .beside(format!("1 of {most} opened: {:.1} µs; all: {:.1} µs", opened[0].1, opened[2].1)),
    ]
}

/// Returns an exchange of a person in `groups` groups, the first of which open `opened` of the site's `catalogues`.
fn side(runtime: &Runtime, groups: usize, catalogues: usize, opened: usize) -> Side<'_> {
    let files = [site(0, catalogues)];
    let world = runtime.block_on(World::with(&files, SigningAlgorithm::Es256));
    let own: Vec<Uuid> =
        (0..groups).map(|group| readers(if group < opened { group } else { FOREIGN + group })).collect();
    world.entra.set_groups(&name(0), Person::Reader, own);
    let token = world.token(&TokenSpec { site: name(0), ..TokenSpec::default() });
    exchange(runtime, world.exchange_with(cached_sites(&files), world.key_sets.clone()), &token)
}

/// A count as a number to calculate with.
fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::NAN, f64::from)
}
