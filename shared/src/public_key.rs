//! Public keys that verify signatures. Each is parsed once, with checks that the cryptographic library does not make, or makes
//! only when it verifies a signature.

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm};

/// A public key with safe numbers, which verifies the signatures of one algorithm and no other (RFC 8725 §3.1). A copy is a
/// pointer.
#[derive(Debug, Clone)]
pub struct PublicKey {
    algorithm: &'static str,
    parsed: Arc<ParsedPublicKey>,
}

/// Why a public key is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// RFC 7518 §3.3 demands 2048 bits; the library takes at most 8192.
    #[error("its modulus has {0} bits instead of 2048 to 8192")]
    ModulusSize(usize),
    /// The product of two odd primes is odd.
    #[error("its modulus is even")]
    EvenModulus,
    /// FIPS 186-5 §A.1.1 demands more than 2^16 and an odd number; the library takes at most 33 bits.
    #[error("its exponent is not an odd number from 65537 to 33 bits")]
    Exponent,
    /// The private key can be computed from the public one (CVE-2017-15361, ROCA).
    #[error("its modulus has the fingerprint of a weak generator (ROCA)")]
    Roca,
    /// Not a point of P-256 (SEC 1 §3.2.2.1).
    #[error("its point is not on the curve P-256")]
    OffCurve,
    /// The library refuses the numbers. It does not say why.
    #[error("the cryptographic library refuses its numbers")]
    Refused,
}

impl PublicKey {
    /// Returns the RSA key of these numbers, big-endian and without leading zero bytes, for RS256.
    pub fn rs256(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        check_rsa(modulus, exponent)?;
        let numbers = RsaPublicKeyComponents { n: modulus, e: exponent };
        let parsed = numbers.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        let parsed = parsed.map_err(|_| PublicKeyError::Refused)?;
        Ok(Self { algorithm: "RS256", parsed: Arc::new(parsed) })
    }

    /// Returns the P-256 key with these coordinates, of 32 bytes each, for ES256.
    pub fn es256(x: &[u8], y: &[u8]) -> Result<Self, PublicKeyError> {
        let point = [&[4], x, y].concat();
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        let parsed = parsed.map_err(|_| PublicKeyError::OffCurve)?;
        Ok(Self { algorithm: "ES256", parsed: Arc::new(parsed) })
    }

    /// Returns the public key of `jwk`, for the algorithm that its `alg` names. `None` if `alg` does not fit the type of key, or if
    /// its numbers are not valid, not safe (RFC 7518 §3.3) or not in the form that gives a key one thumbprint only (§6.2.1.2,
    /// §6.3.1.1).
    pub fn of(jwk: &Jwk) -> Option<Self> {
        match (&jwk.algorithm, jwk.common.key_algorithm?) {
            (AlgorithmParameters::EllipticCurve(point), KeyAlgorithm::ES256) => {
                let (x, y) = (decoded(&point.x)?, decoded(&point.y)?);
                let fits = point.curve == EllipticCurve::P256 && x.len() == 32;
                Self::es256(&x, &y).ok().filter(|_| fits)
            }
            (AlgorithmParameters::RSA(numbers), KeyAlgorithm::RS256) => {
                let (modulus, exponent) = (decoded(&numbers.n)?, decoded(&numbers.e)?);
                let is_plain = |number: &[u8]| number.first().is_some_and(|byte| *byte != 0);
                let fits = is_plain(&modulus) && is_plain(&exponent);
                Self::rs256(&modulus, &exponent).ok().filter(|_| fits)
            }
            _ => None,
        }
    }

    /// Returns the name of the one algorithm whose signatures it verifies (RFC 7518 §3.1).
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// Whether `signature`, in the form of a JWS (RFC 7518 §3.3, §3.4), was made over `message` with the private half.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

fn decoded(number: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(number).ok()
}

fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), PublicKeyError> {
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(2_048..=8_192).contains(&bits) {
        return Err(PublicKeyError::ModulusSize(bits));
    }
    if modulus.last().is_some_and(|byte| byte % 2 == 0) {
        return Err(PublicKeyError::EvenModulus);
    }
    let exponent = (exponent.len() <= 5)
        .then(|| exponent.iter().fold(0_u64, |number, byte| number * 256 + u64::from(*byte)))
        .filter(|exponent| (65_537..1 << 33).contains(exponent) && exponent % 2 == 1);
    if exponent.is_none() {
        return Err(PublicKeyError::Exponent);
    }
    if has_roca_fingerprint(modulus) { Err(PublicKeyError::Roca) } else { Ok(()) }
}

