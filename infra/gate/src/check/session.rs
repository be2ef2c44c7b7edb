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
                findings.ok(catalogue.as_str(), &granted(&session, catalogue));
            }
        }
        Err(refusal) => findings.session_refused(&format!("{}: {refusal}", refusal.reason())),
    }
}

fn granted(session: &VerifiedSession, catalogue: &CatalogueId) -> String {
    let all = [Access::Read, Access::Write, Access::Download];
    let granted = all.into_iter().filter(|access| session.allows(catalogue, *access)).map(|access| {
        let is_observed = session.opens_by_observation(catalogue, access);
        format!("{access}{}", if is_observed { " only while the site is observed" } else { "" })
    });
    let granted: Vec<_> = granted.collect();
    if granted.is_empty() { "no access".to_owned() } else { granted.join(" and ") }
}
