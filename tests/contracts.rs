//! One suite of contract tests for each trait, run for every adapter. A new adapter is added to the suite of its trait.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

#[path = "contracts/aws.rs"]
mod aws;
#[path = "contracts/clocks.rs"]
mod clocks;
#[path = "contracts/credentials.rs"]
mod credentials;
#[path = "contracts/fetch_limits.rs"]
mod fetch_limits;
#[path = "contracts/key_sets.rs"]
mod key_sets;
#[path = "contracts/revocations.rs"]
mod revocations;
#[path = "contracts/ring_file.rs"]
mod ring_file;
#[path = "contracts/rings.rs"]
mod rings;
#[path = "contracts/service_calls.rs"]
mod service_calls;
#[path = "contracts/session_keys.rs"]
mod session_keys;
#[path = "contracts/signing.rs"]
mod signing;
#[path = "contracts/sites.rs"]
mod sites;
#[path = "contracts/stored_key_sets.rs"]
mod stored_key_sets;
#[path = "contracts/wire.rs"]
mod wire;
