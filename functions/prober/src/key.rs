//! The key of the prober's tenant.

use jsonwebtoken::jwk::Jwk;
use pozi_auth::keyring::{Signer, VaultError};

/// An RSA key that signs with RS256, as Entra's do. Nobody holds its private half.
pub trait ProbeKey: Signer {
    /// Returns its public half, with its id.
    fn public_key(&self) -> impl Future<Output = Result<Jwk, VaultError>> + Send;
}
