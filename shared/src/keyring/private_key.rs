//! The private half of a key, in memory and as a ring stores it.

use std::fmt;

use jsonwebtoken::jwk::Jwk;
use zeroize::Zeroizing;

/// A private key as PKCS #8 DER, wiped from memory when dropped. Its `Debug` output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(Zeroizing<Vec<u8>>);

/// A key's private half, as a ring stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivateHalf {
    /// In clear: for a file that only its owner can read, and for tests.
    Plain(PrivateKey),
    /// Encrypted by a vault, which decrypts it only for the service.
    Sealed(Vec<u8>),
    /// In a vault that signs by itself: the key's name there.
    Vault(String),
}

/// A key that is not yet in a ring.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its public half, as [`SoftwareKey::public_jwk`](super::SoftwareKey::public_jwk) writes it.
    pub jwk: Jwk,
    /// Its private half.
    pub private: PrivateHalf,
}

impl PrivateKey {
    /// Takes PKCS #8 DER bytes.
    pub fn from_pkcs8(der: Vec<u8>) -> Self {
        Self(Zeroizing::new(der))
    }

    /// Returns the PKCS #8 DER bytes.
    pub fn as_pkcs8(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}
