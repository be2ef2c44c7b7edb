//! The gate compared with nginx's `fastcgi_pass`, between the same client and FastCGI processes in the same run. Gate and nginx
//! each run alone on one core, everything else on the other. Compare only the ratios; on a busy machine, only those of
//! processor time.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "gate_and_nginx/responder.rs"]
mod responder;
#[path = "gate_and_nginx/rig.rs"]
mod rig;

use pozi_tests::{
    figures::{Aim, Figure, hand_in},
    one_core::{load_of_machine, missing_program, move_to_client_core},
    turns::median,
    wrk::Load,
};

use self::{
    responder::Responder,
    rig::{Measured, Server},
};

/// The number of connections of a busy site.
const CONNECTIONS: usize = 32;
/// How often each server is measured; the median is reported.
const RUNS: usize = 3;
/// How many requests the gate must have answered before its memory is measured.
const REQUESTS: u64 = 100_000;
/// The maximum number of further runs to reach [`REQUESTS`].
const MAX_FURTHER_RUNS: usize = 30;

fn main() {
    // `cargo test --benches` also runs this program, but not to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    if let Some(program) = missing_program(&[("nginx", "-v"), ("wrk", "-v"), ("taskset", "--version")]) {
        println!(
            "not measured: the gate beside nginx needs {program} (Debian: nginx-light, wrk, util-linux)"
        );
        return;
    }
    let Some(gate) = rig::gate_program() else {
        println!("not measured: the gate beside nginx needs the program; `make bench` builds it");
        return;
    };
    if !move_to_client_core() {
        println!("not measured: the gate beside nginx needs two cores");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for sockets and logs");
    let responder = Responder::start(&folder.path().join("responder.sock"));
    let session = rig::session(folder.path());
    let nginx = Server::nginx(folder.path(), &responder);
    let gate = Server::gate(&gate, folder.path(), &responder, &session);
    hand_in("gate_and_nginx", &measure(&responder, &nginx, &gate));
}

fn measure(responder: &Responder, nginx: &Server, gate: &Server) -> Vec<Figure> {
    println!("load before: {}", load_of_machine());
    let short = Load { connections: CONNECTIONS, seconds: 5 };
    let single = Load { connections: 1, seconds: 3 };
    for server in [nginx, gate] {
        server.measure(single); // Warm.
    }
    let (mut of_nginx, mut of_gate, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        of_nginx.push(nginx.measure(short));
        of_gate.push(gate.measure(short));
        alone.push([responder.median_directly(), nginx.measure(single).median, gate.measure(single).median]);
    }
    for _ in 0..MAX_FURTHER_RUNS {
        if gate.answered() >= REQUESTS {
            break;
        }
        gate.measure(short);
    }
    println!("load after: {}", load_of_machine());
    let mut figures = throughput(&of_nginx, &of_gate);
    figures.push(added([0, 1, 2].map(|way| median(alone.iter().map(|run| run[way])))));
    let what = format!("gate: resident after {} requests", gate.answered());
    figures.push(Figure::new(what, Aim::AtMost(20.0), gate.resident_kilobytes() / 1_000.0, "MB"));
    figures
}

fn throughput(of_nginx: &[Measured], of_gate: &[Measured]) -> Vec<Figure> {
    let [rate_of_nginx, rate] = [of_nginx, of_gate].map(|runs| median(runs.iter().map(|run| run.rate)));
    let [cost_of_nginx, cost] = [of_nginx, of_gate].map(|runs| median(runs.iter().map(|run| run.cost)));
    let figure = |what: &str, ratio, beside: String| {
        let what = format!("gate: {what}, {CONNECTIONS} connections");
        Figure::new(what, Aim::AtLeast(0.6), ratio, "×").beside(beside)
    };
    vec![
        figure(
            "processor time of nginx ÷ the gate's",
            cost_of_nginx / cost,
            format!("nginx fastcgi_pass: {cost_of_nginx:.1} µs a request, the gate: {cost:.1} µs"),
        ),
        figure(
            "requests a second ÷ nginx's",
            rate / rate_of_nginx,
            format!("nginx fastcgi_pass: {rate_of_nginx:.0} a second, the gate: {rate:.0}"),
        ),
    ]
}

/// Returns what the gate adds to a map: the medians are those without anything in between, through nginx and through the gate.
fn added([direct, through_nginx, through_gate]: [f64; 3]) -> Figure {
    let what = "gate: added to the median of a map, one connection";
    Figure::new(what, Aim::AtMost(300.0), through_gate - direct, "µs")
        .beside(format!("directly {direct:.0} µs; nginx adds {:.0} µs", through_nginx - direct))
}
