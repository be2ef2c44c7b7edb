//! One log line for each decision, without tokens or names: it identifies a person by the hash of `sub`, and a session by its
//! `jti`, which the token exchange's audit event also has.

mod lines;

use metrics::counter;
use pozi_auth::{
    hash::sha256_hex,
    session::{VerifiedSession, WOULD_BE_REFUSED},
};

pub use self::lines::{LogError, LogLines, background_writer};

use crate::{decide::Found, metrics::WOULD_BE_REFUSED_REQUESTS, refusal::Refusal};

/// The metric's `operation` of a decision of `/decide`, which knows only the access.
const DECIDE: &str = "decide";

/// Logs one decision of `/decide` about `site`, and counts it if it is only an observed site's.
pub(crate) fn log_decision(site: &str, outcome: &Result<VerifiedSession, Refusal>, found: &Found) {
    let session = outcome.as_ref().ok().or(found.session.as_ref());
    let question = found.question.as_ref();
    let would_be_refused = outcome.as_ref().ok().zip(question).is_some_and(|(session, question)| {
        session.opens_by_observation(&question.catalogue, question.access)
    });
    if let Some(question) = question.filter(|_| would_be_refused) {
        let catalogue = question.catalogue.to_string();
        counter!(WOULD_BE_REFUSED_REQUESTS, "catalogue" => catalogue, "operation" => DECIDE).increment(1);
    }
    tracing::info!(
        target: "pozi::gate",
        decision = if outcome.is_ok() { "allowed" } else { "refused" },
        reason = outcome.as_ref().err().map(Refusal::reason),
        site,
        catalogue = question.map(|question| question.catalogue.as_str()),
        access = question.map(|question| tracing::field::display(question.access)),
        observed = would_be_refused.then_some(WOULD_BE_REFUSED),
        jti = session.map(VerifiedSession::id),
        subject_sha256 = session.map(|session| sha256_hex(session.subject().as_bytes())),
        "a request was decided"
    );
}
