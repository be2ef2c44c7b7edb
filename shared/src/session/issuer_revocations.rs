//! The revocation document of one issuer, fetched from where it is published, and kept through its outages: never one that
//! is older than the one that is held.

use std::{sync::Arc, time::Duration};

use super::{
    Issuer, IssuerKeys, RevocationsUnavailableError, SessionKey, SessionKeyError, SessionKeySet,
    SessionKeySource,
};
use crate::{
    error::{Cause, Received},
    fetch::{ConditionalFetch, DocumentFetch, Fetched},
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    revocation::{RevocationDocumentError, Revocations, UnverifiedRevocations},
    timestamp::Timestamp,
};

/// How long a document is used without a fetch, and the pause after one that failed. It is kept for ever; after how long
/// without a newer one sessions are refused is up to the site ([`RevocationLimit`]).
///
/// A request finds a document of up to 45 s, to which the service adds up to 10 s. A verifier that
/// [renews](IssuerRevocations::renew) it in the background does so after 25 s, so that no request waits.
pub const REVOCATION_LIFETIMES: Lifetimes =
    Lifetimes { fresh: Duration::from_secs(45), keep: Duration::MAX, cooldown: Duration::from_secs(10) };

/// Within what time a revocation is respected by every verifier of ours that reaches the service.
pub const REVOKED_WITHIN: Duration = Duration::from_mins(1);

/// The age from which [`IssuerRevocations::renew`] fetches.
const RENEWED_AFTER: Duration = Duration::from_secs(25);

/// What a site wants while the service cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationLimit {
    /// The age of the newest document after which [`after`](Self::after) holds.
    pub age: Duration,
    /// What happens then.
    pub after: AfterLimit,
}

/// What happens to sessions while the newest document is older than the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AfterLimit {
    /// They are served by the last known document.
    #[default]
    Serve,
    /// They are refused.
    Close,
}

impl Default for RevocationLimit {
    /// A day, after which sessions are still served.
    fn default() -> Self {
        Self { age: Duration::from_hours(24), after: AfterLimit::Serve }
    }
}

/// What is known of the document, for a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationStatus {
    /// Its number; `None` if none was ever read.
    pub sequence: Option<u64>,
    /// How many keys, sites, people and sessions it revokes.
    pub count: usize,
    /// Its age, or the time since the start of the process if none was ever read.
    pub age: Duration,
    /// Whether that is beyond the limit.
    pub is_over_limit: bool,
}

/// The revocations of one issuer, fetched with `D` and verified with its keys, which are fetched with `F`.
#[derive(Debug)]
pub struct IssuerRevocations<F, D> {
    issuer: Issuer,
    keys: Arc<IssuerKeys<F>>,
    fetch: Arc<D>,
    limit: RevocationLimit,
    started: Timestamp,
    held: Arc<LastGood<Held>>,
}

#[derive(Debug, Clone)]
struct Held {
    revocations: Arc<Revocations>,
    document: Arc<str>,
    etag: Option<String>,
}

impl<F: DocumentFetch, D: ConditionalFetch> IssuerRevocations<F, D> {
    /// Creates an empty cache for a process that `started` at this time.
    pub fn new(
        issuer: Issuer,
        keys: Arc<IssuerKeys<F>>,
        fetch: D,
        limit: RevocationLimit,
        started: Timestamp,
    ) -> Self {
        let held = LastGood::new(
            "the issuer's revocation document",
            REVOCATION_LIFETIMES,
            Arc::new(Cooldown::default()),
        );
        Self { issuer, keys, fetch: Arc::new(fetch), limit, started, held }
    }

    /// Takes over `document`, which an earlier process stored as [`held`](Self::held) returns it, unless a newer one is held. It is
    /// verified with `keys`, those that were stored with it, whatever their age.
    pub fn remember(
        &self,
        document: &str,
        fetched: Timestamp,
        keys: &SessionKeySet,
        now: Timestamp,
    ) -> Result<(), RevocationDocumentError> {
        let unverified = UnverifiedRevocations::parse(document)?;
        let key = keys.key(unverified.key_id()).cloned();
        let revocations = verify(unverified, &self.issuer, key, now)?;
        let held = Held { revocations: Arc::new(revocations), document: document.into(), etag: None };
        self.held.remember(held, fetched, now);
        Ok(())
    }

