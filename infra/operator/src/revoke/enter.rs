//! `pozi revoke site`, `person` and `session`.

use std::{fmt, time::Duration};

use pozi_auth::{
    revocation::{LIST_HELD, Revoked, RevokedKind, change},
    session::REVOKED_WITHIN,
    sites::MAX_SESSION_MINUTES,
    timestamp::Timestamp,
};
use serde::{Serialize, Serializer};

use super::RevokeError;
use crate::{
    Exit, Output, Service, World,
    consent::Consent,
    moments::{self, length, utc},
    output::{self, lines},
    style::{FAINT, GOOD, HEADING, styled},
};

/// What was revoked, or would be.
#[derive(Debug, Serialize)]
struct Entered {
    #[serde(flatten)]
    revoked: Revoked,
    outcome: Outcome,
    /// The number of the list that has it.
    sequence: Option<u64>,
    /// What was issued before this is refused.
    #[serde(serialize_with = "as_text")]
    issued_before: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Revoked,
    Declined,
    #[serde(skip)]
    Preview,
}

/// Enters `revoked` in the list, after showing what that means and asking.
pub(super) async fn enter(
    revoked: Revoked,
    consent: Consent,
    service: &Service,
    world: &mut World,
) -> Result<Output, RevokeError> {
    let table = service.table()?;
    let issued_before = world.now.plus(LIST_HELD);
    let entered = Entered { revoked, outcome: Outcome::Preview, sequence: None, issued_before };
    if !is_agreed(&entered, consent, world)? {
        return Ok(Output::ending(&Entered { outcome: Outcome::Declined, ..entered }, Exit::Declined));
    }
    let by = service.operator().await?;
    let (revoked, now) = (&entered.revoked, world.now);
    let changed = change(&table, |list| Ok::<_, RevokeError>(Some(list.enter(revoked.clone(), &by, now)?)));
    let list = world.watching("writing the revocation list", changed).await?;
    Ok(Output::new(&Entered { outcome: Outcome::Revoked, sequence: Some(list.sequence()), ..entered }))
}

fn is_agreed(entered: &Entered, consent: Consent, world: &mut World) -> Result<bool, RevokeError> {
    if consent.yes {
        return Ok(true);
    }
    world.show(entered.to_string().trim_end());
    let agrees = world.agrees("Revoke?");
    agrees.ok_or_else(|| RevokeError::NobodyToAsk { preview: entered.to_string() })
}

impl fmt::Display for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = format!("{} {}", self.revoked.kind(), self.revoked);
        match self.outcome {
            Outcome::Declined => return writeln!(f, "Nothing was revoked."),
            Outcome::Preview => {
                writeln!(f, "{}: would be revoked", styled(HEADING, named))?;
                writeln!(f, "{}\n", means(self.revoked.kind()))?;
            }
            Outcome::Revoked => {
                let number = self.sequence.unwrap_or_default();
                writeln!(f, "{}\n", styled(GOOD, format!("{named} is revoked (list number {number})")))?;
            }
        }
        write!(f, "{}", verifiers())?;
        let note = format!(
            "What was issued from {} on is accepted again. Entra dates its tokens back by some minutes, so that signing in anew helps only then.",
            utc(self.issued_before)
        );
        writeln!(f, "\n{}", styled(FAINT, note))
    }
}

fn means(kind: RevokedKind) -> &'static str {
    match kind {
        RevokedKind::Site => {
            "All of its sessions end, and everybody has to get a new Entra token before the next one."
        }
        RevokedKind::Person => {
            "All sessions of the person end. If they must not come back, block their sign-in in Entra first: a new token opens new sessions."
        }
        RevokedKind::Session => "It ends. Its person can get another one at once.",
        RevokedKind::Key => "All sessions that it signed end.",
    }
}

/// Returns how long each kind of verifier goes on accepting the sessions.
fn verifiers() -> String {
    let longest = length(Duration::from_secs(60 * MAX_SESSION_MINUTES));
    let mut table = output::table(["WHO", "ACCEPTS ITS SESSIONS FOR AT MOST"]);
    for (who, time) in [
        ("the exchange, a token for a new one", length(LIST_HELD)),
        (
            "the gate, and the authorizer",
            format!("{}; {longest} if they cannot reach the service", length(REVOKED_WITHIN)),
        ),
        ("answers that API Gateway caches", "as CacheSeconds says: 15 s, at most 5 min".to_owned()),
        ("verifiers that do not read the document", longest.clone()),
        ("AWS's own JWT authorizer", longest),
    ] {
        table.add_row([who.to_owned(), time]);
    }
    lines(&table)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
fn as_text<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    moments::rfc3339(*time).serialize(serializer)
}
