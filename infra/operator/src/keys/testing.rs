//! Rings for the tests of this module.

use pozi_auth::{keyring::KeyStatus, timestamp::Timestamp};
use serde_json::json;

/// 2027-01-15T08:00:00Z.
pub(super) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// Returns the id of the key at `index`.
pub(super) fn id(index: usize) -> String {
    format!("{index}{}", "k".repeat(42))
}

/// Returns a ring with keys in these states, each for an hour.
pub(super) fn ring(states: &[&str]) -> Vec<KeyStatus> {
    let since = NOW.unix_seconds() - 3_600;
    let key = |(index, state): (usize, &&str)| {
        let document = json!({ "kid": id(index), "alg": "ES256", "state": state, "since": since });
        serde_json::from_value(document).unwrap()
    };
    states.iter().enumerate().map(key).collect()
}
