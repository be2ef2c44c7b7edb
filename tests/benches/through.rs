//! The gate between a client and FastCGI processes, beside nginx with `fastcgi_pass` to the same ones, in this one run:
//! gate and nginx each alone on one core, and everything else on the other. Only ratios are worth comparing; where the
//! machine does other work besides, those of processor time.

#![expect(clippy::expect_used, reason = "a measurement that cannot be set up has nothing to say")]

#[path = "through/responder.rs"]
mod responder;
#[path = "through/rig.rs"]
mod rig;
#[path = "through/wrk.rs"]
mod wrk;

use std::{
    fs,
    process::{Command, Stdio},
};

use self::{
    responder::Responder,
    rig::{Measured, Server},
    wrk::Load,
};

/// The core of what is measured.
const MEASURED: &str = "0";
/// The core of the responder and of the client.
const OTHERS: &str = "1";
/// Connections of a busy site.
const CONNECTIONS: usize = 32;
/// How often each is measured; the median counts.
const RUNS: usize = 3;
/// How many requests the gate has answered when its memory is looked at.
const REQUESTS: u64 = 100_000;
/// The most further runs until there are so many.
const FURTHER: usize = 30;
/// Microseconds of the added median per map that are the aim.
const AIM_ADDED: f64 = 300.0;

fn main() {
    // `cargo test --benches` runs this, too, and asks for no measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let missing = ["nginx", "wrk", "taskset"].into_iter().find(|program| !is_installed(program));
    if let Some(program) = missing {
        println!(
            "not measured: the gate beside nginx needs {program} (Debian: nginx-light, wrk, util-linux)"
        );
        return;
    }
    let Some(gate) = rig::gate_program() else {
        println!("not measured: the gate beside nginx needs the program; `make bench` builds it");
        return;
    };
    // From here on threads and processes of this one are on that core, unless they are put elsewhere.
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-cp", OTHERS, &own]).stdout(Stdio::null()).status();
    if !pinned.is_ok_and(|status| status.success()) {
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
    println!("load of the machine before: {}", load_of_machine());
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
    println!("added by the gate: {:.0} µs (aim: {AIM_ADDED:.0})", through_gate - direct);
    for _ in 0..FURTHER {
        if gate.answered() >= REQUESTS {
            break;
        }
        gate.measure(short);
    }
    let (answered, resident) = (gate.answered(), gate.resident_kilobytes());
    println!("resident after {answered} requests: {:.1} MB (aim: 20)", resident / 1_000.0);
    println!("load of the machine after: {}", load_of_machine());
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
        "ratio      {:7.2} of requests  {:6.2} of processor time (aim: 0.6)",
        rate(of_gate) / rate(of_nginx),
        cost(of_nginx) / cost(of_gate)
    );
}

fn is_installed(program: &str) -> bool {
    let version = if program == "taskset" { "--version" } else { "-v" };
    Command::new(program).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn load_of_machine() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
