//! What a session opens here.

use pozi_auth::{
    session::{SessionKeySource, VerifiedSession},
    sites::{Access, CatalogueId},
    timestamp::Timestamp,
};

use super::findings::Findings;
use crate::Gate;

/// Says until when the session counts and what it opens, or why it does not count.
pub(super) async fn check_session<K: SessionKeySource>(
    gate: &Gate<K>,
    token: &str,
    now: Timestamp,
    findings: &mut Findings,
) {
    match gate.verify(token, now).await {
        Ok(session) => {
            let left = session.expires().since(now).as_secs();
            findings.fine("session", &format!("good for {left} s, {}", session.id()));
            for catalogue in gate.catalogues() {
                findings.fine(catalogue.as_str(), opened(&session, catalogue));
            }
        }
        Err(refusal) => findings.refused(&format!("{}: {refusal}", refusal.reason())),
    }
}

fn opened(session: &VerifiedSession, catalogue: &CatalogueId) -> &'static str {
    if session.allows(catalogue, Access::Write) {
        "read and write"
    } else if session.allows(catalogue, Access::Read) {
        "read"
    } else {
        "nothing"
    }
}
