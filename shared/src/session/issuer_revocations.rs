//! The revocation document of one issuer, fetched from where it is published, and kept through its outages: never one that
//! is older than the one that is held.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{Issuer, IssuerKeys, SessionKeyError, SessionKeySet, SessionKeySource};
use crate::{
    error::Received,
    fetch::{ConditionalFetch, DocumentFetch, FetchError, Fetched},
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    public_key::PublicKey,
    revocation::{RevocationDocumentError, Revocations, UnverifiedRevocations},
    timestamp::Timestamp,
};

/// How long a document is used without a fetch, and the pause after one that failed. It is never discarded; after how long
/// without a newer one sessions are refused is up to the site ([`RevocationLimit`](super::RevocationLimit)).
///
/// So a session is checked against a document of up to 30 s, to which the service adds up to 10 s, and a fetch up to 3 s. Even if
/// one fetch fails in between, a revocation is known within a minute.
pub const REVOCATION_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_secs(30),
    background: Duration::ZERO,
    keep: Duration::MAX,
    cooldown: Duration::from_secs(10),
};

/// Within what time a revocation is respected by every verifier of ours that reaches the service.
pub const REVOKED_WITHIN: Duration = Duration::from_mins(1);

/// The age from which [`IssuerRevocations::renew`] fetches.
const RENEWED_AFTER: Duration = Duration::from_secs(20);

/// The revocations of one issuer, fetched with `D` and verified with its keys, which are fetched with `F`.
#[derive(Debug)]
pub struct IssuerRevocations<F, D> {
    source: Arc<Source<F, D>>,
    held: Arc<LastGood<Held>>,
    is_renewed_in_background: bool,
    /// In place of a document as long as there is none.
    nothing: Arc<Revocations>,
}

/// What is known of the document, for a health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationStatus {
    /// The newest document. As long as there is none, it revokes nothing, and its age is the time that one has been awaited.
    pub newest: Arc<Revocations>,
    /// Whether there is one.
    pub is_received: bool,
    /// Why the document that was offered last was refused; nothing if it was accepted.
    pub refused: Option<RevocationDocumentError>,
}

#[derive(Debug)]
struct Source<F, D> {
    issuer: Issuer,
    keys: Arc<IssuerKeys<F>>,
    fetch: D,
    refused: Mutex<Option<RevocationDocumentError>>,
}

#[derive(Debug, Clone)]
struct Held {
    revocations: Arc<Revocations>,
    document: Arc<str>,
    etag: Option<String>,
}

