//! The examples give the verdicts of the verifiers' kit that the local service serves, and keep the keys through an outage.

use std::{
    convert::Infallible,
    io::{self, BufRead, BufReader, Write},
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use clap::Parser;
use http_body_util::{BodyExt, Full};
use pozi_auth::{
    keyring::SigningAlgorithm,
    session::{IssuerKeys, SessionVerifier},
    sites::Access,
    timestamp::Timestamp,
};
use pozi_local::{
    args::Args,
    service::Service,
    verifier_kit::{AUDIENCE, CATALOGUE, TENANT, VerifierKit},
};
use pozi_tests::NOW;
use serde_json::Value;

use super::{examples::example, interpreters::run_with, programs::programs};

const HOUR: u64 = 3_600;

#[tokio::test(flavor = "multi_thread")]
async fn every_example_gives_the_verdicts_of_the_served_kit() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let state = tempfile::tempdir().unwrap();
        let name = algorithm.name().to_lowercase();
        let args =
            ["pozi-local", "--port=0", "--state", state.path().to_str().unwrap(), "--algorithm", &name];
        let service = Service::start(&Args::parse_from(args)).await.unwrap();
        let address = format!("{}/local/verifier-kit.json", service.base());
        let server = tokio::spawn(service.serve());
        for program in tokio::task::spawn_blocking(move || programs(algorithm)).await.unwrap() {
            // A new one for each program, since some sessions of a kit are about this very second.
            let kit = reqwest::get(&address).await.unwrap().text().await.unwrap();
            let kit: Value = serde_json::from_str(&kit).unwrap();
            let text = |name: &str| kit[name].as_str().unwrap();
            let mut command = program.command();
            command.args([text("issuer"), text("audience"), text("tenant"), text("catalogue")]);
            let sessions = kit["sessions"].as_array().unwrap().clone();
            let lines = sessions.iter().map(|case| format!("{}\n", case["session"].as_str().unwrap()));
            let lines = lines.collect::<String>();
            let run = tokio::task::spawn_blocking(move || run_with(&mut command, &lines)).await.unwrap();
            let language = program.language;
            assert!(run.status.success(), "{language}: {}", String::from_utf8_lossy(&run.stderr));
            let printed = String::from_utf8(run.stdout).unwrap();
            assert_eq!(printed.lines().count(), sessions.len(), "{language}");
            for (case, verdict) in sessions.iter().zip(printed.lines()) {
                assert_eq!(case["expected"], verdict, "{language}, {}: {}", algorithm.name(), case["name"]);
            }
            println!("{language}, {}: {} verdicts", algorithm.name(), sessions.len());
        }
        server.abort();
    }
}

/// The kit's issuer, which counts the fetches of its keys and can be down. Then every second answer is 503, and the others break
/// off.
struct Issuer {
    kit: VerifierKit,
    url: String,
    is_down: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kit = VerifierKit::generate(url.parse().unwrap(), SigningAlgorithm::Es256).unwrap();
        let (is_down, calls, key_set) = (Arc::<AtomicBool>::default(), Arc::default(), kit.key_set());
        let serve = {
            let (is_down, calls) = (Arc::clone(&is_down), Arc::<AtomicUsize>::clone(&calls));
            move || {
                let call = calls.fetch_add(1, Ordering::SeqCst);
                let answer = match (is_down.load(Ordering::SeqCst), call % 2) {
                    (false, _) => Json(key_set.clone()).into_response(),
                    (true, 0) => broken_off(),
                    (true, _) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                };
                std::future::ready(answer)
            }
        };
        let router = Router::new().route("/.well-known/jwks.json", get(serve));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { kit, url, is_down, calls }
    }

    fn session(&self, name: &str, made: u64) -> String {
        let sessions = self.kit.sessions(Timestamp::from_unix_seconds(made)).unwrap();
        sessions.into_iter().find(|case| case.name == name).unwrap().session
    }
}

