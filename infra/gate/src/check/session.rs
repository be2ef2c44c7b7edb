//! What a session opens at this site.

use pozi_auth::{
    session::{SessionKeySource, VerifiedSession},
    sites::{Access, CatalogueId},
    timestamp::Timestamp,
};

use super::findings::Findings;
use crate::Gate;

/// Adds how long the session is valid and what it opens, or why it is refused.
pub(super) async fn check_session<K: SessionKeySource>(
    gate: &Gate<K>,
    token: &str,
    now: Timestamp,
    findings: &mut Findings,
) {
    match gate.verify(token, now).await {
        Ok(session) => {
            let left = session.expires().since(now).as_secs();
            findings.ok("session", &format!("valid for {left} s, jti {}", session.id()));
            for catalogue in gate.catalogues() {
                findings.ok(catalogue.as_str(), granted(&session, catalogue));
            }
        }
        Err(refusal) => findings.session_refused(&format!("{}: {refusal}", refusal.reason())),
    }
}

fn granted(session: &VerifiedSession, catalogue: &CatalogueId) -> &'static str {
    let access = if session.allows(catalogue, Access::Write) { Access::Write } else { Access::Read };
    match (access, session.opens_by_observation(catalogue, access)) {
        _ if !session.allows(catalogue, access) => "no access",
        (Access::Write, false) => "read and write",
        (Access::Write, true) => "read and write, only while the site is observed",
        (_, false) => "read",
        (_, true) => "read, only while the site is observed",
    }
}
