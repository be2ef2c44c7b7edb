//! A key pair that signs in memory.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use jsonwebtoken::jwk::Jwk;

use super::{
    PrivateKey, Signer, SigningAlgorithm, SigningError,
    algorithm::{p256_parameters, rsa_parameters},
};

/// A key pair that signs in this process.
#[derive(Debug)]
pub struct SoftwareKey {
    pair: Pair,
    jwk: Jwk,
}

#[derive(Debug)]
enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

/// The cryptographic library refuses a private key. It does not say why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a usable private key")]
pub struct SoftwareKeyError;

impl SoftwareKey {
    /// Makes a new key pair, and its private half for storing.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<(Self, PrivateKey), SoftwareKeyError> {
        let der: Vec<u8> = match algorithm {
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
                pair.to_pkcs8v1().map_err(refused)?.as_ref().to_vec()
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(refused)?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(refused)?.as_ref().to_vec()
            }
        };
        let private = PrivateKey::from_pkcs8(der);
        Ok((Self::open(algorithm, &private)?, private))
    }

    /// Opens a stored private key.
    pub fn open(algorithm: SigningAlgorithm, private: &PrivateKey) -> Result<Self, SoftwareKeyError> {
        let der = private.as_pkcs8();
        let (pair, parameters) = match algorithm {
            SigningAlgorithm::Es256 => {
                let pair =
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(refused)?;
                let parameters = p256_parameters(pair.public_key().as_ref());
                (Pair::Es256(pair), parameters)
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(der).map_err(refused)?;
                let public = pair.public_key();
                let parameters = rsa_parameters(
                    public.modulus().big_endian_without_leading_zero(),
                    public.exponent().big_endian_without_leading_zero(),
                );
                (Pair::Rs256(pair), Some(parameters))
            }
        };
        let jwk = parameters.and_then(|parameters| algorithm.published(parameters));
        Ok(Self { pair, jwk: jwk.ok_or(SoftwareKeyError)? })
    }

    /// Returns the public half as it is published, with `kid`, `use` and `alg` (RFC 7517 §4).
    pub fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    /// Returns the JWS signature over `message`.
    pub fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
        };
        signature.map_err(|_| SigningError("the cryptographic library refused to sign".into()))
    }
}

impl Signer for SoftwareKey {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        self.sign_now(message)
    }
}

fn refused<E>(_: E) -> SoftwareKeyError {
    SoftwareKeyError
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::{DecodingKey, crypto, jwk::CommonParameters};

    use super::*;
    use crate::keyring::KeyId;

    #[test]
    fn signs_what_the_published_key_verifies() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
            let (made, private) = SoftwareKey::generate(algorithm).unwrap();
            let opened = SoftwareKey::open(algorithm, &private).unwrap();
            let signature = URL_SAFE_NO_PAD.encode(opened.sign_now(b"message").unwrap());
            let public = DecodingKey::from_jwk(&made.public_jwk()).unwrap();
            assert!(crypto::verify(&signature, b"message", &public, algorithm.to_jsonwebtoken()).unwrap());
            assert!(!crypto::verify(&signature, b"massage", &public, algorithm.to_jsonwebtoken()).unwrap());
        }
    }

    /// The example of RFC 7638 §3.1.
    /// RFC 7638 §3, §3.4.
    #[test]
    fn a_key_id_is_the_thumbprint_of_rfc_7638() {
        let jwk: Jwk = serde_json::from_value(serde_json::json!({
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        })).unwrap();
        assert_eq!(KeyId::thumbprint(&jwk).unwrap().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    /// A number written in two ways would give a key two thumbprints: coordinates always have their full length, and a
    /// modulus and an exponent never begin with a zero byte (RFC 7518 §6.2.1.2, §6.3.1.1).
    /// RFC 7515 §10.1; RFC 7518 §3.3, §6.2.1.3, §6.3.1.2; RFC 7638 §7; RFC 8725 §3.5.
    #[test]
    fn writes_the_numbers_of_a_public_key_in_one_way_only() {
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

    /// ECDSA with a random number for each signature, which RFC 6979 would derive from the message. RS256 has none.
    /// RFC 8725 §3.2.
    #[test]
    fn two_es256_signatures_of_one_message_differ() {
        for (algorithm, differ) in [(SigningAlgorithm::Es256, true), (SigningAlgorithm::Rs256, false)] {
            let (key, _) = SoftwareKey::generate(algorithm).unwrap();
            let [one, other] = [0; 2].map(|_| key.sign_now(b"message").unwrap());
            assert_eq!(one != other, differ, "{algorithm:?}");
        }
    }

    /// RFC 7638 §3.2.1, §3.2.2.
    #[test]
    fn a_stored_key_keeps_its_thumbprint() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
            let (made, private) = SoftwareKey::generate(algorithm).unwrap();
            let opened = SoftwareKey::open(algorithm, &private).unwrap();
            assert_eq!(KeyId::thumbprint(&opened.public_jwk()), KeyId::thumbprint(&made.public_jwk()));
            let mut plain = made.public_jwk();
            plain.common = CommonParameters::default();
            assert_eq!(KeyId::thumbprint(&plain), KeyId::thumbprint(&made.public_jwk()));
        }
    }

    /// RFC 7515 §10.2; RFC 7517 §9.2.
    #[test]
    fn debug_output_never_shows_a_private_key() {
        let (_, private) = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap();
        assert_eq!(format!("{private:?}"), "PrivateKey(…)");
    }
}
