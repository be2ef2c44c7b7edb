//! `pozi keys revoke`.

use std::fmt;

use pozi_auth::{
    keyring::{HELD_BY_CONSUMERS, KeyId, RotationRequest},
    revocation::LIST_HELD,
    session::{ISSUER_KEY_LIFETIMES, REVOKED_WITHIN},
};
use serde::Serialize;

use super::{
    KeysError, RevokeArgs, function,
    ring::{self, ListedKey, Use},
};
use crate::{
    Exit, Output, Service, World,
    moments::length,
    output::{self, lines},
    style::{BAD, GOOD, HEADING, styled},
};

/// What revoking a key means, and what came of it.
#[derive(Debug, Serialize)]
struct Revocation {
    kid: KeyId,
    /// `revoked`, `declined` or `already revoked`.
    outcome: Outcome,
    /// What the function did, in words.
    done: Vec<String>,
    /// The keys, before it or after it.
    keys: Vec<ListedKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Revoked,
    AlreadyRevoked,
    Declined,
}

/// Revokes a key of `service`, after showing what that means and asking for the key's id.
pub(super) async fn revoke(
    args: &RevokeArgs,
    service: &Service,
    world: &mut World,
) -> Result<Output, KeysError> {
    let keys = ring::read(service, world).await?;
    let Some(key) = keys.iter().find(|key| key.id.as_str() == args.key).cloned() else {
        let known = keys.into_iter().map(|key| key.id).collect();
        return Err(KeysError::UnknownKey { key: args.key.clone(), known });
    };
    let end = |outcome, done, keys| Revocation { kid: key.id.clone(), outcome, done, keys };
    let is_new = key.state != Use::Revoked;
    if is_new && !args.yes && !is_confirmed(&key, &keys, world) {
        return Ok(Output::ending(&end(Outcome::Declined, Vec::new(), keys), Exit::Declined));
    }
    // Also for a key that is revoked in the ring: the run that did it may have been killed before it told the verifiers.
    let request = RotationRequest::Revoke(key.id.clone());
    let report = function::ask(&request, service, world).await?;
    let after = ring::listed(&report.ring, world.now);
    if after.iter().any(|other| other.id == key.id && other.state != Use::Revoked) {
        return Err(KeysError::StillPublished(key.id));
    }
    let outcome = if is_new { Outcome::Revoked } else { Outcome::AlreadyRevoked };
    Ok(Output::new(&end(outcome, report.keys, after)))
}

fn is_confirmed(key: &ListedKey, keys: &[ListedKey], world: &mut World) -> bool {
    world.show(&Consequences { key, keys }.to_string());
    world.ask("Type the key's id to revoke it:").is_some_and(|typed| typed == key.id.as_str())
}

/// What will happen, and to whom.
struct Consequences<'a> {
    key: &'a ListedKey,
    keys: &'a [ListedKey],
}

impl fmt::Display for Consequences<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines() {
            writeln!(f, "{line}")?;
        }
        writeln!(f)?;
        verifiers(f)
    }
}

impl Consequences<'_> {
    fn lines(&self) -> Vec<String> {
        let key = &self.key.id;
        match self.key.state {
            Use::Published | Use::Revoked => vec![
                format!("Key {key} is published and has not signed yet. Revoking it ends no session of a person."),
                "Another key is published when it is due; a rotation that was asked for must be asked for again.".into(),
            ],
            Use::Retired => vec![
                format!("Key {key} no longer signs. Its last sessions, of people who got theirs before it"),
                "retired, end at once; the Web App gets new ones by itself.".into(),
            ],
            Use::Signs | Use::Unknown => {
                let next = self.keys.iter().find(|key| key.state == Use::Published);
                let next = next.map_or_else(|| "a new key".to_owned(), |next| format!("key {}", next.id));
                vec![
                    styled(BAD, format!("Key {key} signs the sessions of everybody who is signed in.")),
                    format!("All of them end, at every site, and {next} signs at once,"),
                    "although some verifiers do not know it yet. The Web App gets new sessions by itself, but maps are".into(),
                    "refused until a verifier has fetched the new key set.".into(),
                ]
            }
        }
    }
}

