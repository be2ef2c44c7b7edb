//! A revocation document: a compact JWS of its own type, signed like a session.

use std::collections::HashSet;

use super::{
    RevocationDocumentError, RevocationSetError, Revocations,
    limits::{MAX_REVOCATION_BYTES, REVOCATIONS_TYPE},
    payload::Payload,
};
use crate::{
    error::Received,
    issuer::Issuer,
    json::ClaimError,
    jws::{CompactJws, is_type},
    public_key::PublicKey,
    timestamp::{CLOCK_AHEAD, Timestamp},
};

/// A document before its signature is verified. Anyone may have written it.
#[derive(Debug)]
pub struct UnverifiedRevocations<'a> {
    jws: CompactJws<'a>,
    key_id: String,
    algorithm: String,
}

impl<'a> UnverifiedRevocations<'a> {
    /// Parses `document` without verifying it.
    pub fn parse(document: &'a str) -> Result<Self, RevocationDocumentError> {
        if document.len() > MAX_REVOCATION_BYTES {
            return Err(RevocationDocumentError::TooLong { bytes: document.len() });
        }
        let jws = CompactJws::parse(document)?;
        let header = jws.header()?;
        let typ = header.optional_string("typ")?.unwrap_or_default();
        if !is_type(typ, REVOCATIONS_TYPE) {
            return Err(RevocationDocumentError::OtherType);
        }
        if header.has("crit") {
            return Err(RevocationDocumentError::CriticalHeader);
        }
        let key_id = header.string("kid")?;
        if !is_key_id(key_id) {
            return Err(ClaimError::WrongForm("kid").into());
        }
        let (key_id, algorithm) = (key_id.to_owned(), header.string("alg")?.to_owned());
        Ok(Self { jws, key_id, algorithm })
    }

    /// Returns the header member `kid`: the key of the issuer to [verify](Self::verify) it with.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Verifies that it is a document of `issuer`, made no later than `now` (and [`CLOCK_AHEAD`]), with `key`.
    /// Before it takes the place of another one, see [`Revocations::check_successor`].
    pub fn verify(
        self,
        issuer: &Issuer,
        key: &PublicKey,
        now: Timestamp,
    ) -> Result<Revocations, RevocationDocumentError> {
        if self.algorithm != key.algorithm() {
            let (expected, found) = (key.algorithm(), Received::of(&self.algorithm));
            return Err(RevocationDocumentError::Algorithm { expected, found });
        }
        if !self.jws.is_signed_by(key) {
            return Err(RevocationDocumentError::BadSignature);
        }
        let payload: Payload = self.jws.payload_as()?;
        if payload.iss != issuer.as_str() {
            let (expected, found) = (issuer.to_string(), Received::of(&payload.iss));
            return Err(RevocationDocumentError::Issuer { expected, found });
        }
        if payload.iat > now.plus(CLOCK_AHEAD) {
            return Err(RevocationDocumentError::FromFuture { issued_at: payload.iat, now });
        }
        let mut known = HashSet::new();
        if !payload.keys.iter().all(|key| is_key_id(key) && known.insert(key)) {
            return Err(RevocationSetError::Keys.into());
        }
        Revocations::of(payload, &self.key_id)
    }
}

/// Whether `text` has the form of a key's id: 32 bytes, base64url.
fn is_key_id(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
