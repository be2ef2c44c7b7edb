//! What a world publishes for verifiers, and a verifier's caches of it.

use std::sync::Arc;

use pozi_auth::{
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys, IssuerRevocations},
    timestamp::Clock as _,
};

use crate::{PublishedDocument, World};

/// The keys and revocations of a world, as a verifier caches them.
pub type WorldKeys = IssuerRevocations<PublishedDocument, PublishedDocument>;

/// The two documents that one verifier fetches. Each can fail alone. Clones share state.
#[derive(Debug, Clone)]
pub struct Published {
    world: World,
    /// The key set.
    pub keys: PublishedDocument,
    /// The revocation document.
    pub revocations: PublishedDocument,
}

impl Published {
    /// The documents of `world`.
    pub fn of(world: &World) -> Self {
        let document = || PublishedDocument::of(world);
        Self { world: world.clone(), keys: document(), revocations: document() }
    }

    /// Returns the caches of a verifier that starts now, and remembers nothing.
    pub fn cached(&self) -> Arc<WorldKeys> {
        let keys = Arc::new(IssuerKeys::new(self.keys.clone(), ISSUER_KEY_LIFETIMES));
        let (issuer, now) = (self.world.issuer.clone(), self.world.clock.now());
        Arc::new(IssuerRevocations::new(issuer, keys, self.revocations.clone(), now))
    }
}
