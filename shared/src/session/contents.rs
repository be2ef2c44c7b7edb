//! What a session says, before anything of it is verified: for people who look at one, never for a decision.

use uuid::Uuid;

use super::{
    Issuer, SessionRefusal,
    verify::{as_minted, check_header, enforced_scope_of, revision_of, scope_of, subject_of},
};
use crate::{
    address::is_absolute_uri,
    identifiers::{ClientId, TenantId},
    json::ClaimError,
    jws::CompactJws,
    revision::Revision,
    sites::Scope,
    timestamp::Timestamp,
};

/// The claims of a session in the form in which they are minted. Anyone may have written them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionContents {
    /// Header member `kid`, in the characters of a key's id.
    pub key_id: String,
    /// Claim `iss`.
    pub issuer: Issuer,
    /// Claim `aud`, a URL.
    pub audience: String,
    /// Claim `tid`.
    pub tenant: TenantId,
    /// Claim `sub`: `<tid>.<oid>`.
    pub subject: String,
    /// Claim `client_id`.
    pub client: ClientId,
    /// Claim `jti`.
    pub id: Uuid,
    /// Claim `scope`.
    pub scope: Scope,
    /// Claim `enforced_scope`: what the site's rules allow, if they are only observed.
    pub enforced_scope: Option<Scope>,
    /// Claim `policy_revision`.
    pub policy_revision: Option<Revision>,
    /// Claim `iat`.
    pub issued: Timestamp,
    /// Claim `exp`.
    pub expires: Timestamp,
}

impl SessionContents {
    /// Reads `token` without verifying it. Refuses what [`SessionVerifier`](super::SessionVerifier) refuses for its form alone, and
    /// texts that the service never mints, which could mislead a person who reads them on a terminal.
    pub fn read(token: &str) -> Result<Self, SessionRefusal> {
        let jws = CompactJws::parse(token)?;
        let header = jws.header()?;
        let key_id = check_header(&header)?;
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !key_id.bytes().all(is_base64url) {
            return Err(ClaimError::WrongForm("kid").into());
        }
        let claims = jws.payload()?;
        let audience = claims.string("aud")?;
        if !is_absolute_uri(audience) {
            return Err(ClaimError::WrongForm("aud").into());
        }
        let tenant = as_minted(&claims, "tid")?;
        Ok(Self {
            key_id: key_id.to_owned(),
            issuer: as_minted(&claims, "iss")?,
            audience: audience.to_owned(),
            tenant,
            subject: subject_of(&claims, tenant)?,
            client: as_minted(&claims, "client_id")?,
            id: as_minted(&claims, "jti")?,
            scope: scope_of(&claims)?,
            enforced_scope: enforced_scope_of(&claims)?,
            policy_revision: revision_of(&claims)?,
            issued: Timestamp::from_unix_seconds(claims.number("iat")?),
            expires: Timestamp::from_unix_seconds(claims.number("exp")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        keyring::SigningAlgorithm,
        session::testing::{self, signing_key},
    };

    fn token(spoil: impl FnOnce(&mut Value, &mut Value)) -> String {
        let (key, _) = signing_key(SigningAlgorithm::Es256);
        let mut header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": key.id.as_str() });
        let mut claims = serde_json::to_value(testing::claims("planning:read roads:write")).unwrap();
        spoil(&mut header, &mut claims);
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{header}.{claims}.")
    }

    #[test]
    fn reads_every_claim_of_a_session_with_any_signature() {
        let read = SessionContents::read(&token(|_, _| ())).unwrap();
        let claims = testing::claims("planning:read roads:write");
        assert_eq!(read.key_id, signing_key(SigningAlgorithm::Es256).0.id.as_str());
        assert_eq!((read.issuer, read.audience), (claims.iss, claims.aud));
        assert_eq!((read.subject, read.tenant, read.client), (claims.sub, claims.tid, claims.client_id));
        assert_eq!((read.id.to_string(), read.scope.to_string()), (claims.jti, claims.scope));
        assert_eq!((read.issued, read.expires), (claims.iat, claims.exp));
        assert_eq!((read.enforced_scope, read.policy_revision), (None, Some(claims.policy_revision)));
    }

    #[test]
    fn reads_what_an_observed_session_says_and_one_without_a_revision() {
        let read = SessionContents::read(&token(|_, claims| {
            claims["enforced_scope"] = json!("planning:read");
            claims.as_object_mut().unwrap().remove("policy_revision");
        }));
        let read = read.unwrap();
        assert_eq!(read.enforced_scope.map(|scope| scope.to_string()).as_deref(), Some("planning:read"));
        assert_eq!(read.policy_revision, None);
        let wrong = |name: &'static str, value: Value| {
            SessionContents::read(&token(|_, claims| claims[name] = value)).unwrap_err()
        };
        assert_eq!(wrong("enforced_scope", json!("\u{1b}[2J")), SessionRefusal::Scope);
        assert_eq!(wrong("policy_revision", json!("\u{1b}[2J")).code(), "claim");
    }

    #[test]
    fn refuses_other_tokens_and_texts_that_no_session_has() {
        let entra = token(|header, _| header["typ"] = json!("JWT"));
        assert_eq!(SessionContents::read(&entra), Err(SessionRefusal::NotASession));
        let claim = |name: &'static str, value: &'static str| {
            SessionContents::read(&token(|_, claims| claims[name] = json!(value)))
        };
        for (name, value) in [
            ("aud", "\u{1b}[2J"),
            ("iss", "https://auth.example/\u{1b}[2J"),
            ("sub", "someone"),
            ("jti", "1"),
        ] {
            assert_eq!(claim(name, value), Err(ClaimError::WrongForm(name).into()));
        }
        let odd = SessionContents::read(&token(|header, _| header["kid"] = json!("\u{1b}[2J")));
        assert_eq!(odd, Err(ClaimError::WrongForm("kid").into()));
    }
}
