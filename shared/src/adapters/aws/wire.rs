//! KMS's formats in ours: DER there, JWK and plain numbers here.

use aws_lc_rs::digest::SHA256_OUTPUT_LEN;
use der::{Decode, Sequence, asn1::UintRef};
use jsonwebtoken::jwk::Jwk;
use spki::SubjectPublicKeyInfoRef;

use crate::keyring::{SigningAlgorithm, p256_parameters, rsa_parameters};

/// Converts an ECDSA signature from DER (RFC 3279 §2.2.3) to the form of a JWS (RFC 7518 §3.4): r and s of 32 bytes each.
pub(super) fn es256_signature(der: &[u8]) -> Option<Vec<u8>> {
    let Numbers { first, second } = Numbers::from_der(der).ok()?;
    let padded = |number: UintRef<'_>| {
        let bytes = number.as_bytes();
        let zeros = SHA256_OUTPUT_LEN.checked_sub(bytes.len())?;
        Some([vec![0; zeros], bytes.to_vec()].concat())
    };
    Some([padded(first)?, padded(second)?].concat())
}

/// Converts a `SubjectPublicKeyInfo` (RFC 5280 §4.1) to the JWK of `algorithm` as it is published.
pub(super) fn public_jwk(algorithm: SigningAlgorithm, der: &[u8]) -> Option<Jwk> {
    let bits = SubjectPublicKeyInfoRef::try_from(der).ok()?.subject_public_key.as_bytes()?;
    algorithm.published(match algorithm {
        SigningAlgorithm::Es256 => p256_parameters(bits)?,
        SigningAlgorithm::Rs256 => {
            let Numbers { first: modulus, second: exponent } = Numbers::from_der(bits).ok()?;
            rsa_parameters(modulus.as_bytes(), exponent.as_bytes())
        }
    })
}

/// Two numbers: r and s of a signature, or modulus and exponent of an RSA key (RFC 8017 §A.1.1).
#[derive(Sequence)]
struct Numbers<'a> {
    first: UintRef<'a>,
    second: UintRef<'a>,
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        encoding::{AsDer, PublicKeyX509Der},
        rand::SystemRandom,
        rsa::{KeySize, PublicKeyComponents},
        signature::{
            ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, EcdsaKeyPair, KeyPair, RsaKeyPair,
            UnparsedPublicKey,
        },
    };
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn part(jwk: &Jwk, name: &str) -> Vec<u8> {
        let jwk: Value = serde_json::to_value(jwk).unwrap();
        URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
    }

    /// 3,000 signatures, so that in some of them a number is a byte shorter.
    #[test]
    fn converts_signatures_that_verify_under_the_converted_key() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let jwk = public_jwk(SigningAlgorithm::Es256, der.as_ref()).unwrap();
        let point = [vec![4], part(&jwk, "x"), part(&jwk, "y")].concat();
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        let mut short = 0;
        for _ in 0..3_000 {
            let signed = pair.sign(&SystemRandom::new(), b"message").unwrap();
            let signature = es256_signature(signed.as_ref()).unwrap();
            assert!(verifier.verify(b"message", &signature).is_ok());
            short += usize::from(signature[0] == 0 || signature[32] == 0);
        }
        assert!(short > 0, "some number of 3,000 signatures starts with a zero byte");
    }

    #[test]
    fn converts_an_rsa_key() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let jwk = public_jwk(SigningAlgorithm::Rs256, der.as_ref()).unwrap();
        let own = PublicKeyComponents { n: part(&jwk, "n"), e: part(&jwk, "e") };
        assert_eq!(own.n, pair.public_key().modulus().big_endian_without_leading_zero());
        assert_eq!(own.e, [1, 0, 1]);
        assert!(
            public_jwk(SigningAlgorithm::Es256, der.as_ref()).is_none(),
            "not a key of the other algorithm"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_signature_of_64_bytes_or_none(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(es256_signature(&bytes).is_none_or(|signature| signature.len() == 64));
            prop_assert!(public_jwk(SigningAlgorithm::Es256, &bytes).is_none());
        }
    }
}
