//! The one way to a [`VerifiedSubject`]: the tenant's signature, then every claim against what the site expects.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens>.

use std::time::Duration;

use jsonwebtoken::Algorithm;

use super::{
    Cloud, EntraKey, Groups, SubjectRefusal, UnverifiedToken,
    claims::{Claims, Kind},
};
use crate::{
    identifiers::{ClientId, ObjectId, TenantId},
    json::ClaimError,
    timestamp::Timestamp,
};

/// How far Entra's clock may be ahead of ours. It counts for `nbf` and `iat` only: a session may not outlive its
/// subject token, so that there is nothing to give for a token past its `exp`.
pub const LEEWAY: Duration = Duration::from_mins(1);

/// The scope that the Web App asks for at sign-in. An ID token and an app-only token do not have it.
pub const REQUIRED_SCOPE: &str = "user_impersonation";

/// What a token must say to be meant for a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The site's cloud.
    pub cloud: Cloud,
    /// The site's tenant.
    pub tenant: TenantId,
    /// Every form in which Entra writes the site's registration into `aud`.
    pub audiences: Vec<String>,
    /// The clients that may ask for it.
    pub clients: Vec<ClientId>,
}

/// Somebody whose Entra token was verified for a site. `tenant` and `object` together say who, for good; names and
/// addresses can change and are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSubject {
    tenant: TenantId,
    object: ObjectId,
    client: ClientId,
    groups: Groups,
    expires: Timestamp,
}

/// Verifies `token` with `key` against what a site expects, at `now`.
pub fn verify(
    token: UnverifiedToken<'_>,
    key: &EntraKey,
    expected: &Expected,
    now: Timestamp,
) -> Result<VerifiedSubject, SubjectRefusal> {
    check_signature(&token, key, expected)?;
    let claims = token.claims;
    check_issuer(&claims, expected)?;
    check_audience(&claims, expected)?;
    check_kind(&claims)?;
    let client = check_client(&claims, expected)?;
    check_scope(&claims)?;
    check_times(&claims, now)?;
    Ok(VerifiedSubject {
        tenant: claims.tenant,
        object: claims.object.ok_or(ClaimError::Missing("oid"))?,
        client,
        groups: claims.groups,
        expires: claims.expires,
    })
}

impl Expected {
    /// Whether `audience` is one of the site's own forms. A client id is a GUID, whose letter case means nothing.
    pub fn is_meant_by(&self, audience: &str) -> bool {
        self.audiences
            .iter()
            .any(|own| own == audience || (is_guid_form(own) && own.eq_ignore_ascii_case(audience)))
    }
}

impl VerifiedSubject {
    /// Claim `tid`.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Claim `oid`.
    pub fn object(&self) -> ObjectId {
        self.object
    }

    /// Claim `appid` or `azp`: the client that the person used.
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// The groups that the person is in.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Claim `exp`.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }
}

fn check_signature(
    token: &UnverifiedToken<'_>,
    key: &EntraKey,
    expected: &Expected,
) -> Result<(), SubjectRefusal> {
    if let Some(key_issuer) = key.vouches_only_for_another(expected.cloud, token.claims.tenant) {
        return Err(SubjectRefusal::KeyIssuerMismatch { key_issuer: key_issuer.to_owned() });
    }
    if !token.jws.is_signed_by(&key.decoding, Algorithm::RS256) {
        return Err(SubjectRefusal::BadSignature);
    }
    Ok(())
}

fn check_issuer(claims: &Claims, expected: &Expected) -> Result<(), SubjectRefusal> {
    let issuer = expected.cloud.issuer(claims.version, expected.tenant);
    if claims.tenant != expected.tenant || claims.issuer != issuer {
        return Err(SubjectRefusal::IssuerMismatch { found: shortened(&claims.issuer), expected: issuer });
    }
    Ok(())
}

fn check_audience(claims: &Claims, expected: &Expected) -> Result<(), SubjectRefusal> {
    if !expected.is_meant_by(&claims.audience) {
        return Err(SubjectRefusal::AudienceMismatch { found: shortened(&claims.audience) });
    }
    Ok(())
}

fn check_kind(claims: &Claims) -> Result<(), SubjectRefusal> {
    match claims.kind {
        Kind::DelegatedAccess => Ok(()),
        Kind::Id => Err(SubjectRefusal::IdToken),
        Kind::AppOnly => Err(SubjectRefusal::AppOnlyToken),
    }
}

fn check_client(claims: &Claims, expected: &Expected) -> Result<ClientId, SubjectRefusal> {
    let found = claims.client.ok_or(ClaimError::Missing("appid or azp"))?;
    if !expected.clients.contains(&found) {
        return Err(SubjectRefusal::ClientNotAllowed { found });
    }
    Ok(found)
}

fn check_scope(claims: &Claims) -> Result<(), SubjectRefusal> {
    if !claims.scopes.split(' ').any(|scope| scope == REQUIRED_SCOPE) {
        return Err(SubjectRefusal::ScopeMissing);
    }
    Ok(())
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), SubjectRefusal> {
    if now >= claims.expires {
        return Err(SubjectRefusal::Expired { ago: now.since(claims.expires) });
    }
    let valid_from = claims.not_before.max(claims.issued);
    if valid_from > now.plus(LEEWAY) {
        return Err(SubjectRefusal::NotYetValid { valid_from });
    }
    Ok(())
}

fn is_guid_form(audience: &str) -> bool {
    audience.strip_prefix("spn:").unwrap_or(audience).parse::<ClientId>().is_ok()
}

/// Claims are the caller's words: enough of them for an administrator to recognise, not enough to flood a log.
fn shortened(claim: &str) -> String {
    claim.chars().take(200).collect()
}

/// For this crate's own tests of what comes after verification.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A subject that verification might have built: in `groups`, its token ending at `expires`.
    pub(crate) fn subject(groups: Groups, expires: Timestamp) -> VerifiedSubject {
        let id = uuid::Uuid::from_u128;
        VerifiedSubject {
            tenant: TenantId::new(id(1)),
            object: ObjectId::new(id(2)),
            client: ClientId::new(id(3)),
            groups,
            expires,
        }
    }
}
