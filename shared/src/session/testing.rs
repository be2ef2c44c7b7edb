//! Claims and signing keys for the tests of this module.

use std::{collections::BTreeSet, sync::LazyLock, time::Duration};

use jsonwebtoken::jwk::Jwk;
use uuid::Uuid;

use super::SessionClaims;
use crate::{
    entra::{Groups, testing::subject},
    keyring::{KeyId, PrivateKey, SigningAlgorithm, SigningKey, SoftwareKey},
    sites::testing,
    timestamp::Timestamp,
};

pub(super) const NOW: u64 = 1_800_000_000;
pub(super) const ISSUER: &str = "https://auth.example";
pub(super) const TENANT: &str = "00000000-0000-0000-0000-000000000001";
pub(super) const AUDIENCE: &str = "https://poziserver-riverbend.example/pozi/";

/// Made once a process, because an RSA key takes long to make.
static STORED: LazyLock<[PrivateKey; 2]> = LazyLock::new(|| {
    [SigningAlgorithm::Es256, SigningAlgorithm::Rs256]
        .map(|algorithm| SoftwareKey::generate(algorithm).unwrap().1)
});

/// Returns the signing key of `algorithm`, always the same one, and its public half.
pub(super) fn signing_key(algorithm: SigningAlgorithm) -> (SigningKey<SoftwareKey>, Jwk) {
    let index = usize::from(algorithm == SigningAlgorithm::Rs256);
    let signer = SoftwareKey::open(algorithm, &STORED[index]).unwrap();
    let jwk = signer.public_jwk();
    (SigningKey { id: KeyId::thumbprint(&jwk).unwrap(), algorithm, signer }, jwk)
}

/// Returns the claims of a session minted at [`NOW`] for ten minutes.
pub(super) fn claims(scope: &str) -> SessionClaims {
    let grant = testing::grant(scope, Duration::from_mins(10));
    let now = Timestamp::from_unix_seconds(NOW);
    let subject = subject(Groups::Listed(BTreeSet::new()), now.plus(Duration::from_hours(1)));
    SessionClaims::new(&ISSUER.parse().unwrap(), &subject, &grant, Uuid::nil(), now)
}
