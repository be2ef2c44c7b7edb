//! The whole service over HTTP on one core, beside two token exchanges on Node.js that do the same work: one on
//! `oidc-provider`, one on `node:http` and `jose` alone. Each server runs on the same core, the client on another; they are
//! loaded in turn. Every answer must be a session. Compare only the ratios.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "http/figures.rs"]
mod figures;
#[path = "http/same_work.rs"]
mod same_work;
#[path = "http/servers.rs"]
mod servers;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use entra_emulator::TokenSpec;
use http::StatusCode;
use pozi_tests::{
    World, exchange_form,
    figures::hand_in,
    node_with,
    one_core::{load_of_machine, missing_program, move_to_client_core},
    repeated,
    turns::{Side, median},
    wrk::Load,
};
use tokio::runtime::Runtime;

use self::{
    same_work::Client,
    servers::{Run, Server},
};

/// The numbers of connections.
const CONNECTIONS: [usize; 3] = [1, 8, 32];
/// How often each server is measured with each number of connections; medians are reported.
const RUNS: usize = 5;
/// How long each run takes.
const SECONDS: u64 = 3;
/// For how long exchanges in this process are measured in turn with the servers.
const IN_PROCESS: Duration = Duration::from_secs(1);
/// The folder of the peers' sources.
const PEERS: &str = "tests/bench-peers";

/// What was measured of one server.
struct Measured {
    /// For each number of connections, its runs.
    runs: [Vec<Run>; CONNECTIONS.len()],
    /// Resident memory after the load, in megabytes.
    resident: f64,
}

fn main() {
    // `cargo test --benches` also runs this program, but not to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    match prepare() {
        Err(needed) => println!("not measured: the service over HTTP needs {needed}"),
        Ok((program, peers)) => {
            let folder = tempfile::tempdir().expect("a folder for keys, the log and the form");
            let servers = start(&program, &peers, folder.path());
            let (measured, exchange) = measure(&servers, folder.path());
            hand_in("http", &figures::figures(&measured, exchange));
        }
    }
}

/// Returns the service's program and the folder where the peers are installed, or what is needed for that.
fn prepare() -> Result<(PathBuf, PathBuf), String> {
    let programs = [("node", "--version"), ("npm", "--version"), ("wrk", "-v"), ("taskset", "--version")];
    if let Some(program) = missing_program(&programs) {
        return Err(format!("{program} (Debian: nodejs, npm, wrk, util-linux)"));
    }
    let program = servers::service_program().ok_or("the program; `make bench` builds it")?;
    let peers = node_with(PEERS, "the service over HTTP beside its peers").ok_or("its peers from npm")?;
    if move_to_client_core() { Ok((program, peers)) } else { Err("two cores".into()) }
}

/// Starts the service and its peers, in the order of [`figures::figures`], and checks that all of them do the same work for the
/// form that they will be loaded with.
fn start(program: &Path, peers: &Path, folder: &Path) -> [Server; 3] {
    let service = servers::service(program, folder);
    let client = Client::new(&service);
    let session = client.session_of(&service);
    let settings = servers::peer_settings(&service, &session);
    let [oidc_provider, bare] =
        ["oidc-provider.mjs", "bare.mjs"].map(|source| servers::peer(&peers.join(source), &settings));
    for peer in [&oidc_provider, &bare] {
        client.check_same_session(&session, peer);
    }
    for server in [&service, &oidc_provider, &bare] {
        client.check_refusal(server);
    }
    fs::write(script_in(folder), client.script()).expect("the script is written");
    [service, oidc_provider, bare]
}

fn script_in(folder: &Path) -> PathBuf {
    folder.join("exchange.lua")
}

/// Measures the servers, and beside them how many microseconds an exchange in this process takes.
fn measure(servers: &[Server; 3], folder: &Path) -> ([Measured; 3], f64) {
    let script = script_in(folder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let mut exchange = exchange_in_process(&runtime);
    let mut exchanges = Vec::new();
    println!("load before: {}", load_of_machine());
    let load = |connections| Load { connections, seconds: SECONDS };
    for server in servers {
        server.measure(load(CONNECTIONS[1]), &script); // Warm.
    }
    let mut runs: [[Vec<Run>; CONNECTIONS.len()]; 3] = Default::default();
    for _ in 0..RUNS {
        exchanges.push(exchange.time_per_call(IN_PROCESS));
        for (index, connections) in CONNECTIONS.into_iter().enumerate() {
            for (server, runs) in servers.iter().zip(&mut runs) {
                runs[index].push(server.measure(load(connections), &script));
            }
        }
    }
    println!("load after: {}", load_of_machine());
    let mut servers = servers.iter();
    let measured = runs.map(|runs| {
        let resident = servers.next().map_or(f64::NAN, |server| server.process.resident_kilobytes());
        Measured { runs, resident: resident / 1_000.0 }
    });
    (measured, median(exchanges.into_iter()))
}

fn exchange_in_process(runtime: &Runtime) -> Side<'_> {
    let world = runtime.block_on(World::new());
    let form = exchange_form(&world.token(&TokenSpec::default()), &[]);
    Side::whole(repeated(runtime, world.router(), form, StatusCode::OK))
}
