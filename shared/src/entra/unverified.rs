//! A token nobody has vouched for yet. It answers only what the lookups of its site and its key need.

use super::{Malformed, SubjectRefusal, TokenVersion, claims::Claims};
use crate::{
    identifiers::TenantId,
    json::{ClaimError, Members},
    jws::CompactJws,
};

/// An Entra access token as it came in.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    pub(super) jws: CompactJws<'a>,
    pub(super) claims: Claims,
    key_id: String,
}

impl<'a> UnverifiedToken<'a> {
    /// Takes `token` apart. Refuses what no key could make acceptable: another algorithm than RS256, a Microsoft Graph
    /// token, a session token of ours, a critical header, a claim missing.
    pub fn parse(token: &'a str) -> Result<Self, SubjectRefusal> {
        let jws = CompactJws::parse(token)?;
        let key_id = check_header(&jws.header()?)?;
        let claims = Claims::read(&jws.payload()?)?;
        Ok(Self { jws, claims, key_id })
    }

    /// Claim `tid`.
    pub fn tenant(&self) -> TenantId {
        self.claims.tenant
    }

    /// Claim `ver`.
    pub fn version(&self) -> TokenVersion {
        self.claims.version
    }

    /// Claim `aud`.
    pub fn audience(&self) -> &str {
        &self.claims.audience
    }

    /// The id of the key that is said to have signed: `kid`, or `x5t` where an old token has no `kid`.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Claim `uti`, Entra's own id of the token, for the audit trail.
    pub fn unique_id(&self) -> Option<&str> {
        self.claims.unique_id.as_deref()
    }
}

/// `jku`, `x5u`, `jwk` and `x5c` are never looked at: a token does not choose the key that it is checked with
/// (RFC 8725 §3.10).
fn check_header(header: &Members<'_>) -> Result<String, SubjectRefusal> {
    let kind = header.optional_string("typ")?;
    if kind.is_some_and(is_pozi_session) {
        return Err(SubjectRefusal::PoziToken);
    }
    let alg = header.string("alg")?;
    if alg != "RS256" {
        return Err(SubjectRefusal::UnsupportedAlgorithm { alg: alg.chars().take(20).collect() });
    }
    if header.has("crit") {
        return Err(SubjectRefusal::CriticalHeader);
    }
    if header.has("nonce") {
        return Err(SubjectRefusal::GraphToken);
    }
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT")) {
        return Err(Malformed::Type.into());
    }
    let key_id = match header.optional_string("kid")? {
        Some(key_id) => key_id,
        None => header.string("x5t").map_err(|_| ClaimError::Missing("kid"))?,
    };
    Ok(key_id.to_owned())
}

/// RFC 9068 §2.1 names both spellings.
fn is_pozi_session(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("at+jwt") || kind.eq_ignore_ascii_case("application/at+jwt")
}
