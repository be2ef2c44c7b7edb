//! One contract a port, run against every adapter that there is: whoever writes another adapter adds a line here and
//! knows what it must do.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, which is what panics are for"
)]

#[path = "contracts/clocks.rs"]
mod clocks;
#[path = "contracts/key_sets.rs"]
mod key_sets;
#[path = "contracts/ring_file.rs"]
mod ring_file;
#[path = "contracts/rings.rs"]
mod rings;
#[path = "contracts/session_keys.rs"]
mod session_keys;
#[path = "contracts/signing.rs"]
mod signing;
#[path = "contracts/sites.rs"]
mod sites;
#[path = "contracts/wire.rs"]
mod wire;
