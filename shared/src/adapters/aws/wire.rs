//! What KMS answers with, in our own form: DER on its wire, JWK and plain numbers on ours.

use aws_lc_rs::digest::SHA256_OUTPUT_LEN;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use der::{Decode, Sequence, asn1::UintRef};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
    Jwk, RSAKeyParameters, RSAKeyType,
};
use spki::SubjectPublicKeyInfoRef;

use crate::keyring::SigningAlgorithm;

/// An ECDSA signature as KMS writes it (RFC 3279 §2.2.3) as a JWS has it (RFC 7518 §3.4): r and s of 32 bytes each.
pub(super) fn es256_signature(der: &[u8]) -> Option<Vec<u8>> {
    let Numbers { first, second } = Numbers::from_der(der).ok()?;
    let padded = |number: UintRef<'_>| {
        let bytes = number.as_bytes();
        let zeros = SHA256_OUTPUT_LEN.checked_sub(bytes.len())?;
        Some([vec![0; zeros], bytes.to_vec()].concat())
    };
    Some([padded(first)?, padded(second)?].concat())
}

/// The public key that KMS gives as a `SubjectPublicKeyInfo` (RFC 5280 §4.1), as a JWK of `algorithm`.
pub(super) fn public_jwk(algorithm: SigningAlgorithm, der: &[u8]) -> Option<Jwk> {
    let bits = SubjectPublicKeyInfoRef::try_from(der).ok()?.subject_public_key.as_bytes()?;
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let parameters = match algorithm {
        SigningAlgorithm::Es256 => {
            // An uncompressed point: one byte 4, then x and y of 32 bytes each (SEC 1 §2.3.3).
            let (x, y) = bits.strip_prefix(&[4])?.split_at_checked(32).filter(|(_, y)| y.len() == 32)?;
            AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                key_type: EllipticCurveKeyType::EC,
                curve: EllipticCurve::P256,
                x: encode(x),
                y: encode(y),
            })
        }
        SigningAlgorithm::Rs256 => {
            let Numbers { first: modulus, second: exponent } = Numbers::from_der(bits).ok()?;
            AlgorithmParameters::RSA(RSAKeyParameters {
                key_type: RSAKeyType::RSA,
                n: encode(modulus.as_bytes()),
                e: encode(exponent.as_bytes()),
            })
        }
    };
    algorithm.public_half(&Jwk { common: CommonParameters::default(), algorithm: parameters })
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
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn part(jwk: &Jwk, name: &str) -> Vec<u8> {
        let jwk: Value = serde_json::to_value(jwk).unwrap();
        URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
    }

    /// 3,000 signatures, so that some have a number that is short by a byte.
    #[test]
    fn a_signature_in_der_verifies_in_our_form_under_the_key_in_ours() {
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
        assert!(short > 0, "in 3,000 signatures some number starts with a zero byte");
    }

    #[test]
    fn an_rsa_key_in_der_is_the_same_key_in_ours() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let jwk = public_jwk(SigningAlgorithm::Rs256, der.as_ref()).unwrap();
        let own = PublicKeyComponents { n: part(&jwk, "n"), e: part(&jwk, "e") };
        assert_eq!(own.n, pair.public_key().modulus().big_endian_without_leading_zero());
        assert_eq!(own.e, [1, 0, 1]);
        assert!(public_jwk(SigningAlgorithm::Es256, der.as_ref()).is_none(), "no key of the other algorithm");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_signature_of_64_bytes_or_none(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(es256_signature(&bytes).is_none_or(|signature| signature.len() == 64));
            prop_assert!(public_jwk(SigningAlgorithm::Es256, &bytes).is_none());
        }
    }
}
