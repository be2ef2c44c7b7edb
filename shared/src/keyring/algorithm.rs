//! What sessions are signed with, and the names of keys.

use std::{fmt, str::FromStr};

use jsonwebtoken::{
    Algorithm,
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash,
    },
};
use serde::{Deserialize, Serialize};

/// What sessions are signed with. One key set holds keys of one algorithm: some verifiers fail on a mixture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[default]
    Es256,
    /// RSA-2048, PKCS #1 v1.5, with SHA-256: what AWS's built-in JWT authorizer needs.
    Rs256,
}

/// A key's id: its SHA-256 thumbprint (RFC 7638), base64url.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl SigningAlgorithm {
    /// The name in a JWS header (RFC 7518 §3.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The public key of `jwk` as it is published: `kid`, `use` and `alg` are ours, whatever else it carried is left out.
    /// Nothing for a key of another algorithm.
    pub fn public_half(self, jwk: &Jwk) -> Option<Jwk> {
        let (expected, fits) = match (self, &jwk.algorithm) {
            (Self::Es256, AlgorithmParameters::EllipticCurve(key)) => {
                (KeyAlgorithm::ES256, key.curve == EllipticCurve::P256)
            }
            (Self::Rs256, AlgorithmParameters::RSA(_)) => (KeyAlgorithm::RS256, true),
            _ => return None,
        };
        let others = jwk.common.key_algorithm.is_some_and(|named| named != expected);
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(expected),
            key_id: KeyId::thumbprint(jwk).map(|id| id.0),
            ..CommonParameters::default()
        };
        (fits && !others).then(|| Jwk { common, algorithm: jwk.algorithm.clone() })
    }

    pub(crate) const fn of_library(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::ES256,
            Self::Rs256 => Algorithm::RS256,
        }
    }
}

impl FromStr for SigningAlgorithm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = [Self::Es256, Self::Rs256].into_iter().find(|algorithm| algorithm.name() == text);
        known.ok_or("use ES256 or RS256")
    }
}

impl KeyId {
    /// The thumbprint of `jwk`; nothing for a kind of key that is never ours.
    pub fn thumbprint(jwk: &Jwk) -> Option<Self> {
        jwk.thumbprint(ThumbprintHash::SHA256).ok().map(Self)
    }

    /// The id as it stands in `kid`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
