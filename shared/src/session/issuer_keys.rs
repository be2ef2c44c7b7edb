//! The keys of one issuer, fetched from where it publishes them and kept through its rotations and outages.

use std::{sync::Arc, time::Duration};

use super::{SessionKeyError, SessionKeySet, SessionKeySource};
use crate::{
    error::Cause,
    fetch::DocumentFetch,
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    public_key::PublicKey,
    revocation::Revocations,
    timestamp::Timestamp,
};

/// What the service tells its consumers (`max-age=300`, `stale-if-error=86400`). The pause keeps tokens with made-up key
/// ids from causing a fetch each; it delays no real key, because a key is published hours before it signs.
pub const ISSUER_KEY_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(5),
    background: Duration::ZERO,
    keep: Duration::from_hours(24),
    cooldown: Duration::from_secs(30),
};

/// The key set of one issuer, fetched with `F`.
#[derive(Debug)]
pub struct IssuerKeys<F> {
    fetch: Arc<F>,
    lifetimes: Lifetimes,
    set: Arc<LastGood<SessionKeySet>>,
}

impl<F: DocumentFetch> IssuerKeys<F> {
    /// Creates an empty cache.
    pub fn new(fetch: F, lifetimes: Lifetimes) -> Self {
        let set = LastGood::new("the issuer's key set", lifetimes, Arc::new(Cooldown::default()));
        Self { fetch: Arc::new(fetch), lifetimes, set }
    }

    /// Takes over a set that an earlier process fetched at `fetched`, unless a newer one is held. At `now`, one from the
    /// future or one that is too old is not taken over.
    pub fn remember(&self, set: SessionKeySet, fetched: Timestamp, now: Timestamp) {
        self.set.remember(set, fetched, now);
    }

    /// Fetches the set if it is no longer fresh.
    pub async fn renew(&self, now: Timestamp) -> Result<(), SessionKeyError> {
        self.find_set(now, |_| true).await.map(drop).map_err(|error| SessionKeyError(error.into()))
    }

    /// Returns how long a set is used.
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// Returns the newest set and when it was fetched, even if it is too old to be used.
    pub fn held(&self) -> Option<(Arc<SessionKeySet>, Timestamp)> {
        self.set.held()
    }

    /// Returns the key `key_id`. If the held set lacks it, another one is fetched at once, even in a pause: for a revocation
    /// document, which a new key may sign as soon as it exists. The caller sees to it that this happens rarely.
    pub(super) async fn find_at_once(
        &self,
        key_id: &str,
        now: Timestamp,
    ) -> Result<Option<PublicKey>, SessionKeyError> {
        let is_usable = |fetched: Timestamp| now.age_of(fetched).is_some_and(|age| age < self.lifetimes.keep);
        let held = self.held().filter(|(_, fetched)| is_usable(*fetched));
        if let Some(key) = held.and_then(|(set, _)| set.key(key_id).cloned()) {
            return Ok(Some(key));
        }
        let (wanted, fetch): (Arc<str>, _) = (key_id.into(), Arc::clone(&self.fetch));
        let satisfies = move |set: &SessionKeySet| set.key(&wanted).is_some();
        key_of(self.set.fetch_now(now, satisfies, || load(fetch, now)).await, key_id)
    }

    async fn find_set(
        &self,
        now: Timestamp,
        satisfies: impl Fn(&SessionKeySet) -> bool + Clone + Send + 'static,
    ) -> Result<Arc<SessionKeySet>, LastGoodError> {
        let fetch = Arc::clone(&self.fetch);
        self.set.find(now, satisfies, || load(fetch, now)).await
    }
}

/// Without revocations: for a verifier that does not read them. [`IssuerRevocations`](super::IssuerRevocations) does.
impl<F: DocumentFetch> SessionKeySource for IssuerKeys<F> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<PublicKey>, SessionKeyError> {
        let wanted: Arc<str> = key_id.into();
        key_of(self.find_set(now, move |set| set.key(&wanted).is_some()).await, key_id)
    }

    async fn revocations(&self, _: Timestamp) -> Arc<Revocations> {
        Arc::default()
    }
}

async fn load(fetch: Arc<impl DocumentFetch>, now: Timestamp) -> Result<(SessionKeySet, Timestamp), Cause> {
    let document = fetch.fetch().await?;
    Ok((SessionKeySet::parse(&document)?, now))
}

fn key_of(
    found: Result<Arc<SessionKeySet>, LastGoodError>,
    key_id: &str,
) -> Result<Option<PublicKey>, SessionKeyError> {
    match found {
        Ok(set) => Ok(set.key(key_id).cloned()),
        Err(LastGoodError::Missing { .. }) => Ok(None),
        Err(error @ LastGoodError::Unavailable { .. }) => Err(SessionKeyError(error.into())),
    }
}
