//! Tokens of the prober's tenant, as Entra would issue them to its person (version 2.0).

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use pozi_auth::{
    entra::{Cloud, TokenVersion},
    identifiers::{ClientId, GroupId, TenantId},
    keyring::{Signer, SigningError},
    timestamp::Timestamp,
};
use serde_json::json;

use crate::tenant::{CLIENT, GROUP, OTHER_CLIENT, OTHER_GROUP, PERSON};

const LIFETIME: Duration = Duration::from_mins(10);

/// The tokens of one probe. The first alone is valid.
pub(crate) struct Tokens {
    pub(crate) valid: String,
    /// The valid one with another signature.
    pub(crate) spoiled: String,
    /// For another app registration.
    pub(crate) for_another: String,
    /// Of a person in another group.
    pub(crate) in_another_group: String,
    pub(crate) expired: String,
}

struct Draft {
    audience: ClientId,
    group: GroupId,
    issued: Timestamp,
}

/// Signs the tokens of `tenant` with `key`, whose public half is `public`.
pub(crate) async fn sign_all(
    key: &impl Signer,
    public: &Jwk,
    tenant: TenantId,
    now: Timestamp,
) -> Result<Tokens, SigningError> {
    let sign = |draft: Draft| signed(key, public, tenant, draft);
    let right = || Draft { audience: CLIENT, group: GROUP, issued: now };
    let earlier = Timestamp::from_unix_seconds(now.unix_seconds().saturating_sub(2 * LIFETIME.as_secs()));
    let valid = sign(right()).await?;
    Ok(Tokens {
        spoiled: spoiled(&valid),
        valid,
        for_another: sign(Draft { audience: OTHER_CLIENT, ..right() }).await?,
        in_another_group: sign(Draft { group: OTHER_GROUP, ..right() }).await?,
        expired: sign(Draft { issued: earlier, ..right() }).await?,
    })
}

async fn signed(
    key: &impl Signer,
    public: &Jwk,
    tenant: TenantId,
    Draft { audience, group, issued }: Draft,
) -> Result<String, SigningError> {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": public.common.key_id});
    let claims = json!({
        "ver": "2.0",
        "iss": Cloud::Public.issuer(TokenVersion::V2, tenant),
        "tid": tenant,
        "oid": PERSON,
        "sub": "probe",
        "aud": audience,
        "azp": CLIENT,
        "scp": "user_impersonation",
        "groups": [group],
        "iat": issued.unix_seconds(),
        "nbf": issued.unix_seconds(),
        "exp": issued.plus(LIFETIME).unix_seconds(),
    });
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).await?);
    Ok(format!("{message}.{signature}"))
}

/// Returns `token` with another first character of its signature.
fn spoiled(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{message}.{first}{}", signature.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoiled_token_differs_in_its_signature_alone() {
        assert_eq!(spoiled("a.b.cde"), "a.b.Ade");
        assert_eq!(spoiled("a.b.Ade"), "a.b.Bde");
    }
}
