//! GIS clients and the Web App's requests, with a session header added, through a gate to real QGIS Server: no request is
//! refused, and the clients understand the answers.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "gis_clients/clients.rs"]
mod clients;
#[path = "gis_clients/decisions.rs"]
mod decisions;
#[path = "../infra/gate/tests/recorded/demo.rs"]
mod demo;
#[path = "gis_clients/test_site.rs"]
mod test_site;
#[path = "gis_clients/web_app.rs"]
mod web_app;

use std::io::Write;

use self::{
    decisions::{Decision, Decisions},
    test_site::TestSite,
};

/// Whether the gate is right to refuse the request.
fn is_expected_refusal(decision: &Decision) -> bool {
    // GDAL's /vsicurl/ requests a listing of the file's folder, without any parameters.
    decision.reason == "missing_parameter" && decision.parameter == "REQUEST"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_is_refused() {
    let decisions = Decisions::record();
    let Some(site) = TestSite::start().await else { return };
    let mut failed = Vec::new();
    failed.extend(web_app::run(&site).await);
    let mut seen = decisions.len();
    print(&format!("Web App: {seen} requests"));
    for client in clients::ALL {
        failed.extend(client.run(&site).await);
        print(&format!("{}: {} requests", client.name, decisions.len() - seen));
        seen = decisions.len();
    }
    let all = decisions.all();
    let refused = all.iter().filter(|decision| !decision.is_answered());
    let (expected, unexpected): (Vec<_>, Vec<_>) =
        refused.partition(|decision| is_expected_refusal(decision));
    print(&format!("expected refusals: {}", expected.len()));
    print(&format!("other requests: {}, refused: {}", all.len() - expected.len(), unexpected.len()));
    assert!(failed.is_empty() && unexpected.is_empty(), "{unexpected:#?}\n{}", failed.join("\n"));
    assert!(expected.len() <= 2, "{expected:#?}");
}

/// Prints a line. Not with println!, whose output is hidden for a test that passes.
fn print(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}
