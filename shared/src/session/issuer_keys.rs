//! The keys of one issuer, fetched from where it publishes them and kept through its rotations and outages.

use std::{sync::Arc, time::Duration};

use super::{KeySet, NotAKeySet, SessionKey, SessionKeySource, SessionKeysUnavailable};
use crate::{
    fetch::{DocumentFetch, FetchError},
    last_good::{Cooldown, LastGood, Lifetimes, NotFound},
    timestamp::Timestamp,
};

/// As the service tells its consumers (`max-age=300`, `stale-if-error=86400`). A key is published hours before it signs,
/// so that the pause after a fetch in vain, which keeps nonsense tokens from causing one each, hurts nobody.
pub const ISSUER_KEY_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(5),
    keep: Duration::from_hours(24),
    cooldown: Duration::from_secs(30),
};

/// The key set that `F` fetches.
#[derive(Debug)]
pub struct IssuerKeys<F> {
    fetch: Arc<F>,
    lifetimes: Lifetimes,
    set: Arc<LastGood<KeySet>>,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Content(#[from] NotAKeySet),
}

impl<F: DocumentFetch> IssuerKeys<F> {
    /// Holds nothing yet.
    pub fn new(fetch: F, lifetimes: Lifetimes) -> Self {
        let set = LastGood::new("the issuer's key set", lifetimes, Arc::new(Cooldown::default()));
        Self { fetch: Arc::new(fetch), lifetimes, set }
    }

    /// Goes on with a set that was fetched at `fetched`, by a process before this one, unless something newer is held.
    pub fn remember(&self, set: KeySet, fetched: Timestamp) {
        self.set.remember(set, fetched);
    }

    /// Fetches the set where that is due, whatever key anybody looks for.
    pub async fn renew(&self, now: Timestamp) -> Result<(), SessionKeysUnavailable> {
        self.holding(now, |_| true).await.map(drop).map_err(unavailable)
    }

    /// How long a set is used.
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// The newest set held and when it was fetched, be it too old to be used.
    pub fn held(&self) -> Option<(Arc<KeySet>, Timestamp)> {
        self.set.held()
    }

    async fn holding(
        &self,
        now: Timestamp,
        satisfies: impl Fn(&KeySet) -> bool + Clone + Send + 'static,
    ) -> Result<Arc<KeySet>, NotFound> {
        let fetch = Arc::clone(&self.fetch);
        let load = || async move {
            let document = fetch.fetch().await?;
            Ok::<_, Problem>((KeySet::parse(&document)?, now))
        };
        self.set.find(now, satisfies, load).await
    }
}

impl<F: DocumentFetch> SessionKeySource for IssuerKeys<F> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<SessionKey>, SessionKeysUnavailable> {
        let wanted: Arc<str> = key_id.into();
        match self.holding(now, move |set| set.key(&wanted).is_some()).await {
            Ok(set) => Ok(set.key(key_id).cloned()),
            Err(NotFound::Missing { .. }) => Ok(None),
            Err(problem @ NotFound::Unavailable { .. }) => Err(unavailable(problem)),
        }
    }
}

fn unavailable(problem: NotFound) -> SessionKeysUnavailable {
    SessionKeysUnavailable(problem.to_string())
}
