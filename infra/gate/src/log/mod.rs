//! One line a decision. No token and no name is in it: a person is the hash of `sub`, a session its `jti`, by which the
//! exchange's own audit event is found.

mod lines;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pozi_auth::session::VerifiedSession;

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
    let subject = session.map(|session| digest::digest(&digest::SHA256, session.subject().as_bytes()));
    tracing::info!(
        target: DECISIONS,
        decision = if outcome.is_ok() { "allowed" } else { "refused" },
        reason = outcome.as_ref().err().map(Refusal::reason),
        site,
        catalogue = question.map(|question| question.catalogue.as_str()),
        access = question.map(|question| tracing::field::display(question.access)),
        jti = session.map(VerifiedSession::id),
        subject_sha256 = subject.map(|hash| URL_SAFE_NO_PAD.encode(hash)),
        "a request was decided"
    );
}