/// Writes how long each kind of verifier keeps the old key set. Until then it accepts what the leaked key signs, and refuses what
/// its successor signs.
fn verifiers(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let [read, ours, fresh, kept, authorizer] =
        [LIST_HELD, REVOKED_WITHIN, ISSUER_KEY_LIFETIMES.fresh, ISSUER_KEY_LIFETIMES.keep, HELD_BY_CONSUMERS]
            .map(length);
    let mut table = output::table(["WHO", "ACCEPTS THE KEY FOR AT MOST"]);
    for (who, time) in [
        ("the service itself", format!("{read}: then it signs with another key and publishes the new set")),
        ("the gate, and the authorizer", format!("{ours}; {kept} if they cannot reach the service")),
        ("answers that API Gateway caches", "as CacheSeconds says: 15 s, at most 5 min".to_owned()),
        (
            "verifiers made by docs/verify.md",
            format!("{fresh} more; {kept} if they cannot reach the service"),
        ),
        ("AWS's own JWT authorizer", format!("{authorizer} more")),
    ] {
        table.add_row([who.to_owned(), time]);
    }
    write!(f, "{}", lines(&table))
}

impl fmt::Display for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Outcome::Declined => {
                return writeln!(f, "Nothing was done: the key's id was not typed. Scripts use --yes.");
            }
            Outcome::AlreadyRevoked => {
                writeln!(f, "Key {} was revoked already; the next run removes it.", self.kid)?;
            }
            Outcome::Revoked => {
                for line in &self.done {
                    writeln!(f, "{}", styled(GOOD, line))?;
                }
            }
        }
        writeln!(f)?;
        verifiers(f)?;
        writeln!(
            f,
            "\n{}",
            styled(
                HEADING,
                "Next: point 3 of \"A signing key has leaked\" in docs/operate.md: close the way by which it leaked."
            )
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::{self, NOW};

    fn shown_before(states: &[&str], at: usize) -> String {
        let keys = ring::listed(&testing::ring(states), NOW);
        output::plain(&Consequences { key: &keys[at], keys: &keys }.to_string())
    }

    #[test]
    fn shows_what_will_happen_to_whom() {
        let all = ["retiring", "active", "pending"];
        assert_eq!(shown_before(&all, 0), include_str!("golden/before-retired.txt"));
        assert_eq!(shown_before(&all, 1), include_str!("golden/before-signs.txt"));
        assert_eq!(shown_before(&all, 2), include_str!("golden/before-published.txt"));
        let alone = shown_before(&["active"], 0);
        assert!(alone.contains("and a new key signs at once"), "{alone}");
    }

    fn shown(outcome: Outcome, done: &[String]) -> String {
        let keys = ring::listed(&testing::ring(&["revoked", "active"]), NOW);
        let kid = keys[0].id.clone();
        Output::new(&Revocation { kid, outcome, done: done.to_vec(), keys }).plain()
    }

    #[test]
    fn a_key_id_may_begin_with_a_hyphen() {
        use clap::Parser;
        for words in [["-Hkid", "--yes"], ["--yes", "-Hkid"]] {
            let line = [&["pozi", "keys", "revoke"][..], &words].concat();
            let args = crate::Args::try_parse_from(line).unwrap();
            let crate::Command::Keys(crate::keys::KeysCommand::Revoke(args)) = args.command else { panic!() };
            assert_eq!((args.key.as_str(), args.yes), ("-Hkid", true));
        }
    }

    #[test]
    fn names_the_next_point_of_the_runbook() {
        let done = [format!("key {} is revoked: it is no longer published", testing::id(0))];
        assert_eq!(shown(Outcome::Revoked, &done), include_str!("golden/revoked.txt"));
        let already = shown(Outcome::AlreadyRevoked, &[]);
        assert!(
            already.starts_with(&format!(
                "Key {} was revoked already; the next run removes it.\n",
                testing::id(0)
            ))
        );
        assert!(already.ends_with("close the way by which it leaked.\n"));
    }
}
