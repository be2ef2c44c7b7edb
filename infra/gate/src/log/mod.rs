//! One line a decision. No token and no name is in it: a person is the hash of `sub`, a session its `jti`, by which the
//! exchange's own audit event is found.

mod lines;

use pozi_auth::{hash::sha256_hex, session::VerifiedSession};

pub use self::lines::{LogError, LogLines};

use crate::{decide::Found, refusal::Refusal};

/// The `target` of the lines.
const DECISIONS: &str = "pozi::gate";

/// Tells one decision about `site`.
pub(crate) fn tell(site: &str, outcome: &Result<VerifiedSession, Refusal>, found: &Found) {
    if !tracing::enabled!(target: DECISIONS, tracing::Level::INFO) {
        return;
    }
    let session = outcome.as_ref().ok().or(found.session.as_ref());
    let question = found.question.as_ref();
    tracing::info!(
        target: DECISIONS,
        decision = if outcome.is_ok() { "allowed" } else { "refused" },
        reason = outcome.as_ref().err().map(Refusal::reason),
        site,
        catalogue = question.map(|question| question.catalogue.as_str()),
        access = question.map(|question| tracing::field::display(question.access)),
        jti = session.map(VerifiedSession::id),
        subject_sha256 = session.map(|session| sha256_hex(session.subject().as_bytes())),
        "a request was decided"
    );
}
