//! Verifies Pozi sessions with `pozi_auth`, the crate that the service itself is made of.

use pozi_auth::{
    adapters::{HttpDocument, SystemClock},
    identifiers::TenantId,
    session::{ISSUER_KEY_LIFETIMES, Issuer, IssuerKeys, SessionVerifier},
    sites::{Access, CatalogueId},
    timestamp::Clock,
};

/// Create it once: it keeps the keys.
pub fn verifier(
    issuer: Issuer,
    audience: String,
    tenant: TenantId,
) -> Result<SessionVerifier<IssuerKeys<HttpDocument>>, Box<dyn std::error::Error>> {
    let keys = HttpDocument::new(&issuer.key_set_url().parse()?)?;
    Ok(SessionVerifier::new(issuer, audience, tenant, IssuerKeys::new(keys, ISSUER_KEY_LIFETIMES)))
}

pub async fn may_read(
    verifier: &SessionVerifier<IssuerKeys<HttpDocument>>,
    session: &str,
    catalogue: &CatalogueId,
) -> bool {
    match verifier.verify(session, SystemClock.now()).await {
        Ok(session) => session.allows(catalogue, Access::Read),
        Err(_) => false,
    }
}
