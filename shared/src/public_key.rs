//! Public keys that can verify a signature and are safe to: what the cryptographic library does not refuse, or only when a
//! signature is checked.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};

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
}

/// Checks the numbers of an RSA key, big-endian and without leading zero bytes.
pub fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), PublicKeyError> {
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

/// Checks the coordinates of a P-256 key, of 32 bytes each.
pub fn check_p256(x: &[u8], y: &[u8]) -> Result<(), PublicKeyError> {
    let point = [&[4], x, y].concat();
    let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    parsed.map(drop).map_err(|_| PublicKeyError::OffCurve)
}

/// The odd primes that divide the product from which the weak generator makes its primes, for keys of every size.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether the modulus is a power of 65537 modulo each of [`PRIMES`], as all those of the weak generator are, and one in
/// 2^27 others (CVE-2017-15361).
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    let remainder = |prime| modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
    PRIMES.iter().all(|prime| {
        let mut power = 1;
        (0..*prime).any(|_| {
            power = power * 65_537 % prime;
            power == remainder(*prime)
        })
    })
}

#[cfg(test)]
mod tests {
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
    fn generated_keys_pass() {
        use aws_lc_rs::{
            rsa::KeySize,
            signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair},
        };
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = rsa.public_key();
        let (modulus, exponent) = (public.modulus(), public.exponent());
        let numbers = (modulus.big_endian_without_leading_zero(), exponent.big_endian_without_leading_zero());
        assert_eq!(check_rsa(numbers.0, numbers.1), Ok(()));

        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = ec.public_key().as_ref()[1..].split_at(32);
        assert_eq!(check_p256(x, y), Ok(()));
        assert_eq!(check_p256(y, x), Err(PublicKeyError::OffCurve));
        assert_eq!(check_p256(&[0; 32], &[0; 32]), Err(PublicKeyError::OffCurve));
        assert_eq!(check_p256(&x[1..], y), Err(PublicKeyError::OffCurve));
    }
}