/// Why there is no new document.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("answered that a document is unchanged that is not held")]
    Unchanged,
    #[error(transparent)]
    Keys(#[from] SessionKeyError),
    #[error(transparent)]
    Refused(#[from] RevocationDocumentError),
}

impl<F: DocumentFetch, D: ConditionalFetch> IssuerRevocations<F, D> {
    /// Creates an empty cache. A document has been awaited since `awaited_since`: a verifier that remembers nothing gives the
    /// Unix epoch, so that a site that closes without one is closed until the first one arrives.
    pub fn new(issuer: Issuer, keys: Arc<IssuerKeys<F>>, fetch: D, awaited_since: Timestamp) -> Self {
        let name = "the issuer's revocation document";
        let held = LastGood::new(name, REVOCATION_LIFETIMES, Arc::new(Cooldown::default()));
        let source = Arc::new(Source { issuer, keys, fetch, refused: Mutex::default() });
        let nothing = Arc::new(Revocations::awaited_since(awaited_since));
        Self { source, held, is_renewed_in_background: false, nothing }
    }

    /// Never fetches for a request, which would have to wait while the service does not answer: a task in the background
    /// [renews](Self::renew) the document.
    #[must_use]
    pub fn renewed_in_background(self) -> Self {
        Self { is_renewed_in_background: true, ..self }
    }

    /// Takes over `document`, which an earlier process held, unless a newer one is held. It is verified with `keys`, those that
    /// the earlier process verified it with, whatever their age; its own age says how old it is.
    pub fn remember(
        &self,
        document: &str,
        keys: &SessionKeySet,
        now: Timestamp,
    ) -> Result<(), RevocationDocumentError> {
        let unverified = UnverifiedRevocations::parse(document)?;
        let key = keys.key(unverified.key_id()).cloned();
        let revocations = Arc::new(verify(unverified, &self.source.issuer, key, now)?);
        let held = Held { revocations, document: document.into(), etag: None };
        // As if fetched long ago, so that it is renewed at once.
        self.held.remember(held, Timestamp::default(), now);
        Ok(())
    }

    /// Fetches the document if it is due. For a task in the background, every few seconds.
    pub async fn renew(&self, now: Timestamp) -> Result<(), LastGoodError> {
        self.find_document(RENEWED_AFTER, now).await
    }

    /// Returns the keys that it is verified with, and sessions as well.
    pub fn keys(&self) -> &Arc<IssuerKeys<F>> {
        &self.source.keys
    }

    /// Returns the newest document, as it was served, to be stored for the next process.
    pub fn document(&self) -> Option<Arc<str>> {
        self.held.held().map(|(held, _)| Arc::clone(&held.document))
    }

    /// Returns what is known, without a fetch.
    pub fn status(&self) -> RevocationStatus {
        RevocationStatus {
            newest: self.newest(),
            is_received: self.held.held().is_some(),
            refused: self.source.refused.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    fn newest(&self) -> Arc<Revocations> {
        let held = self.held.held().map(|(held, _)| Arc::clone(&held.revocations));
        held.unwrap_or_else(|| Arc::clone(&self.nothing))
    }

    async fn find_document(&self, fresh: Duration, now: Timestamp) -> Result<(), LastGoodError> {
        let load = || {
            let (source, cache) = (Arc::clone(&self.source), Arc::clone(&self.held));
            async move {
                let held = cache.held().map(|(held, _)| held);
                let loaded = source.load(held.as_deref(), now).await;
                source.record(&loaded);
                Ok::<_, LoadError>((loaded?, now))
            }
        };
        self.held.find_fresh(now, fresh, |_| true, load).await.map(drop)
    }
}

impl<F: DocumentFetch, D: ConditionalFetch> SessionKeySource for IssuerRevocations<F, D> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<PublicKey>, SessionKeyError> {
        self.source.keys.find(key_id, now).await
    }

    async fn revocations(&self, now: Timestamp) -> Arc<Revocations> {
        if !self.is_renewed_in_background {
            // What is held stays in force whatever the fetch brings, and also if this clock was set back since.
            let _ = self.find_document(REVOCATION_LIFETIMES.fresh, now).await;
        }
        self.newest()
    }
}

impl<F: DocumentFetch, D: ConditionalFetch> Source<F, D> {
    /// Fetches the document unless it is still the `held` one, verifies it, and refuses an older one.
    async fn load(&self, held: Option<&Held>, now: Timestamp) -> Result<Held, LoadError> {
        let etag = held.and_then(|held| held.etag.as_deref());
        let (bytes, etag) = match (self.fetch.fetch_unless(etag).await?, held) {
            (Fetched::Document { bytes, etag }, _) => (bytes, etag),
            (Fetched::Unchanged, Some(held)) => return Ok(held.clone()),
            (Fetched::Unchanged, None) => return Err(LoadError::Unchanged),
        };
        let document = String::from_utf8_lossy(&bytes);
        let unverified = UnverifiedRevocations::parse(&document)?;
        let key = self.keys.find_at_once(unverified.key_id(), now).await?;
        let revocations = verify(unverified, &self.issuer, key, now)?;
        if let Some(held) = held {
            held.revocations.check_successor(&revocations)?;
        }
        Ok(Held { revocations: Arc::new(revocations), document: document.into(), etag })
    }

    fn record(&self, loaded: &Result<Held, LoadError>) {
        let refused = match loaded {
            Ok(_) => None,
            Err(LoadError::Refused(error)) => Some(error.clone()),
            // Nothing was offered.
            Err(_) => return,
        };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }
}

fn verify(
    unverified: UnverifiedRevocations<'_>,
    issuer: &Issuer,
    key: Option<PublicKey>,
    now: Timestamp,
) -> Result<Revocations, RevocationDocumentError> {
    let unknown = || RevocationDocumentError::UnknownKey(Received::of(unverified.key_id()));
    let key = key.ok_or_else(unknown)?;
    unverified.verify(issuer, &key, now)
}

#[cfg(test)]
mod tests;
