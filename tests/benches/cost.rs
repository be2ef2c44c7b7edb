//! What the exchanges cost on Lambda, computed from the measured time of a warm one.

use pozi_tests::figures::{Aim, Figure, WARM_EXCHANGE};

/// List prices of us-east-1 in November 2026, in US dollars.
const GIGABYTE_SECOND: f64 = 0.000_013_333_4;
const MILLION_REQUESTS: f64 = 0.20;
/// The memory with which a function gets one whole core.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>.
const WHOLE_CORE: f64 = 1_769.0;
/// As in docs/deploy.md: 200 people with 16 exchanges on each of 22 days.
const EXCHANGES_OF_COUNCIL: f64 = 200.0 * 16.0 * 22.0;

/// Returns the costs of exchanges that last as long as that in `measured`; none if it has none.
pub(crate) fn figures(measured: &[Figure]) -> Vec<Figure> {
    let Some(warm) = measured.iter().find(|figure| figure.what == WARM_EXCHANGE) else { return Vec::new() };
    [256.0, 128.0].into_iter().flat_map(|memory| of_memory(warm.result, memory)).collect()
}

/// Returns the costs with `memory` (MiB), for an exchange of so many microseconds on a whole core. Lambda bills whole milliseconds.
fn of_memory(microseconds: f64, memory: f64) -> [Figure; 2] {
    let milliseconds = (microseconds / 1e3 * WHOLE_CORE / memory).ceil();
    let gigabyte_seconds = 1e6 * memory / 1_024.0 * milliseconds / 1e3;
    let million = MILLION_REQUESTS + gigabyte_seconds * GIGABYTE_SECOND;
    let council = million * EXCHANGES_OF_COUNCIL / 1e6;
    let of_million = format!(
        "requests {:.1} and {gigabyte_seconds:.0} GB-s; {microseconds:.0} µs of a whole core are {milliseconds} ms of its {:.0} % (arm64, warm)",
        MILLION_REQUESTS * 100.0,
        memory / WHOLE_CORE * 100.0
    );
    let of_council = format!("200 people, 16 exchanges on each of 22 days: {EXCHANGES_OF_COUNCIL}");
    [
        told(&format!("Lambda, {memory} MB: a million exchanges"), million).beside(of_million),
        told(&format!("Lambda, {memory} MB: a council's exchanges in a month"), council).beside(of_council),
    ]
}

fn told(what: &str, dollars: f64) -> Figure {
    Figure::new(what, Aim::Told, dollars * 100.0, "US cents")
}
