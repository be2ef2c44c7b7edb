//! One log line for each decision, without tokens or names: it identifies a person by the hash of `sub`, and a session by its
//! `jti`, which the token exchange's audit event also has.

mod lines;

use pozi_auth::{hash::sha256_hex, session::VerifiedSession};

pub use self::lines::{LogError, LogLines};

use crate::{decide::Found, refusal::Refusal};

/// Logs one decision of `/decide` about `site`.
pub(crate) fn log_decision(site: &str, outcome: &Result<VerifiedSession, Refusal>, found: &Found) {
    let session = outcome.as_ref().ok().or(found.session.as_ref());
    let question = found.question.as_ref();
    tracing::info!(
        target: "pozi::gate",
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
