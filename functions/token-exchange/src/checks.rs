//! What a token and its request must satisfy at a site, beside what a verified token satisfies.

use http::{HeaderMap, header::ORIGIN};
use pozi_auth::{
    entra::VerifiedSubject,
    error::{Received, shortened},
    oauth::ExchangeError,
    revocation::RevocationList,
    sites::Site,
    timestamp::Timestamp,
};

/// Refuses a token that was issued before its person or its site was revoked.
pub(crate) fn refuse_revoked(
    revoked: &RevocationList,
    subject: &VerifiedSubject,
    site: &Site,
    now: Timestamp,
) -> Result<(), ExchangeError> {
    let person = (subject.tenant(), subject.object());
    let Some(entry) = revoked.refuses(person, site.external_url.as_str(), subject.issued(), now) else {
        return Ok(());
    };
    let (kind, issued, accepted_from) = (entry.revoked.kind(), subject.issued(), entry.issued_before(now));
    Err(ExchangeError::Revoked { kind, issued, accepted_from })
}

/// A browser says which page makes the request: the page of another site must not use its visitor's sign-in. Other clients
/// send no `Origin`, and hold the token themselves. Of several, a proxy and this service could each read another one; API
/// Gateway joins them with commas.
pub(crate) fn check_origin(headers: &HeaderMap, site: &Site) -> Result<(), ExchangeError> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    if origins.next().is_some() || origin.as_bytes().contains(&b',') {
        return Err(ExchangeError::OriginRepeated);
    }
    if origin.to_str().is_ok_and(|origin| site.is_served_from(origin)) {
        return Ok(());
    }
    let expected: Vec<_> = site.origins.iter().map(|origin| format!("`{origin}`")).collect();
    Err(ExchangeError::OriginNotAllowed {
        found: Received::of(&String::from_utf8_lossy(origin.as_bytes())),
        expected: shortened(&expected.join(", ")),
    })
}
