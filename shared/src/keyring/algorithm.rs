//! What sessions are signed with, public keys as they are published, and the ids of keys.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
    Jwk, KeyAlgorithm, PublicKeyUse, RSAKeyParameters, RSAKeyType, ThumbprintHash,
};
use serde::{Deserialize, Serialize};

/// What sessions are signed with. A key set holds keys of one algorithm: some verifiers fail on a mixture.
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
    /// Returns the name in a JWS header (RFC 7518 §3.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// Returns the size of its signatures in bytes (RFC 7518 §3.3 and §3.4).
    pub const fn signature_bytes(self) -> usize {
        match self {
            Self::Es256 => 64,
            Self::Rs256 => 256,
        }
    }

    /// Returns the public key of `jwk` as it is published: with our own `kid`, `use` and `alg`, and without anything else
    /// that came with it. `None` for a key of another algorithm.
    pub fn public_half(self, jwk: &Jwk) -> Option<Jwk> {
        let published = self.published(jwk.algorithm.clone())?;
        let named = jwk.common.key_algorithm;
        (named.is_none() || named == published.common.key_algorithm).then_some(published)
    }

    /// Returns the public key with `parameters` as it is published (RFC 7517 §4), or `None` for a key of another algorithm.
    pub(crate) fn published(self, parameters: AlgorithmParameters) -> Option<Jwk> {
        let key_algorithm = match (self, &parameters) {
            (Self::Es256, AlgorithmParameters::EllipticCurve(key)) if key.curve == EllipticCurve::P256 => {
                KeyAlgorithm::ES256
            }
            (Self::Rs256, AlgorithmParameters::RSA(_)) => KeyAlgorithm::RS256,
            _ => return None,
        };
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(key_algorithm),
            ..CommonParameters::default()
        };
        let mut jwk = Jwk { common, algorithm: parameters };
        jwk.common.key_id = KeyId::thumbprint(&jwk).map(|id| id.0);
        Some(jwk)
    }

    #[cfg(test)]
    pub(crate) const fn to_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }
}

/// Returns the JWK parameters of a P-256 public key, given as an uncompressed point (SEC 1 §2.3.3): the byte 4, then x and
/// y of 32 bytes each. `None` for other bytes.
pub(crate) fn p256_parameters(point: &[u8]) -> Option<AlgorithmParameters> {
    let (x, y) = point.strip_prefix(&[4])?.split_at_checked(32).filter(|(_, y)| y.len() == 32)?;
    Some(AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
        key_type: EllipticCurveKeyType::EC,
        curve: EllipticCurve::P256,
        x: URL_SAFE_NO_PAD.encode(x),
        y: URL_SAFE_NO_PAD.encode(y),
    }))
}

/// Returns the JWK parameters of an RSA public key. Both numbers are big-endian without leading zero bytes.
pub(crate) fn rsa_parameters(modulus: &[u8], exponent: &[u8]) -> AlgorithmParameters {
    AlgorithmParameters::RSA(RSAKeyParameters {
        key_type: RSAKeyType::RSA,
        n: URL_SAFE_NO_PAD.encode(modulus),
        e: URL_SAFE_NO_PAD.encode(exponent),
    })
}

impl FromStr for SigningAlgorithm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = [Self::Es256, Self::Rs256].into_iter().find(|algorithm| algorithm.name() == text);
        known.ok_or("use ES256 or RS256")
    }
}

impl KeyId {
    /// Returns the thumbprint of `jwk`, or `None` for a kind of key that we never use.
    pub fn thumbprint(jwk: &Jwk) -> Option<Self> {
        jwk.thumbprint(ThumbprintHash::SHA256).ok().map(Self)
    }

    /// Returns the id as `kid` has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::SoftwareKey;

    #[test]
    fn publishes_only_keys_of_its_own_type_and_curve() {
        let [es256, rs256] = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256]
            .map(|algorithm| SoftwareKey::generate(algorithm).unwrap().0.public_jwk());
        assert_eq!(SigningAlgorithm::Es256.public_half(&es256), Some(es256.clone()));
        assert_eq!(SigningAlgorithm::Rs256.public_half(&rs256), Some(rs256.clone()));
        assert_eq!(SigningAlgorithm::Es256.public_half(&rs256), None);
        assert_eq!(SigningAlgorithm::Rs256.public_half(&es256), None);
        let mut p384 = serde_json::to_value(&es256).unwrap();
        p384["crv"] = "P-384".into();
        let p384: Jwk = serde_json::from_value(p384).unwrap();
        assert_eq!(SigningAlgorithm::Es256.public_half(&p384), None);
        let misnamed = Jwk {
            common: CommonParameters { key_algorithm: Some(KeyAlgorithm::ES384), ..es256.common.clone() },
            ..es256
        };
        assert_eq!(SigningAlgorithm::Es256.public_half(&misnamed), None);
    }
}
