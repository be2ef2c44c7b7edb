//! Strict parsing of a compact JWS (RFC 7515 §7.1) before it is verified.
//!
//! Header and payload are parsed here, because JWT libraries accept duplicate members, an unknown `crit` and any `typ`; the
//! signature is verified here, because they parse the key for every token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;

use crate::{json::Members, public_key::PublicKey};

/// The largest token accepted, in bytes. Entra's stay below 10 KiB (200 groups of 36 characters).
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A parsed token. Nothing in it can be trusted before [`CompactJws::is_signed_by`] returns true.
#[derive(Debug)]
pub struct CompactJws<'a> {
    signing_input: &'a str,
    signature: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
}

/// Why a text is not a valid compact JWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    /// Not three parts separated by dots; an encrypted token has five.
    #[error("not three parts separated by dots")]
    Parts,
    /// A part is not base64url without padding (RFC 7515 §2).
    #[error("{0} is not base64url without padding")]
    Base64(&'static str),
    /// A part is not a JSON object without duplicate members.
    #[error("{0} is not a JSON object without duplicate members")]
    Json(&'static str),
}

impl<'a> CompactJws<'a> {
    /// Parses `token` without verifying it.
    pub fn parse(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwsError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Parts)?;
        if payload.contains('.') {
            return Err(JwsError::Parts);
        }
        Ok(Self {
            signing_input,
            signature,
            header: decode(header, HEADER)?,
            payload: decode(payload, PAYLOAD)?,
        })
    }

    /// Returns the header's members.
    pub fn header(&self) -> Result<Members<'_>, JwsError> {
        Members::parse(&self.header).map_err(|_| JwsError::Json(HEADER))
    }

    /// Returns the payload's members.
    pub fn payload(&self) -> Result<Members<'_>, JwsError> {
        Members::parse(&self.payload).map_err(|_| JwsError::Json(PAYLOAD))
    }

    /// Returns the payload as a `T`, for types whose own parser refuses a repeated member, as that of a struct does.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Json(PAYLOAD))
    }

    /// Whether the signature was made by `key`, with its one algorithm.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let mut signature = [0; MAX_SIGNATURE_BYTES];
        let decoded = URL_SAFE_NO_PAD.decode_slice(self.signature, &mut signature);
        decoded.is_ok_and(|length| key.verifies(self.signing_input.as_bytes(), &signature[..length]))
    }
}

/// Whether the `typ` of a header is the media type `application/<name>`: in any letter case, with or without `application/`
/// (RFC 7515 §4.1.9).
pub fn is_type(typ: &str, name: &str) -> bool {
    const PREFIX: &str = "application/";
    let prefixed = typ.split_at_checked(PREFIX.len()).filter(|(start, _)| start.eq_ignore_ascii_case(PREFIX));
    prefixed.map_or(typ, |(_, bare)| bare).eq_ignore_ascii_case(name)
}

/// That of an RSA key of 8192 bits, the largest that is used.
const MAX_SIGNATURE_BYTES: usize = 1_024;

const HEADER: &str = "the header";
const PAYLOAD: &str = "the payload";

fn decode(part: &str, name: &'static str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Base64(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepts_three_parts_even_with_an_empty_signature() {
        assert!(CompactJws::parse("e30.e30.").unwrap().payload().is_ok());
        assert!(CompactJws::parse("e30.e30.c2ln").is_ok());
        let longest = format!("e30.e30.{}", "a".repeat(MAX_TOKEN_BYTES - 8));
        assert!(CompactJws::parse(&longest).is_ok());
    }

    /// RFC 7515 §2, §5.2, §7.1; RFC 7519 §7.2.
    #[test]
    fn reports_what_is_wrong() {
        let long = "a".repeat(MAX_TOKEN_BYTES + 1);
        for (token, wrong) in [
            (long.as_str(), JwsError::TooLong),
            ("", JwsError::Parts),
            ("e30.e30", JwsError::Parts),
            ("e30.e30.e30.e30", JwsError::Parts),
            ("e30.e30.e30.e30.e30", JwsError::Parts),
            ("e30=.e30.", JwsError::Base64("the header")),
            ("e30.e3 0.", JwsError::Base64("the payload")),
            ("e31.e30.", JwsError::Base64("the header")),
            ("W10.e30.", JwsError::Json("the header")),
            ("e30.MQ.", JwsError::Json("the payload")),
        ] {
            let read = CompactJws::parse(token).and_then(|jws| jws.header().and(jws.payload()).map(|_| ()));
            assert_eq!(read.unwrap_err(), wrong, "{token}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(token in "\\PC{0,200}|[A-Za-z0-9_.=-]{0,400}") {
            if let Ok(jws) = CompactJws::parse(&token) {
                let _ = (jws.header(), jws.payload());
            }
        }
    }
}
