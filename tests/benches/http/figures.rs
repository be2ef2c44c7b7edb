//! What the measurements say.

use pozi_tests::{
    figures::{Aim, Figure},
    turns::median,
};

use super::{CONNECTIONS, Measured, servers::Run};

/// The largest number of connections, with which the core is never idle.
const BUSY: usize = CONNECTIONS[2];

/// Returns the figures of the service beside those of its peers. `exchange` is the time of an exchange in the process, in
/// microseconds.
pub(crate) fn figures([service, oidc_provider, bare]: &[Measured; 3], exchange: f64) -> Vec<Figure> {
    let peers = [("oidc-provider", 5.0, oidc_provider), ("node:http and jose", 2.5, bare)];
    let mut figures = Vec::new();
    for connections in CONNECTIONS {
        for (name, least, peer) in peers {
            // With one connection, the round trip counts for much.
            let aim = if connections == 1 { Aim::Told } else { Aim::AtLeast(least) };
            figures.push(ratio(service, (name, peer), connections, aim));
        }
    }
    figures.push(share(service, exchange));
    figures.extend(told(service, &peers.map(|(name, _, peer)| (name, peer))));
    figures
}

/// Returns the figures that the peers only stand beside.
fn told(service: &Measured, peers: &[(&str, &Measured)]) -> [Figure; 4] {
    let beside = |unit: &str, value: fn(&Measured) -> f64| {
        let peers =
            peers.iter().map(|(name, peer)| format!("{name}: {:.*} {unit}", decimals(unit), value(peer)));
        peers.collect::<Vec<_>>().join("; ")
    };
    let figure = |what: String, aim, unit: &str, value: fn(&Measured) -> f64| {
        Figure::new(format!("HTTP: {what}"), aim, value(service), unit).beside(beside(unit, value))
    };
    [
        figure(format!("p99 ÷ p50, {}", counted(BUSY)), Aim::AtMost(3.0), "×", |one| one.tail(BUSY)),
        figure("p50, 1 connection".into(), Aim::Told, "µs", |one| one.p50(1)),
        figure(format!("processor time a request, {}", counted(BUSY)), Aim::Told, "µs", |one| {
            one.cost(BUSY)
        }),
        figure("resident memory after the load".into(), Aim::Told, "MB", |one| one.resident),
    ]
}

/// Ratios are small numbers.
fn decimals(unit: &str) -> usize {
    if unit == "×" { 2 } else { 0 }
}

fn ratio(service: &Measured, (name, peer): (&str, &Measured), connections: usize, aim: Aim) -> Figure {
    let [own, of_peer] = [service, peer].map(|measured| measured.rate(connections));
    let what = format!("HTTP: requests a second ÷ {name}'s, {}", counted(connections));
    let beside = format!("{name}: {of_peer:.0} a second, the service: {own:.0}");
    Figure::new(what, aim, own / of_peer, "×").beside(beside)
}

/// Returns how much of the requests that the core could answer if an exchange were all that it does.
fn share(service: &Measured, exchange: f64) -> Figure {
    let possible = 1e6 / exchange;
    let what = format!("HTTP: requests a second ÷ what the core could answer, {}", counted(BUSY));
    let beside = format!(
        "an exchange in the process: {exchange:.1} µs, so {possible:.0} a second; the service: {:.0}",
        service.rate(BUSY)
    );
    Figure::new(what, Aim::AtLeast(0.75), service.rate(BUSY) / possible, "×").beside(beside)
}

fn counted(connections: usize) -> String {
    if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") }
}

impl Measured {
    /// The median of `value` of its runs with this number of connections.
    fn median(&self, connections: usize, value: fn(&Run) -> f64) -> f64 {
        let index = CONNECTIONS.iter().position(|own| *own == connections);
        median(index.into_iter().flat_map(|index| &self.runs[index]).map(value))
    }

    /// Requests a second.
    fn rate(&self, connections: usize) -> f64 {
        self.median(connections, |run| run.result.rate)
    }

    /// The median duration of a request in microseconds.
    fn p50(&self, connections: usize) -> f64 {
        self.median(connections, |run| run.result.median)
    }

    /// The processor time per request in microseconds.
    fn cost(&self, connections: usize) -> f64 {
        self.median(connections, |run| run.cost)
    }

    /// How many times the median 99 of 100 requests take at most.
    fn tail(&self, connections: usize) -> f64 {
        self.median(connections, |run| run.result.p99 / run.result.median)
    }
}
