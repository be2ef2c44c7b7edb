//! A key pair that signs in memory.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
    Jwk, KeyAlgorithm, PublicKeyUse, RSAKeyParameters, RSAKeyType,
};

use super::{KeyId, PrivateKey, Signer, SigningAlgorithm, SigningUnavailable};

/// A key pair that signs in this process.
#[derive(Debug)]
pub struct SoftwareKey {
    pair: Pair,
}

#[derive(Debug)]
enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

/// The cryptographic library refused; it does not say why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a usable private key")]
pub struct NotAKey;

impl SoftwareKey {
    /// Makes a new key pair, and its private half for storing.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<(Self, PrivateKey), NotAKey> {
        let der: Vec<u8> = match algorithm {
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| NotAKey)?;
                pair.to_pkcs8v1().map_err(|_| NotAKey)?.as_ref().to_vec()
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| NotAKey)?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| NotAKey)?.as_ref().to_vec()
            }
        };
        let private = PrivateKey::from_pkcs8(der);
        Ok((Self::open(algorithm, &private)?, private))
    }

    /// Opens a stored private key.
    pub fn open(algorithm: SigningAlgorithm, private: &PrivateKey) -> Result<Self, NotAKey> {
        let der = private.as_pkcs8();
        let pair = match algorithm {
            SigningAlgorithm::Es256 => Pair::Es256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| NotAKey)?,
            ),
            SigningAlgorithm::Rs256 => Pair::Rs256(RsaKeyPair::from_pkcs8(der).map_err(|_| NotAKey)?),
        };
        Ok(Self { pair })
    }

    /// The public half as it is published, `kid`, `use` and `alg` included (RFC 7517 §4).
    pub fn public_jwk(&self) -> Jwk {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (key_algorithm, algorithm) = match &self.pair {
            Pair::Es256(pair) => {
                // An uncompressed point: one byte 4, then x and y of 32 bytes each (SEC 1 §2.3.3).
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                let parameters = EllipticCurveKeyParameters {
                    key_type: EllipticCurveKeyType::EC,
                    curve: EllipticCurve::P256,
                    x: encode(x),
                    y: encode(y),
                };
                (KeyAlgorithm::ES256, AlgorithmParameters::EllipticCurve(parameters))
            }
            Pair::Rs256(pair) => {
                let public = pair.public_key();
                let parameters = RSAKeyParameters {
                    key_type: RSAKeyType::RSA,
                    n: encode(public.modulus().big_endian_without_leading_zero()),
                    e: encode(public.exponent().big_endian_without_leading_zero()),
                };
                (KeyAlgorithm::RS256, AlgorithmParameters::RSA(parameters))
            }
        };
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(key_algorithm),
            ..CommonParameters::default()
        };
        let mut jwk = Jwk { common, algorithm };
        jwk.common.key_id = KeyId::thumbprint(&jwk).map(|id| id.as_str().to_owned());
        jwk
    }

    /// The JWS signature over `message`.
    pub fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>, SigningUnavailable> {
        let random = SystemRandom::new();
        let refused = |_| SigningUnavailable("the cryptographic library refused to sign".into());
        match &self.pair {
            Pair::Es256(pair) => Ok(pair.sign(&random, message).map_err(refused)?.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(refused)?;
                Ok(signature)
            }
        }
    }
}

impl Signer for SoftwareKey {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningUnavailable> {
        self.sign_now(message)
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, crypto};

    use super::*;

    #[test]
    fn a_stored_key_signs_what_its_published_half_verifies() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
            let (made, private) = SoftwareKey::generate(algorithm).unwrap();
            let opened = SoftwareKey::open(algorithm, &private).unwrap();
            let signature = URL_SAFE_NO_PAD.encode(opened.sign_now(b"message").unwrap());
            let public = DecodingKey::from_jwk(&made.public_jwk()).unwrap();
            assert!(crypto::verify(&signature, b"message", &public, algorithm.of_library()).unwrap());
            assert!(!crypto::verify(&signature, b"massage", &public, algorithm.of_library()).unwrap());
        }
    }

    /// The example of RFC 7638 §3.1.
    #[test]
    fn a_key_id_is_the_thumbprint_of_rfc_7638() {
        let jwk: Jwk = serde_json::from_value(serde_json::json!({
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        })).unwrap();
        assert_eq!(KeyId::thumbprint(&jwk).unwrap().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    /// Two ways to write one number would be two thumbprints of one key: coordinates are always of full length, a
    /// modulus and an exponent never begin with a zero byte (RFC 7518 §6.2.1.2, §6.3.1.1).
    #[test]
    fn a_public_key_is_written_in_one_way_only() {
        let member = |jwk: &Jwk, name: &str| {
            let text = serde_json::to_value(jwk).unwrap()[name].as_str().unwrap().to_owned();
            URL_SAFE_NO_PAD.decode(text).unwrap()
        };
        let made = |algorithm| SoftwareKey::generate(algorithm).unwrap().0.public_jwk();
        let begins_with_zero = |jwk: &Jwk| member(jwk, "x")[0] == 0 || member(jwk, "y")[0] == 0;
        let odd = std::iter::repeat_with(|| made(SigningAlgorithm::Es256)).find(begins_with_zero).unwrap();
        assert_eq!((member(&odd, "x").len(), member(&odd, "y").len()), (32, 32));
        let rsa = made(SigningAlgorithm::Rs256);
        assert_eq!(member(&rsa, "n").len(), 256);
        assert_ne!(member(&rsa, "n")[0], 0);
        assert_eq!(member(&rsa, "e"), [1, 0, 1]);
    }

    #[test]
    fn a_key_pair_has_one_thumbprint_whichever_half_is_looked_at() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
            let (made, private) = SoftwareKey::generate(algorithm).unwrap();
            let opened = SoftwareKey::open(algorithm, &private).unwrap();
            assert_eq!(KeyId::thumbprint(&opened.public_jwk()), KeyId::thumbprint(&made.public_jwk()));
            let mut plain = made.public_jwk();
            plain.common = CommonParameters::default();
            assert_eq!(KeyId::thumbprint(&plain), KeyId::thumbprint(&made.public_jwk()));
        }
    }

    #[test]
    fn a_private_key_never_shows_itself() {
        let (_, private) = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap();
        assert_eq!(format!("{private:?}"), "PrivateKey(…)");
    }
}
