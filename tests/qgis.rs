//! Attacks on the gate in front of real QGIS Server: by `FastCGI` and plain HTTP, with shared and pinned processes. The same
//! attacks on a server without a gate show that the detectors work.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "qgis/attack.rs"]
mod attack;
#[path = "qgis/attacks/mod.rs"]
mod attacks;
#[path = "qgis/colours.rs"]
mod colours;
#[path = "qgis/content.rs"]
mod content;
#[path = "qgis/detect.rs"]
mod detect;
#[path = "qgis/endpoint.rs"]
mod endpoint;
#[path = "qgis/fastcgi.rs"]
mod fastcgi;
#[path = "qgis/fixture.rs"]
mod fixture;
#[path = "qgis/gate.rs"]
mod gate;
#[path = "qgis/legitimate.rs"]
mod legitimate;
#[path = "qgis/probe.rs"]
mod probe;
#[path = "qgis/process.rs"]
mod process;
#[path = "qgis/request.rs"]
mod request;
#[path = "qgis/rig.rs"]
mod rig;
#[path = "qgis/rows.rs"]
mod rows;
#[path = "qgis/secrets.rs"]
mod secrets;
#[path = "qgis/sessions.rs"]
mod sessions;
#[path = "qgis/spellings.rs"]
mod spellings;
#[path = "qgis/trap.rs"]
mod trap;
#[path = "qgis/wire.rs"]
mod wire;

use std::{fmt::Write as _, fs, io::Write as _, path::Path, thread};

use self::{
    attack::{Report, attack},
    detect::{Forbidden, Kind},
    endpoint::Endpoint,
    fixture::Fixture,
    rig::Rig,
    sessions::Sessions,
};

/// How many of the exhausting attacks are sent to the unguarded server: each makes it restart.
const UNGUARDED_EXHAUSTION: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_attack_succeeds_through_a_gate_and_every_detector_works_without_one() {
    let Some(rig) = Rig::start() else { return };
    let served = gate::serve(&rig).await;
    let sessions = Sessions::mint(&served.world).await;
    let (rig, sessions) = (&rig, &sessions);
    tokio::task::block_in_place(|| {
        thread::scope(|scope| {
            scope.spawn(move || check_detectors(rig, sessions));
            for endpoint in &served.endpoints {
                check_gate(rig, endpoint, sessions);
            }
        });
    });
    if served.endpoints.is_empty() {
        pozi_tests::not_run("the attacks on a gate: qgis/gate.rs starts none");
    }
}

/// Checks that a gate allows legitimate requests and that no attack on it finds anything.
fn check_gate(rig: &Rig, endpoint: &Endpoint, sessions: &Sessions) {
    legitimate::serves_its_catalogues(endpoint, sessions);
    legitimate::links_to_itself(endpoint, sessions);
    legitimate::refuses_other_sessions(endpoint, sessions);
    legitimate::allows_writers(endpoint, sessions);
    let fixture = Fixture::of(rig, endpoint);
    let mut attacks = attacks::all(&fixture);
    attacks.extend(attacks::exhaustion(&fixture));
    let report = attack(endpoint, sessions, &Forbidden::of(rig, endpoint), &attacks);
    print_report(endpoint, &report);
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}: {} findings:\n{}", endpoint.name, found.len(), found.join("\n"));
    assert!(endpoint.answers(sessions), "{} no longer answers", endpoint.name);
    legitimate::serves_its_catalogues(endpoint, sessions);
}

/// Checks on the unguarded server that every detector detects something.
fn check_detectors(rig: &Rig, sessions: &Sessions) {
    let endpoint = Endpoint::unguarded(rig);
    legitimate::serves_its_catalogues(&endpoint, sessions);
    let fixture = Fixture::of(rig, &endpoint);
    let mut attacks = attacks::all(&fixture);
    attacks.extend(attacks::exhaustion(&fixture).into_iter().take(UNGUARDED_EXHAUSTION));
    let report = attack(&endpoint, sessions, &Forbidden::of(rig, &endpoint), &attacks);
    print_report(&endpoint, &report);
    let kinds = report.kinds();
    let silent: Vec<_> = Kind::ALL.iter().filter(|kind| !kinds.contains_key(kind)).collect();
    assert!(silent.is_empty(), "detectors that detect nothing: {silent:?}");
    assert!(report.count() >= 1_500, "most attacks are missing: only {}", report.count());
    assert!(endpoint.answers(sessions), "the unguarded server no longer answers");
}

/// Prints the number of requests and findings, and writes the findings to a file. Not with println!, whose output is hidden
/// for a test that passes.
fn print_report(endpoint: &Endpoint, report: &Report) {
    let mut text =
        format!("{}: {} requests, {} findings\n", endpoint.name, report.count(), report.findings.len());
    writeln!(text, "  requests: {:?}", report.requests).unwrap();
    writeln!(text, "  answers: {:?}", report.statuses).unwrap();
    writeln!(text, "  findings: {:?}", report.kinds()).unwrap();
    std::io::stderr().write_all(text.as_bytes()).ok();
    let lines: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("qgis-{}.txt", endpoint.name));
    fs::write(path, lines.join("\n")).unwrap();
}
