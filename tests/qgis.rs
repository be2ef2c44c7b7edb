//! Attacks on the gate with real QGIS Server behind it, by `FastCGI` and by plain HTTP, shared and pinned. The same attacks
//! on a server without a gate show that the detectors see.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "qgis/attack.rs"]
mod attack;
#[path = "qgis/attacks/mod.rs"]
mod attacks;
#[path = "qgis/colours.rs"]
mod colours;
#[path = "qgis/detect.rs"]
mod detect;
#[path = "qgis/door.rs"]
mod door;
#[path = "qgis/fastcgi.rs"]
mod fastcgi;
#[path = "qgis/gate.rs"]
mod gate;
#[path = "qgis/honest.rs"]
mod honest;
#[path = "qgis/look.rs"]
mod look;
#[path = "qgis/process.rs"]
mod process;
#[path = "qgis/request.rs"]
mod request;
#[path = "qgis/rig.rs"]
mod rig;
#[path = "qgis/rows.rs"]
mod rows;
#[path = "qgis/sessions.rs"]
mod sessions;
#[path = "qgis/spell.rs"]
mod spell;
#[path = "qgis/spellings.rs"]
mod spellings;
#[path = "qgis/trap.rs"]
mod trap;
#[path = "qgis/vault.rs"]
mod vault;
#[path = "qgis/wire.rs"]
mod wire;
#[path = "qgis/words.rs"]
mod words;

use std::{fmt::Write as _, fs, io::Write as _, path::Path, thread};

use self::{
    attack::{Report, attack},
    detect::{Forbidden, Kind},
    door::Door,
    rig::Rig,
    sessions::Sessions,
    words::Words,
};

/// How many of the requests that strain a server are sent to the free one: each costs it a restart.
const STRAINS_OF_THE_FREE_SERVER: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_attack_gets_through_a_gate_and_without_one_each_detector_sees_some() {
    let Some(rig) = Rig::start() else { return };
    let served = gate::serve(&rig).await;
    let sessions = Sessions::mint(&served.world).await;
    let (rig, sessions) = (&rig, &sessions);
    tokio::task::block_in_place(|| {
        thread::scope(|scope| {
            scope.spawn(move || sees_without_a_gate(rig, sessions));
            for door in &served.doors {
                holds(rig, door, sessions);
            }
        });
    });
    if served.doors.is_empty() {
        pozi_tests::not_run("the attacks on a gate: none is wired in (qgis/gate.rs)");
    }
}

/// Holds the gate at `door` to everything: it serves its own, and no attack finds anything.
fn holds(rig: &Rig, door: &Door, sessions: &Sessions) {
    honest::answers_for_its_own(door, sessions);
    honest::leads_back(door, sessions);
    honest::refuses_others(door, sessions);
    honest::lets_writers_write(door, sessions);
    let words = Words::of(rig, door);
    let mut attacks = attacks::all(&words);
    attacks.extend(attacks::strain(&words));
    let report = attack(door, sessions, &Forbidden::of(rig, door), &attacks);
    tell(door, &report);
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}: {} findings:\n{}", door.name, found.len(), found.join("\n"));
    assert!(door.is_alive(sessions), "{} does not answer any more", door.name);
    honest::answers_for_its_own(door, sessions);
}

/// A detector that sees nothing would find nothing anywhere.
fn sees_without_a_gate(rig: &Rig, sessions: &Sessions) {
    let door = Door::free(rig);
    honest::answers_for_its_own(&door, sessions);
    let words = Words::of(rig, &door);
    let mut attacks = attacks::all(&words);
    attacks.extend(attacks::strain(&words).into_iter().take(STRAINS_OF_THE_FREE_SERVER));
    let report = attack(&door, sessions, &Forbidden::of(rig, &door), &attacks);
    tell(&door, &report);
    let kinds = report.kinds();
    let blind: Vec<_> = Kind::ALL.iter().filter(|kind| !kinds.contains_key(kind)).collect();
    assert!(blind.is_empty(), "detectors that see nothing: {blind:?}");
    assert!(report.count() >= 1_500, "a list that lost its attacks proves nothing: {}", report.count());
    assert!(door.is_alive(sessions), "the free server does not answer any more");
}

/// Writes how many attacks there were and what they found: what this test is for. Not with println!, whose text of a
/// passed test is not shown. The findings themselves are kept for a person to look at.
fn tell(door: &Door, report: &Report) {
    let mut text =
        format!("{}: {} requests, {} findings\n", door.name, report.count(), report.findings.len());
    writeln!(text, "  requests: {:?}", report.requests).unwrap();
    writeln!(text, "  answers: {:?}", report.statuses).unwrap();
    writeln!(text, "  findings: {:?}", report.kinds()).unwrap();
    std::io::stderr().write_all(text.as_bytes()).ok();
    let lines: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("qgis-{}.txt", door.name));
    fs::write(kept, lines.join("\n")).unwrap();
}
