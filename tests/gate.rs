//! The gate's decisions as a gateway asks for them: every way to come with the wrong session, or none, or a question
//! that no sound gateway asks; and the keys' outages, rotations and restarts. And the gate as a proxy: sizes, clients and
//! QGIS Servers that misbehave, and sessions that end while it works.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, which is what panics are for"
)]

#[path = "gate/asking.rs"]
mod asking;
#[path = "gate/checks.rs"]
mod checks;
#[path = "gate/daemon.rs"]
mod daemon;
#[path = "gate/decisions.rs"]
mod decisions;
#[path = "gate/door.rs"]
mod door;
#[path = "gate/keys.rs"]
mod keys;
#[path = "gate/lives.rs"]
mod lives;
#[path = "gate/sizes.rs"]
mod sizes;
#[path = "gate/stand_in.rs"]
mod stand_in;
