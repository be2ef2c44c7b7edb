//! Honest clients, unchanged but for the session's header, at the running gate with a real QGIS Server behind it: nothing that
//! they ask is refused, and they understand the answers.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "honest/clients.rs"]
mod clients;
#[path = "honest/decisions.rs"]
mod decisions;
#[path = "../infra/gate/tests/recorded/demo.rs"]
mod demo;
#[path = "honest/place.rs"]
mod place;
#[path = "honest/pozi.rs"]
mod pozi;

use std::io::Write;

use self::{
    decisions::{Decision, Decisions},
    place::Place,
};

/// Refusals that are right, each with a clear answer.
fn is_refused_knowingly(decision: &Decision) -> bool {
    // GDAL's /vsicurl/ asks for a list of the folder that a file is in: an address without any question.
    decision.reason == "missing_parameter" && decision.parameter == "REQUEST"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_clients_are_not_refused() {
    let decisions = Decisions::listen();
    let Some(place) = Place::start().await else { return };
    let mut failed = Vec::new();
    failed.extend(pozi::ask(&place).await);
    let mut at = decisions.len();
    tell(&format!("Pozi's own shapes: {at} requests"));
    for client in clients::ALL {
        failed.extend(client.run(&place).await);
        tell(&format!("{}: {} requests", client.name, decisions.len() - at));
        at = decisions.len();
    }
    let all = decisions.all();
    let refused = all.iter().filter(|decision| !decision.is_answered());
    let (knowingly, wrongly): (Vec<_>, Vec<_>) = refused.partition(|decision| is_refused_knowingly(decision));
    tell(&format!("refused knowingly: {}", knowingly.len()));
    tell(&format!("honest requests: {}, refused: {}", all.len() - knowingly.len(), wrongly.len()));
    assert!(failed.is_empty() && wrongly.is_empty(), "{wrongly:#?}\n{}", failed.join("\n"));
    assert!(knowingly.len() <= 2, "{knowingly:#?}");
}

/// Not println!, whose text of a passed test nobody sees: how many were refused is what this test is for.
fn tell(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}
