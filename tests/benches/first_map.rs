//! From the sign-in to the first map: the whole service, QGIS Server and a browser with the example of a Web App. Which requests
//! wait for which is counted, and the time compared with QGIS Server's own for the same maps.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "first_map/qgis.rs"]
mod qgis;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Parser as _;
use pozi_local::{args::Args, service::Service};
use pozi_tests::{
    figures::{Aim, Figure, hand_in},
    install, install_qgis, node_with,
    turns::median,
};
use serde::Deserialize;

/// How often each way is measured.
const RUNS: usize = 3;
/// The milliseconds of a trip where trips take time.
const TRIP: f64 = 50.0;

/// What the browser did in one sign-in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    /// The milliseconds of a trip.
    delay: f64,
    /// Whether the maps came through the Web App's own origin.
    is_own: bool,
    /// The longest chain of requests that waited for each other.
    trips: f64,
    /// How many of those had to open a connection first.
    connections: f64,
    chain: String,
    exchange_preflights: f64,
    maps: f64,
    map_preflights: f64,
    map_preflights_again: f64,
    milliseconds: f64,
    milliseconds_of_all: f64,
    queries: Vec<String>,
}

fn main() {
    // `cargo test --benches` also runs this program.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let what = "the first map after a sign-in";
    let Some(folder) = node_with("examples/web", what).and_then(|_| node_with("tests/browser", what)) else {
        println!("not measured: {what} needs npm's packages");
        return;
    };
    if !install("browser", what) || !install_qgis() {
        println!("not measured: {what} needs Chromium and QGIS Server (Debian: chromium, qgis-server)");
        return;
    }
    let state = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let measured = in_browser(&runtime, &folder, state.path());
    let queries = measured.iter().find(|run| !run.queries.is_empty()).map_or(&[][..], |run| &run.queries);
    let drawn = runtime.block_on(qgis::median_directly(state.path(), queries));
    hand_in("first_map", &figures(&measured, drawn));
}

/// Starts the service, and signs a person in in a browser several times.
fn in_browser(runtime: &tokio::runtime::Runtime, folder: &Path, state: &Path) -> Vec<Measured> {
    let arguments = Args::parse_from(["pozi-local", "--port=0", "--state", &state.display().to_string()]);
    let service = runtime.block_on(Service::start(&arguments)).expect("the service starts");
    let result: PathBuf = state.join("first-map.json");
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "--test-timeout=500000", "first-map.mjs"])
        .current_dir(folder)
        .env("POZI_BASE", service.base())
        .env("POZI_TENANT_PORT", service.tenant().port().unwrap_or_default().to_string())
        .env("POZI_CHROMIUM", "/usr/bin/chromium")
        .env("POZI_RESULT", &result)
        .env("POZI_RUNS", RUNS.to_string())
        .stdin(Stdio::null());
    let serving = runtime.spawn(service.serve());
    let output = node.output().expect("node runs");
    serving.abort();
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{log}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&fs::read(result).expect("the browser's results")).expect("they are as expected")
}

/// Returns the figures of all runs; `drawn` is QGIS Server's own time for a map in milliseconds.
fn figures(measured: &[Measured], drawn: f64) -> Vec<Figure> {
    let exchange = median(measured.iter().map(|run| run.exchange_preflights));
    let mut figures =
        vec![Figure::new("first map: preflights of the exchange", Aim::AtMost(0.0), exchange, "preflights")];
    for (is_own, place) in [(true, "the Web App's own origin"), (false, "another origin")] {
        let way = Way { measured, is_own, place };
        figures.extend(way.counts());
        figures.extend(way.times(drawn));
    }
    figures
}

/// The runs with maps from one place.
struct Way<'a> {
    measured: &'a [Measured],
    is_own: bool,
    place: &'a str,
}

impl Way<'_> {
    /// What does not depend on the machine.
    fn counts(&self) -> Vec<Figure> {
        let count = |what: &str, aim, value: fn(&Measured) -> f64, unit: &str| {
            self.figure(what, aim, self.median(TRIP, value), unit)
        };
        let tiles = format!("{:.0} tiles in view", self.median(TRIP, |run| run.maps));
        let chain = self.runs(TRIP).next().map_or_else(String::new, |run| run.chain.clone());
        let (trips, preflights) = if self.is_own { (2.0, Aim::AtMost(0.0)) } else { (3.0, Aim::Told) };
        vec![
            count("requests that wait for each other", Aim::AtMost(trips), |run| run.trips, "requests")
                .beside(chain),
            count("connections opened among them", Aim::Told, |run| run.connections, "connections"),
            count("preflights", preflights, |run| run.map_preflights, "preflights").beside(&*tiles),
            count(
                "preflights after a reload",
                Aim::AtMost(0.0),
                |run| run.map_preflights_again,
                "preflights",
            )
            .beside(tiles),
        ]
    }

    fn times(&self, drawn: f64) -> Vec<Figure> {
        let time = self.median(0.0, |run| run.milliseconds);
        let all = self.median(0.0, |run| run.milliseconds_of_all);
        let elsewhere = self.median(TRIP, |run| run.milliseconds);
        let here = format!("{time:.0} ms where trips take no time");
        vec![
            self.figure("time ÷ QGIS Server's own", Aim::Told, time / drawn, "×").beside(format!(
                "{time:.0} ms; QGIS Server asked directly for one of the same maps: {drawn:.0} ms"
            )),
            self.figure("time where a trip takes 50 ms", Aim::Told, elsewhere, "ms").beside(&*here),
            self.figure("time until the whole view is drawn", Aim::Told, all, "ms").beside(here),
        ]
    }

    fn figure(&self, what: &str, aim: Aim, result: f64, unit: &str) -> Figure {
        Figure::new(format!("first map: {what}, maps at {}", self.place), aim, result, unit)
    }

    fn runs(&self, delay: f64) -> impl Iterator<Item = &Measured> {
        self.measured.iter().filter(move |run| run.is_own == self.is_own && (run.delay - delay).abs() < 1.0)
    }

    fn median(&self, delay: f64, value: fn(&Measured) -> f64) -> f64 {
        median(self.runs(delay).map(value))
    }
}