    /// Fetches the document if it is due. For a task in the background, every few seconds.
    pub async fn renew(&self, now: Timestamp) -> Result<(), LastGoodError> {
        self.find_document(RENEWED_AFTER, now).await.map(drop)
    }

    /// Returns the newest document, as it was served, and when it was fetched: to be stored for the next process.
    pub fn held(&self) -> Option<(Arc<str>, Timestamp)> {
        self.held.held().map(|(held, fetched)| (Arc::clone(&held.document), fetched))
    }

    /// Returns what is known at `now`, without a fetch.
    pub fn status(&self, now: Timestamp) -> RevocationStatus {
        let held = self.held.held().map(|(held, _)| Arc::clone(&held.revocations));
        let age = self.age(held.as_deref(), now);
        RevocationStatus {
            sequence: held.as_ref().map(|held| held.sequence()),
            count: held.as_ref().map_or(0, |held| held.count()),
            age,
            is_over_limit: age > self.limit.age,
        }
    }

    /// Returns the age of `held` by its own time: it is made anew every minute, so an old one may be a copy that somebody
    /// keeps, and proves no contact with the service.
    fn age(&self, held: Option<&Revocations>, now: Timestamp) -> Duration {
        now.since(held.map_or(self.started, Revocations::issued_at))
    }

    async fn find_document(&self, fresh: Duration, now: Timestamp) -> Result<Arc<Held>, LastGoodError> {
        let held = self.held.held().map(|(held, _)| held);
        let (fetch, keys, issuer) = (Arc::clone(&self.fetch), Arc::clone(&self.keys), self.issuer.clone());
        let load = || async move { Ok::<_, Cause>((load(&*fetch, &keys, &issuer, held, now).await?, now)) };
        self.held.find_fresh(now, fresh, |_| true, load).await
    }
}

impl<F: DocumentFetch, D: ConditionalFetch> SessionKeySource for IssuerRevocations<F, D> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<SessionKey>, SessionKeyError> {
        self.keys.find(key_id, now).await
    }

    async fn revocations(&self, now: Timestamp) -> Result<Arc<Revocations>, RevocationsUnavailableError> {
        let held = self.find_document(REVOCATION_LIFETIMES.fresh, now).await.ok();
        let age = self.age(held.as_deref().map(|held| &*held.revocations), now);
        if age > self.limit.age && self.limit.after == AfterLimit::Close {
            return Err(RevocationsUnavailableError { age, limit: self.limit.age });
        }
        Ok(held.map_or_else(Arc::default, |held| Arc::clone(&held.revocations)))
    }
}

/// Fetches the document unless it is still the `held` one, verifies it, and refuses an older one.
async fn load(
    fetch: &impl ConditionalFetch,
    keys: &IssuerKeys<impl DocumentFetch>,
    issuer: &Issuer,
    held: Option<Arc<Held>>,
    now: Timestamp,
) -> Result<Held, Cause> {
    let etag = held.as_ref().and_then(|held| held.etag.as_deref());
    let (bytes, etag) = match (fetch.fetch_unless(etag).await?, &held) {
        (Fetched::Document { bytes, etag }, _) => (bytes, etag),
        (Fetched::Unchanged, Some(held)) => return Ok(Held::clone(held)),
        (Fetched::Unchanged, None) => {
            return Err("answered that a document is unchanged that is not held".into());
        }
    };
    let document = std::str::from_utf8(&bytes)?;
    let unverified = UnverifiedRevocations::parse(document)?;
    let key = keys.find_at_once(unverified.key_id(), now).await?;
    let revocations = verify(unverified, issuer, key, now)?;
    if let Some(held) = held {
        held.revocations.check_successor(&revocations)?;
    }
    Ok(Held { revocations: Arc::new(revocations), document: document.into(), etag })
}

fn verify(
    unverified: UnverifiedRevocations<'_>,
    issuer: &Issuer,
    key: Option<SessionKey>,
    now: Timestamp,
) -> Result<Revocations, RevocationDocumentError> {
    let unknown = || RevocationDocumentError::UnknownKey(Received::of(unverified.key_id()));
    let SessionKey { algorithm, decoding } = key.ok_or_else(unknown)?;
    unverified.verify(issuer, &decoding, algorithm, now)
}

#[cfg(test)]
mod tests;