/// The odd primes that divide the product from which the weak generator makes its primes, for keys of every size.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether the modulus is a power of 65537 modulo each of [`PRIMES`], as all those of the weak generator are, and one in
/// 2^27 others (CVE-2017-15361).
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| {
        let remainder = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..*prime).any(|_| {
            power = power * 65_537 % prime;
            power == remainder
        })
    })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        rsa::KeySize,
        signature::{
            ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
            RsaKeyPair,
        },
    };

    use super::*;

    const F4: [u8; 3] = [1, 0, 1];

    /// Returns an odd number of 2048 bits that is divisible by 3, and so not one of the weak generator's.
    fn modulus() -> Vec<u8> {
        vec![0xff; 256]
    }

    /// Returns a number that is 1, a power of 65537, modulo each of the primes, and whose last byte alone is not: multiples
    /// of their product, and a one.
    fn weak_modulus() -> Vec<u8> {
        let product = PRIMES.iter().fold(vec![1], |product, prime| multiplied(&product, *prime, 0));
        let low = multiplied(&product, 2, 1);
        let mut weak = product;
        weak.resize(260, 0);
        [weak, low].concat()
    }

    /// Returns `number` times `factor` plus `more`; numbers are big-endian.
    fn multiplied(number: &[u8], factor: u32, more: u32) -> Vec<u8> {
        let mut bytes = number.to_vec();
        let mut carry = more;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * factor;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        bytes.splice(..0, (carry > 0).then_some(carry.to_le_bytes()[0]));
        bytes
    }

    /// RFC 7518 §3.3, §8.6.
    #[test]
    fn an_rsa_key_must_be_of_a_safe_size_odd_and_not_from_the_weak_generator() {
        let even = [&modulus()[1..], &[0xfe]].concat();
        let one_bit_less = [&[0x7f], &modulus()[1..]].concat();
        for (modulus, expected) in [
            (modulus(), Ok(())),
            (vec![0xff; 1_024], Ok(())),
            (vec![0xff; 1_025], Err(PublicKeyError::ModulusSize(8_200))),
            (one_bit_less, Err(PublicKeyError::ModulusSize(2_047))),
            (vec![], Err(PublicKeyError::ModulusSize(0))),
            (even, Err(PublicKeyError::EvenModulus)),
            (weak_modulus(), Err(PublicKeyError::Roca)),
        ] {
            assert_eq!(check_rsa(&modulus, &F4), expected, "{} bytes", modulus.len());
        }
    }

    #[test]
    fn an_exponent_is_odd_and_from_65537_to_33_bits() {
        for good in [&F4[..], &[1, 0, 3], &[1, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(check_rsa(&modulus(), good), Ok(()), "{good:?}");
        }
        let bad: [&[u8]; 8] = [
            &[],
            &[1],
            &[3],
            &[0xff, 0xff],
            &[1, 0, 0],
            &[1, 0, 2],
            &[2, 0, 0, 0, 1],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1],
        ];
        for bad in bad {
            assert_eq!(check_rsa(&modulus(), bad), Err(PublicKeyError::Exponent), "{bad:?}");
        }
    }

    /// RFC 8725 §3.4.
    #[test]
    fn a_generated_rsa_key_verifies_its_own_signatures_alone() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let (modulus, exponent) = (public.modulus(), public.exponent());
        let (modulus, exponent) =
            (modulus.big_endian_without_leading_zero(), exponent.big_endian_without_leading_zero());
        let key = PublicKey::rs256(modulus, exponent).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"message", &mut signature).unwrap();
        verifies_nothing_else(&key, &signature);
        let mut of_pss = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), b"message", &mut of_pss).unwrap();
        assert!(!key.verifies(b"message", &of_pss), "a signature of another algorithm");
        assert_eq!(PublicKey::rs256(modulus, &[3]).unwrap_err(), PublicKeyError::Exponent);
    }

    /// RFC 8725 §3.4.
    #[test]
    fn a_generated_p256_key_verifies_its_own_signatures_alone() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let key = PublicKey::es256(x, y).unwrap();
        verifies_nothing_else(&key, pair.sign(&SystemRandom::new(), b"message").unwrap().as_ref());
        for (x, y) in [(y, x), (&[0; 32][..], &[0; 32][..]), (&x[1..], y)] {
            assert_eq!(PublicKey::es256(x, y).unwrap_err(), PublicKeyError::OffCurve);
        }
    }

    /// `signature` is one over `message`.
    fn verifies_nothing_else(key: &PublicKey, signature: &[u8]) {
        assert!(key.verifies(b"message", signature));
        assert!(!key.verifies(b"massage", signature));
        for index in 0..signature.len() {
            let mut spoiled = signature.to_vec();
            spoiled[index] ^= 1;
            assert!(!key.verifies(b"message", &spoiled), "byte {index}");
        }
        let longer = [signature, &[0]].concat();
        for other in [&[][..], &signature[1..], &longer, &vec![0; signature.len()]] {
            assert!(!key.verifies(b"message", other), "{} bytes", other.len());
        }
    }
}
