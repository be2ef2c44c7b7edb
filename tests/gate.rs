//! The gate's `/decide`: missing and invalid sessions, malformed questions, and outages and rotations of the issuer's
//! keys; revoked sessions. And the gate as a proxy: large requests, misbehaving clients and QGIS Servers, and sessions that expire.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, which is what panics are for"
)]

#[path = "gate/cached_sessions.rs"]
mod cached_sessions;
#[path = "gate/checks.rs"]
mod checks;
#[path = "gate/configuration.rs"]
mod configuration;
#[path = "gate/daemon.rs"]
mod daemon;
#[path = "gate/decisions.rs"]
mod decisions;
#[path = "gate/downloads.rs"]
mod downloads;
#[path = "gate/fake_qgis.rs"]
mod fake_qgis;
#[path = "gate/keys.rs"]
mod keys;
#[path = "gate/links.rs"]
mod links;
#[path = "gate/observed.rs"]
mod observed;
#[path = "gate/proxy.rs"]
mod proxy;
#[path = "gate/restarts.rs"]
mod restarts;
#[path = "gate/revocations.rs"]
mod revocations;
#[path = "gate/sessions.rs"]
mod sessions;
#[path = "gate/simulation.rs"]
mod simulation;
#[path = "gate/site.rs"]
mod site;
#[path = "gate/sizes.rs"]
mod sizes;
