//! The list as one process caches it.

use std::sync::Arc;

use super::{RevocationList, RevocationSource};
use crate::{
    error::Cause,
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    timestamp::Timestamp,
};

/// A list that is read from `S` and cached.
#[derive(Debug)]
pub struct CachedRevocations<S> {
    source: Arc<S>,
    list: Arc<LastGood<RevocationList>>,
}

/// The list cannot be read, and none is known that is young enough.
#[derive(Debug, thiserror::Error)]
#[error("the revocation list is unavailable")]
pub struct RevocationListError(#[from] pub LastGoodError);

/// A list has a lower number than one that was read before.
#[derive(Debug, thiserror::Error)]
#[error(
    "the stored list has number {stored}, and number {known} was read before: an older table was restored; run `pozi revoke resume`"
)]
struct RestoredListError {
    stored: u64,
    known: u64,
}

impl<S: RevocationSource> CachedRevocations<S> {
    /// Creates an empty cache that keeps a list for `lifetimes`: [`LIST_LIFETIMES`](super::LIST_LIFETIMES), except in tests.
    pub fn new(source: Arc<S>, lifetimes: Lifetimes) -> Self {
        let list =
            LastGood::counted("revocations", "the revocation list", lifetimes, Arc::new(Cooldown::default()));
        Self { source, list }
    }

    /// Returns the list to use at `now`. One with a lower number than the one that is held is not taken.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<RevocationList>, RevocationListError> {
        let (source, held) = (Arc::clone(&self.source), self.list.held());
        let load = || async move {
            let list = source.load().await?;
            match held.map(|(held, _)| held.sequence()).filter(|known| list.sequence() < *known) {
                Some(known) => Err(RestoredListError { stored: list.sequence(), known }.into()),
                None => Ok::<_, Cause>((list, now)),
            }
        };
        Ok(self.list.find(now, |_| true, load).await?)
    }
}
