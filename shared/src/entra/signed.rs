//! Tokens as Entra signs them, for the tests of this module: valid by default, so that a test spoils one field and knows
//! that nothing else is the reason.

use std::{sync::LazyLock, time::Duration};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Cloud, EntraKey, EntraKeySet, Expected, KeySetLocation, SubjectRefusal, TokenVersion};
use crate::timestamp::Timestamp;

/// A time halfway through the default token's lifetime.
pub(super) const NOW: u64 = 1_800_000_000;

pub(super) const TENANT: &str = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11";
pub(super) const CLIENT: &str = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10";
pub(super) const FURTHER_CLIENT: &str = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c11";
pub(super) const PERSON: &str = "b2a7c1d4-0c1e-4e4b-9a52-2f6f8e1d7c22";
pub(super) const GROUP: &str = "6f1f1d0e-8a83-4c59-9d44-1f6d0c9c3a01";
pub(super) const APPLICATION_ID_URI: &str = "https://poziserver-riverbend.example/pozi";

/// The key that signs by default. RSA keys are slow to generate, so each is generated once per process.
pub(super) static TENANT_KEY: LazyLock<Key> = LazyLock::new(|| Key::generate("own"));

/// A key that is not published.
pub(super) static OTHER_KEY: LazyLock<Key> = LazyLock::new(|| Key::generate("else"));

/// A key pair and its id.
pub(super) struct Key {
    pub(super) id: &'static str,
    pair: RsaKeyPair,
}

/// A token before it is signed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) header: Value,
    pub(super) claims: Value,
}

impl Key {
    fn generate(id: &'static str) -> Self {
        Self { id, pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap() }
    }

