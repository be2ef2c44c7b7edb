//! A session before it is signed: valid, until a case changes it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pozi_auth::keyring::{SigningError, SoftwareKey};
use serde_json::{Value, json};

use super::{AUDIENCE, TENANT, VerifierKit};

const PERSON: &str = "5f1c9a3e-6a4b-4f0e-9d57-0b7a5d1c2e11";
const CLIENT: &str = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee";
const HOUR: u64 = 3_600;

/// A session to be signed with `key`.
pub(super) struct Draft<'a> {
    pub(super) header: Value,
    pub(super) claims: Value,
    pub(super) key: &'a SoftwareKey,
    pub(super) kit: &'a VerifierKit,
    pub(super) now: u64,
}

impl<'a> Draft<'a> {
    /// A valid session, made at `now` for an hour.
    pub(super) fn new(kit: &'a VerifierKit, now: u64) -> Self {
        let mut draft = Self {
            header: json!({"typ": "at+jwt", "alg": kit.algorithm.name()}),
            claims: json!({
                "iss": kit.issuer,
                "aud": AUDIENCE,
                "sub": format!("{TENANT}.{PERSON}"),
                "client_id": CLIENT,
                "tid": TENANT,
                "iat": now,
                "exp": now + HOUR,
                "jti": "0190f6a4-3c52-4c1e-8f6b-2d9f3f1b7a55",
                "scope": "heritage:read planning:read",
                "policy_revision": 3,
            }),
            key: &kit.current,
            kit,
            now,
        };
        draft.sign_with(&kit.current);
        draft
    }

    /// Has it signed with `key`, and names that key.
    pub(super) fn sign_with(&mut self, key: &'a SoftwareKey) {
        self.key = key;
        self.header["kid"] = json!(key.public_jwk().common.key_id);
    }

    /// Removes a member of the header.
    pub(super) fn remove_header(&mut self, name: &str) {
        remove(&mut self.header, name);
    }

    /// Removes a claim.
    pub(super) fn remove_claim(&mut self, name: &str) {
        remove(&mut self.claims, name);
    }

    /// Has it opened `scope` at a site that is only observed, whose rules allow `enforced` of it.
    pub(super) fn observe(&mut self, scope: &str, enforced: &str) {
        self.claims["scope"] = json!(scope);
        self.claims["enforced_scope"] = json!(enforced);
    }

    /// Returns the signed part.
    pub(super) fn message(&self) -> String {
        format!("{}.{}", encoded(self.header.to_string()), encoded(self.claims.to_string()))
    }

    /// Returns the token.
    pub(super) fn token(&self) -> Result<String, SigningError> {
        let message = self.message();
        let signature = self.key.sign_now(message.as_bytes())?;
        Ok(format!("{message}.{}", encoded(signature)))
    }
}

/// Encodes a part of a token.
pub(super) fn encoded(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

fn remove(object: &mut Value, name: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
}
