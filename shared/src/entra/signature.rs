//! The only way to a [`SignedToken`]: checks the signature, and that the key and the issuer are the tenant's. A token learns
//! nothing about sites before that.

use super::{Cloud, EntraKey, SubjectRefusal, TokenVersion, UnverifiedToken, claims::Claims};
use crate::error::shortened;

/// A token that Entra signed for the tenant that it names. Whether a site accepts it is open.
#[derive(Debug)]
pub struct SignedToken {
    pub(super) claims: Claims,
}

impl SignedToken {
    /// Returns claim `aud`.
    pub fn audience(&self) -> &str {
        &self.claims.audience
    }
}

impl UnverifiedToken<'_> {
    /// Verifies the signature with `key`, which must be one of the tenant's in `cloud`, as must the issuer.
    pub fn verify_signature(self, key: &EntraKey, cloud: Cloud) -> Result<SignedToken, SubjectRefusal> {
        if let Some(key_issuer) = key.foreign_issuer(cloud, self.claims.tenant) {
            return Err(SubjectRefusal::KeyIssuerMismatch {
                key_issuer: shortened(key_issuer),
                expected: cloud.issuer(TokenVersion::V2, self.claims.tenant),
            });
        }
        if !self.jws.is_signed_by(&key.public) {
            return Err(SubjectRefusal::BadSignature);
        }
        let Claims { issuer, version, tenant, .. } = &self.claims;
        if !cloud.is_issuer(issuer, *version, *tenant) {
            let (found, expected) = (shortened(issuer), cloud.issuer(*version, *tenant));
            return Err(SubjectRefusal::IssuerMismatch { found, expected });
        }
        Ok(SignedToken { claims: self.claims })
    }
}
