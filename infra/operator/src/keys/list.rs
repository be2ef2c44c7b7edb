//! `pozi keys list`.

use std::fmt;

use pozi_auth::timestamp::Timestamp;
use serde::Serialize;

use super::{
    KeysError,
    ring::{self, ListedKey, Use},
};
use crate::{
    Output, Service, World,
    moments::utc,
    output::{self, lines},
    style::{CARE, FAINT, GOOD, styled},
};

/// The keys of the ring.
#[derive(Debug, Serialize)]
pub(super) struct KeyList {
    /// The keys, the oldest first.
    pub(super) keys: Vec<ListedKey>,
}

/// Lists the keys of `service`.
pub(super) async fn list(service: &Service, world: &World) -> Result<Output, KeysError> {
    Ok(Output::new(&KeyList { keys: ring::read(service, world).await? }))
}

impl fmt::Display for KeyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = output::table(["KEY", "ALGORITHM", "STATE", "SINCE", "NEXT"]);
        for key in &self.keys {
            let since = key.since.map_or_else(|| "?".to_owned(), utc);
            table.add_row([
                key.id.to_string(),
                key.algorithm.name().to_owned(),
                state(key),
                since,
                next(key),
            ]);
        }
        write!(f, "{}", lines(&table))?;
        if self.keys.iter().any(|key| key.state == Use::Unknown) {
            writeln!(
                f,
                "\nThe states were not stored with these keys yet; they are when the ring changes next."
            )?;
        }
        writeln!(
            f,
            "\n{}",
            styled(
                FAINT,
                "If a key has leaked: pozi keys revoke KID (docs/operate.md, \"A signing key has leaked\", point 2)."
            )
        )
    }
}

fn state(key: &ListedKey) -> String {
    match key.state {
        Use::Signs => styled(GOOD, key.state.word()),
        Use::Revoked => styled(CARE, key.state.word()),
        _ => key.state.word().to_owned(),
    }
}

/// Returns what happens to the key next. The times are those of the policy: it happens in the first run after them.
fn next(key: &ListedKey) -> String {
    let at = |what: &str, time: Option<Timestamp>| {
        time.map_or_else(String::new, |time| format!("{what} {}", utc(time)))
    };
    match key.state {
        Use::Published => at("signs after", key.changes),
        Use::Signs => at("retires after", key.changes),
        Use::Retired => at("is removed after", key.changes),
        Use::Revoked => "is removed within 15 min".to_owned(),
        Use::Unknown => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::{self, NOW};

    fn shown(states: &[&str]) -> String {
        Output::new(&KeyList { keys: ring::listed(&testing::ring(states), NOW) }).plain()
    }

    #[test]
    fn shows_every_state() {
        assert_eq!(shown(&["revoked", "retiring", "active", "pending"]), include_str!("golden/list.txt"));
        assert_eq!(shown(&["active"]), include_str!("golden/list-one.txt"));
    }

    #[test]
    fn programs_read_times_as_rfc_3339() {
        let list = KeyList { keys: ring::listed(&testing::ring(&["active", "pending"]), NOW) };
        assert_eq!(
            Output::new(&list).json()["keys"][1],
            serde_json::json!({
                "kid": testing::id(1), "alg": "ES256", "state": "published",
                "since": "2027-01-15T07:00:00Z", "changes": "2027-01-15T10:00:00Z",
            })
        );
    }
}
