//! `pozi keys rotate` and `pozi keys establish`.

use std::fmt;

use pozi_auth::keyring::{HELD_BY_CONSUMERS, KEEP_AFTER, PUBLISH_BEFORE, RotationRequest};
use serde::Serialize;

use super::{
    KeysError, function,
    ring::{self, ListedKey, Use},
};
use crate::{
    Output, Service, World,
    moments::{length, utc},
    style::{GOOD, styled},
};

/// What was asked for, and what it led to.
#[derive(Debug, Serialize)]
struct Change {
    /// What the function did, in words.
    done: Vec<String>,
    /// The keys after it.
    keys: Vec<ListedKey>,
    #[serde(skip)]
    is_first: bool,
}

/// Asks the function for `request`, which is to establish or to rotate.
pub(super) async fn change(
    request: &RotationRequest,
    service: &Service,
    world: &World,
) -> Result<Output, KeysError> {
    let report = function::ask(request, service, world).await?;
    let keys = ring::listed(&report.ring, world.now);
    let is_first = *request == RotationRequest::Establish;
    Ok(Output::new(&Change { done: report.keys, keys, is_first }))
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.done {
            writeln!(f, "{}", styled(GOOD, line))?;
        }
        if self.done.is_empty() {
            writeln!(f, "Nothing changed.")?;
        }
        let signs = self.keys.iter().find(|key| key.state == Use::Signs);
        let next = self.keys.iter().find(|key| key.state == Use::Published);
        match (signs, next) {
            (Some(signs), _) if self.is_first => writeln!(f, "\nKey {} signs the sessions.", signs.id),
            (Some(signs), Some(next)) => explain(f, signs, next),
            (Some(signs), None) => writeln!(
                f,
                "\nKey {} has just begun to sign, so that it is the newest. To replace it too, rotate again.",
                signs.id
            ),
            (None, _) => Ok(()),
        }
    }
}

fn explain(f: &mut fmt::Formatter<'_>, signs: &ListedKey, next: &ListedKey) -> fmt::Result {
    let [held, published, kept] = [HELD_BY_CONSUMERS, PUBLISH_BEFORE, KEEP_AFTER].map(length);
    let when = next
        .changes
        .map_or_else(|| format!("{published} after it was published"), |time| format!("after {}", utc(time)));
    writeln!(f, "\nKey {} is published now, and signs {when}.", next.id)?;
    writeln!(
        f,
        "Verifiers need that time: AWS's own JWT authorizer keeps a key set for up to {held}, and an hour more is for a run that comes late."
    )?;
    writeln!(
        f,
        "\nUntil then key {} signs. Its sessions stay valid: it is published for another {kept}.",
        signs.id
    )?;
    writeln!(f, "Nobody notices the change. If a key has leaked, this is not enough: pozi keys revoke KID.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::{self, NOW};

    fn shown(states: &[&str], done: &[&str], is_first: bool) -> String {
        let done = done.iter().map(|line| (*line).to_owned()).collect();
        let keys = ring::listed(&testing::ring(states), NOW);
        Output::new(&Change { done, keys, is_first }).plain()
    }

    #[test]
    fn says_when_the_next_key_signs_and_why_not_earlier() {
        let both = ["active", "pending"];
        assert_eq!(shown(&both, &["a new key is published"], false), include_str!("golden/rotate.txt"));
        assert_eq!(shown(&both, &[], false), include_str!("golden/rotate-again.txt"));
        let turn = ["key 1 signs from now on", "key 0 no longer signs"];
        assert_eq!(shown(&["retiring", "active"], &turn, false), include_str!("golden/rotate-due.txt"));
    }

    #[test]
    fn says_which_key_is_the_first() {
        assert_eq!(
            shown(&["active"], &["a new key is published"], true),
            include_str!("golden/establish.txt")
        );
        assert_eq!(shown(&["active"], &[], true), include_str!("golden/establish-again.txt"));
    }
}
