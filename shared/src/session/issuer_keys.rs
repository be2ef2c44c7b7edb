//! The keys of one issuer, fetched from where it publishes them and kept through its rotations and outages.

use std::{sync::Arc, time::Duration};

use super::{SessionKey, SessionKeyError, SessionKeySet, SessionKeySource};
use crate::{
    error::Cause,
    fetch::DocumentFetch,
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    timestamp::Timestamp,
};

/// What the service tells its consumers (`max-age=300`, `stale-if-error=86400`). The pause keeps tokens with made-up key
/// ids from causing a fetch each; it delays no real key, because a key is published hours before it signs.
pub const ISSUER_KEY_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(5),
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

    async fn find_set(
        &self,
        now: Timestamp,
        satisfies: impl Fn(&SessionKeySet) -> bool + Clone + Send + 'static,
    ) -> Result<Arc<SessionKeySet>, LastGoodError> {
        let fetch = Arc::clone(&self.fetch);
        let load = || async move {
            let document = fetch.fetch().await?;
            Ok::<_, Cause>((SessionKeySet::parse(&document)?, now))
        };
        self.set.find(now, satisfies, load).await
    }
}

impl<F: DocumentFetch> SessionKeySource for IssuerKeys<F> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<SessionKey>, SessionKeyError> {
        let wanted: Arc<str> = key_id.into();
        match self.find_set(now, move |set| set.key(&wanted).is_some()).await {
            Ok(set) => Ok(set.key(key_id).cloned()),
            Err(LastGoodError::Missing { .. }) => Ok(None),
            Err(error @ LastGoodError::Unavailable { .. }) => Err(SessionKeyError(error.into())),
        }
    }
}
