//! The gate's decisions as a gateway asks for them: every way to come with the wrong session, or none, or a question
//! that no sound gateway asks; and the keys' outages, rotations and restarts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "gate/asking.rs"]
mod asking;
#[path = "gate/daemon.rs"]
mod daemon;
#[path = "gate/decisions.rs"]
mod decisions;
#[path = "gate/keys.rs"]
mod keys;