    /// Returns its entry in a key set as Entra publishes it; `issuer` as in version 2.0, or none as in 1.0.
    pub(super) fn jwk(&self, issuer: Option<&str>) -> Value {
        let public = self.pair.public_key();
        let mut entry = json!({
            "kty": "RSA", "use": "sig", "kid": self.id, "x5t": self.id,
            "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        });
        if let Some(issuer) = issuer {
            entry["issuer"] = json!(issuer);
        }
        entry
    }

    /// Returns a key set document with this key alone.
    pub(super) fn document(&self, issuer: Option<&str>) -> Vec<u8> {
        json!({ "keys": [self.jwk(issuer)] }).to_string().into_bytes()
    }

    /// Returns the key as it is read from such a document.
    pub(super) fn read(&self, issuer: Option<&str>) -> std::sync::Arc<EntraKey> {
        EntraKeySet::parse(&self.document(issuer), Cloud::Public).unwrap().key(self.id).unwrap().clone()
    }

    fn signature(&self, message: &str) -> String {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        URL_SAFE_NO_PAD.encode(signature)
    }
}

impl Draft {
    /// Returns what Entra issued half an hour ago in `version` for a person in one group.
    pub(super) fn of(cloud: Cloud, version: TokenVersion) -> Self {
        let mut header = json!({"typ": "JWT", "alg": "RS256", "kid": TENANT_KEY.id});
        let mut claims = json!({
            "iss": cloud.issuer(version, TENANT.parse().unwrap()),
            "tid": TENANT, "oid": PERSON, "sub": "pairwise", "groups": [GROUP], "scp": "user_impersonation",
            "iat": NOW - 1_800, "nbf": NOW - 1_800, "exp": NOW + 1_800, "uti": "unique", "name": "Robin Example",
        });
        let (ver, aud, client) = match version {
            TokenVersion::V1 => ("1.0", APPLICATION_ID_URI, "appid"),
            TokenVersion::V2 => ("2.0", CLIENT, "azp"),
        };
        claims["ver"] = json!(ver);
        claims["aud"] = json!(aud);
        claims[client] = json!(CLIENT);
        if version == TokenVersion::V1 {
            header["x5t"] = json!(TENANT_KEY.id);
        }
        Self { header, claims }
    }

    /// Returns a token of the worldwide cloud and version 1.0, the likely default, with `change` applied.
    pub(super) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut draft = Self::of(Cloud::Public, TokenVersion::V1);
        change(&mut draft);
        draft
    }

    /// Removes a header member.
    pub(super) fn remove_header(&mut self, member: &str) {
        self.header.as_object_mut().unwrap().remove(member).expect("the member was there");
    }

    /// Removes a claim.
    pub(super) fn remove_claim(&mut self, claim: &str) {
        self.claims.as_object_mut().unwrap().remove(claim).expect("the claim was there");
    }

    /// Returns the token, signed with the tenant's key whatever its header says.
    pub(super) fn signed(&self) -> String {
        self.signed_by(&TENANT_KEY)
    }

    pub(super) fn signed_by(&self, key: &Key) -> String {
        signed_text(key, &self.header.to_string(), &self.claims.to_string())
    }
}

/// Returns a signed token of two texts, for JSON that a [`Value`] cannot represent.
pub(super) fn signed_text(key: &Key, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = key.signature(&message);
    format!("{message}.{signature}")
}

/// Returns what the default token's site expects.
pub(super) fn expected(cloud: Cloud) -> Expected {
    Expected {
        cloud,
        tenant: TENANT.parse().unwrap(),
        application_id_uri: APPLICATION_ID_URI.to_owned(),
        client: CLIENT.parse().unwrap(),
        further_clients: vec![FURTHER_CLIENT.parse().unwrap()],
        max_token_age: Duration::from_hours(2),
        groups_as_roles: false,
    }
}

/// Returns the location of the keys of the default token's tenant.
pub(super) fn location(version: TokenVersion) -> KeySetLocation {
    KeySetLocation { cloud: Cloud::Public, tenant: TENANT.parse().unwrap(), version }
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

/// The number of variants that [`variant`] distinguishes.
pub(super) const VARIANTS: usize = 23;

/// Returns the name of a refusal's variant. There is no wildcard, so that the tests that count cannot miss a new one.
pub(super) fn variant(refusal: &SubjectRefusal) -> &'static str {
    match refusal {
        SubjectRefusal::Malformed(_) => "Malformed",
        SubjectRefusal::CriticalHeader => "CriticalHeader",
        SubjectRefusal::UnsupportedAlgorithm { .. } => "UnsupportedAlgorithm",
        SubjectRefusal::Whitespace { .. } => "Whitespace",
        SubjectRefusal::GraphToken { .. } => "GraphToken",
        SubjectRefusal::ProofOfPossession { .. } => "ProofOfPossession",
        SubjectRefusal::B2cToken { .. } => "B2cToken",
        SubjectRefusal::PersonalAccount => "PersonalAccount",
        SubjectRefusal::PoziToken => "PoziToken",
        SubjectRefusal::UnknownTenant { .. } => "UnknownTenant",
        SubjectRefusal::IssuerMismatch { .. } => "IssuerMismatch",
        SubjectRefusal::AudienceMismatch { .. } => "AudienceMismatch",
        SubjectRefusal::ClientNotAllowed { .. } => "ClientNotAllowed",
        SubjectRefusal::ScopeMissing { .. } => "ScopeMissing",
        SubjectRefusal::IdToken => "IdToken",
        SubjectRefusal::AppOnlyToken => "AppOnlyToken",
        SubjectRefusal::Expired { .. } => "Expired",
        SubjectRefusal::NotYetValid { .. } => "NotYetValid",
        SubjectRefusal::TooOld { .. } => "TooOld",
        SubjectRefusal::UnknownKey { .. } => "UnknownKey",
        SubjectRefusal::KeyIssuerMismatch { .. } => "KeyIssuerMismatch",
        SubjectRefusal::BadSignature => "BadSignature",
        SubjectRefusal::KeysUnavailable { .. } => "KeysUnavailable",
    }
}
