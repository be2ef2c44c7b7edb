//! One log line for each decision, without tokens or names: it identifies a person by the hash of `sub`, and a session by its
//! `jti`, which the token exchange's audit event also has.

mod lines;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pozi_auth::session::VerifiedSession;

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
        subject_sha256 = session.map(|session| subject_hash(session.subject())),
        "a request was decided"
    );
}

/// Returns the SHA-256 of a session's subject, in base64url.
pub(crate) fn subject_hash(subject: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, subject.as_bytes()))
}