/// The start of an answer, after which the connection ends.
fn broken_off() -> Response {
    let end = async {
        // Sends the start.
        tokio::task::yield_now().await;
        Some(Err(io::Error::from(io::ErrorKind::ConnectionReset)))
    };
    let start = Full::from("{\"keys\": [").map_err(|never: Infallible| match never {});
    // A mapped body has no known length.
    Body::new(start.with_trailers(end).map_frame(|frame| frame)).into_response()
}

/// What happens: the time, when the session was made, its name in the kit, whether the issuer is down, the verdict, and
/// the fetches so far.
const STEPS: [(u64, u64, &str, bool, &str, usize); 11] = [
    (NOW - 60, NOW, GOOD, false, "allowed", 1),
    (NOW, NOW, GOOD, false, "allowed", 1),
    (NOW + 1, NOW, UNKNOWN, false, "refused", 2),
    (NOW + 2, NOW, UNKNOWN, false, "refused", 2),
    (NOW + 32, NOW, UNKNOWN, false, "refused", 3),
    (NOW + 300, NOW, GOOD, false, "allowed", 3),
    (NOW + 400, NOW, GOOD, true, "allowed", 4),
    (NOW + 410, NOW, GOOD, true, "allowed", 4),
    (NOW + 23 * HOUR, NOW + 23 * HOUR, GOOD, true, "allowed", 5),
    (NOW + 25 * HOUR, NOW + 25 * HOUR, GOOD, true, "refused", 6),
    (NOW + 26 * HOUR, NOW + 26 * HOUR, GOOD, false, "allowed", 7),
];

const GOOD: &str = "reads two catalogues";
const UNKNOWN: &str = "an unknown key";

/// A verifier whose clock is set by hand.
enum Clocked {
    Ours(Box<SessionVerifier<IssuerKeys<pozi_auth::adapters::HttpDocument>>>),
    Program(Child),
}

impl Clocked {
    async fn verdict(&mut self, now: u64, session: &str) -> String {
        match self {
            Self::Ours(verifier) => {
                let outcome = verifier.verify(session, Timestamp::from_unix_seconds(now)).await;
                let catalogue = CATALOGUE.parse().unwrap();
                let verdict = match outcome {
                    Ok(session) if session.allows(&catalogue, Access::Read) => "allowed",
                    Ok(_) => "not allowed",
                    Err(_) => "refused",
                };
                verdict.to_owned()
            }
            Self::Program(child) => tokio::task::block_in_place(|| {
                writeln!(child.stdin.as_mut().unwrap(), "{now} {session}").unwrap();
                let mut line = String::new();
                // One byte, since what a larger buffer read ahead would be lost with it.
                BufReader::with_capacity(1, child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
                line.trim_end().to_owned()
            }),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_keeps_keys_for_a_day_and_bears_a_clock_a_minute_off() {
    let programs = tokio::task::spawn_blocking(|| programs(SigningAlgorithm::Es256)).await.unwrap();
    let driven = programs.iter().map(|program| (program.language, Some(program.clocked())));
    for (language, command) in [("Rust", None)].into_iter().chain(driven) {
        let issuer = Issuer::start().await;
        let start = |mut command: Command| {
            Clocked::Program(command.args([&issuer.url, AUDIENCE, TENANT, CATALOGUE]).spawn().unwrap())
        };
        let ours = || {
            let (url, tenant) = (issuer.url.parse().unwrap(), TENANT.parse().unwrap());
            example::verifier(url, AUDIENCE.to_owned(), tenant).unwrap()
        };
        let mut verifier = command.map_or_else(|| Clocked::Ours(Box::new(ours())), start);
        for (now, made, name, is_down, expected, calls) in STEPS {
            issuer.is_down.store(is_down, Ordering::SeqCst);
            let verdict = verifier.verdict(now, &issuer.session(name, made)).await;
            let (after, found) = (now.abs_diff(NOW), issuer.calls.load(Ordering::SeqCst));
            assert_eq!((verdict.as_str(), found), (expected, calls), "{language}, after {after} s");
        }
        if let Clocked::Program(mut child) = verifier {
            drop(child.stdin.take());
            assert!(child.wait().unwrap().success(), "{language}");
        }
    }
}
