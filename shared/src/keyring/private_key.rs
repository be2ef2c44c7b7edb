//! The private half of a key, as it is at hand and as a ring stores it. The ring carries it about and never looks inside;
//! whoever makes and opens keys does.

use std::fmt;

use jsonwebtoken::jwk::Jwk;
use zeroize::Zeroizing;

/// A private key as PKCS #8 DER, wiped from memory when dropped. It shows itself to nobody, not even a debugger's print.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(Zeroizing<Vec<u8>>);

/// A key's private half, as a ring stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivateHalf {
    /// At hand: for a file that its owner alone can read, and for tests.
    Plain(PrivateKey),
    /// Encrypted by a vault, which opens it for the service alone.
    Sealed(Vec<u8>),
    /// In a vault that signs by itself: what the key is called there.
    Vault(String),
}

/// A key that was made just now.
#[derive(Debug, Clone)]
pub struct MadeKey {
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

    /// The PKCS #8 DER bytes, for whoever stores them.
    pub fn as_pkcs8(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}
