//! The gate compared with nginx's `fastcgi_pass`, between the same client and FastCGI processes in the same run. Gate and nginx
//! each run alone on one core, everything else on the other. Compare only the ratios; on a busy machine, only those of
//! processor time.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "gate_and_nginx/responder.rs"]
mod responder;
#[path = "gate_and_nginx/rig.rs"]
mod rig;

use pozi_tests::{
    one_core::{load_of_machine, median, missing_program, move_to_client_core},
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
/// The target for the time that the gate adds to the median of a map, in microseconds.
const TARGET_ADDED: f64 = 300.0;

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
    measure(&responder, &nginx, &gate);
}

fn measure(responder: &Responder, nginx: &Server, gate: &Server) {
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
        alone.push((responder.median_directly(), nginx.measure(single).median, gate.measure(single).median));
    }
    print_throughput(&of_nginx, &of_gate);
    let direct = median(alone.iter().map(|run| run.0));
    let [through_nginx, through_gate] =
        [median(alone.iter().map(|run| run.1)), median(alone.iter().map(|run| run.2))];
    println!(
        "median of a map, one connection: {direct:.0} µs directly, {through_nginx:.0} µs through nginx, {through_gate:.0} µs through the gate"
    );
    println!("added by the gate: {:.0} µs (target: {TARGET_ADDED:.0})", through_gate - direct);
    for _ in 0..MAX_FURTHER_RUNS {
        if gate.answered() >= REQUESTS {
            break;
        }
        gate.measure(short);
    }
    let (answered, resident) = (gate.answered(), gate.resident_kilobytes());
    println!("resident after {answered} requests: {:.1} MB (target: 20)", resident / 1_000.0);
    println!("load after: {}", load_of_machine());
}

fn print_throughput(of_nginx: &[Measured], of_gate: &[Measured]) {
    let rate = |runs: &[Measured]| median(runs.iter().map(|run| run.rate));
    let cost = |runs: &[Measured]| median(runs.iter().map(|run| run.cost));
    println!("{CONNECTIONS} connections, medians of {RUNS} runs");
    println!(
        "nginx      {:7.0} requests/s  {:6.1} µs of processor time each",
        rate(of_nginx),
        cost(of_nginx)
    );
    println!("pozi-gate  {:7.0} requests/s  {:6.1} µs of processor time each", rate(of_gate), cost(of_gate));
    println!(
        "ratio      {:7.2} of requests  {:6.2} of processor time (target: 0.6)",
        rate(of_gate) / rate(of_nginx),
        cost(of_nginx) / cost(of_gate)
    );
}
