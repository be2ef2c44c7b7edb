//! `pozi keys accept-restored`.

use std::fmt;

use pozi_auth::{
    adapters::aws::{Table, TablePublishedKeys},
    revision::Revision,
    revocation::{RevocationList, RevocationSource, change},
};
use serde::Serialize;

use super::KeysError;
use crate::{
    Exit, Output, Service, World,
    consent::Consent,
    style::{BAD, GOOD, styled},
};

/// The revisions of the stored ring and of the newest one that was in use.
#[derive(Debug, Serialize)]
struct Restored {
    /// The stored ring's; none if no ring is stored.
    stored: Option<Revision>,
    /// The highest that was in use before.
    known: Revision,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Accepted,
    NotRestored,
    Declined,
    #[serde(skip)]
    Preview,
}

/// Has the service use a key ring that was restored, after showing what that means and asking.
pub(super) async fn accept(
    consent: Consent,
    service: &Service,
    world: &mut World,
) -> Result<Output, KeysError> {
    let table = service.table()?;
    let (stored, list) = read(&table, world).await?;
    let restored = Restored { stored, known: list.ring_revision(), outcome: Outcome::Preview };
    let end = |outcome| Restored { outcome, ..restored };
    let revision = stored.unwrap_or_default();
    if list.requirements().check_ring(revision).is_ok() {
        return Ok(Output::new(&end(Outcome::NotRestored)));
    }
    if !consent.yes {
        world.show(restored.to_string().trim_end());
        let agrees = world.agrees("Use the restored ring?");
        if !agrees.ok_or_else(|| KeysError::NobodyToAsk { preview: restored.to_string() })? {
            return Ok(Output::ending(&end(Outcome::Declined), Exit::Declined));
        }
    }
    let now = world.now;
    change(&table, |list| Ok::<_, KeysError>(Some(list.accept_ring(revision, now)))).await?;
    Ok(Output::new(&end(Outcome::Accepted)))
}

async fn read(table: &Table, world: &World) -> Result<(Option<Revision>, RevocationList), KeysError> {
    let source = TablePublishedKeys::new(table.clone());
    let overview = world.watching("reading the keys", source.overview()).await?;
    Ok((overview.map(|overview| overview.revision), table.load().await?))
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { known, .. } = self;
        let stored = self.stored.map_or_else(
            || "no key ring is stored".to_owned(),
            |stored| format!("the stored key ring has revision {stored}"),
        );
        match self.outcome {
            Outcome::NotRestored => {
                writeln!(f, "Nothing is to be done: {stored}, and none higher than {known} is known.")
            }
            Outcome::Declined => writeln!(f, "Nothing was done."),
            Outcome::Accepted => writeln!(
                f,
                "{}\nNext: pozi keys list. If a key of it was revoked since, it never signs; revoke it again: pozi keys revoke KID.",
                styled(GOOD, "The service uses the restored key ring from now on.")
            ),
            Outcome::Preview => writeln!(
                f,
                "{}\nIts keys may be ones that were removed because others had them, and sessions that newer keys signed end. Accept it\nonly if the newer ring is lost; otherwise restore that one. Until then nothing is signed, and no key is rotated.",
                styled(
                    BAD,
                    format!("{stored}, and revision {known} was in use before: an older one was restored.")
                )
            ),
        }
    }
}
