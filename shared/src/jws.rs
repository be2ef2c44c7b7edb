//! A compact JWS (RFC 7515 §7.1) taken apart strictly, before anything in it is believed.
//!
//! The JWT library checks the signature; header and payload are read here, because it lets pass what must not:
//! duplicate members, an unknown `crit`, any `typ`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

use crate::json::Members;

/// The largest token that is looked at, in bytes. Entra's own stay below 10 KiB (200 groups of 36 characters).
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A token in its three parts. Nothing in it is trusted until [`CompactJws::is_signed_by`] said so.
#[derive(Debug)]
pub struct CompactJws<'a> {
    signing_input: &'a str,
    signature: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
}

/// Why a text is not a compact JWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAJws {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    /// Not three parts separated by dots; five would be an encrypted token.
    #[error("not three parts separated by dots")]
    Parts,
    /// A part is not base64url without padding (RFC 7515 §2).
    #[error("{0} is not base64url without padding")]
    Base64(&'static str),
    /// A part is not a JSON object with every member at most once.
    #[error("{0} is not a JSON object with every member at most once")]
    Json(&'static str),
}

impl<'a> CompactJws<'a> {
    /// Takes `token` apart without believing it.
    pub fn parse(token: &'a str) -> Result<Self, NotAJws> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(NotAJws::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(NotAJws::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(NotAJws::Parts)?;
        if payload.contains('.') {
            return Err(NotAJws::Parts);
        }
        Ok(Self {
            signing_input,
            signature,
            header: decode(header, HEADER)?,
            payload: decode(payload, PAYLOAD)?,
        })
    }

    /// The header's members.
    pub fn header(&self) -> Result<Members<'_>, NotAJws> {
        Members::parse(&self.header).map_err(|_| NotAJws::Json(HEADER))
    }

    /// The payload's members.
    pub fn payload(&self) -> Result<Members<'_>, NotAJws> {
        Members::parse(&self.payload).map_err(|_| NotAJws::Json(PAYLOAD))
    }

    /// Whether `key` made this token's signature with `algorithm`, which the caller fixes and never reads from the
    /// token (RFC 8725 §3.1).
    pub fn is_signed_by(&self, key: &DecodingKey, algorithm: Algorithm) -> bool {
        crypto::verify(self.signature, self.signing_input.as_bytes(), key, algorithm).unwrap_or(false)
    }
}

const HEADER: &str = "the header";
const PAYLOAD: &str = "the payload";

fn decode(part: &str, name: &'static str) -> Result<Vec<u8>, NotAJws> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| NotAJws::Base64(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_three_parts_even_when_the_signature_is_empty() {
        assert!(CompactJws::parse("e30.e30.").unwrap().payload().is_ok());
        assert!(CompactJws::parse("e30.e30.c2ln").is_ok());
    }

    #[test]
    fn says_what_is_wrong_with_anything_else() {
        let long = "a".repeat(MAX_TOKEN_BYTES + 1);
        for (token, wrong) in [
            (long.as_str(), NotAJws::TooLong),
            ("", NotAJws::Parts),
            ("e30.e30", NotAJws::Parts),
            ("e30.e30.e30.e30", NotAJws::Parts),
            ("e30.e30.e30.e30.e30", NotAJws::Parts),
            ("e30=.e30.", NotAJws::Base64("the header")),
            ("e30.e3 0.", NotAJws::Base64("the payload")),
            ("e31.e30.", NotAJws::Base64("the header")),
            ("W10.e30.", NotAJws::Json("the header")),
            ("e30.MQ.", NotAJws::Json("the payload")),
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
