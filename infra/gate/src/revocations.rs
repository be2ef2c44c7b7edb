//! The issuer's revocation document: renewed before a request needs it, and stored on disk, so that a restart without a
//! network forgets no revocation.

use std::sync::Arc;

use metrics::gauge;
use pozi_auth::{
    adapters::{KnownRevocations, RevocationDocumentFile},
    error::with_causes,
    fetch::{ConditionalFetch, DocumentFetch},
    session::{Issuer, IssuerKeys, IssuerRevocations, SessionKeySet},
    timestamp::Timestamp,
};

use crate::metrics::REVOCATIONS_AGE;

/// The issuer's revocations and the file that stores them.
#[derive(Debug)]
pub struct StoredRevocations<F, D> {
    revocations: Arc<IssuerRevocations<F, D>>,
    file: RevocationDocumentFile,
    awaited_since: Timestamp,
    /// Whether there is a file, and the document in it: nothing if a first one is still awaited.
    is_stored: bool,
    stored: Option<Arc<str>>,
}

impl<F: DocumentFetch, D: ConditionalFetch> StoredRevocations<F, D> {
    /// Loads the revocations of `issuer` that an earlier run stored in `file`; `fetch` fetches newer ones, and `keys` verify
    /// them. A file that cannot be trusted is logged and ignored.
    pub fn load(
        (issuer, keys): (Issuer, Arc<IssuerKeys<F>>),
        fetch: D,
        file: RevocationDocumentFile,
        now: Timestamp,
    ) -> Self {
        let known = file.load().unwrap_or_else(|error| {
            let problem = with_causes(&error);
            tracing::warn!(target: "pozi::gate", problem, "the stored revocation document is not used");
            None
        });
        // Not later than now: the clock may have been ahead then.
        let awaited_since = known.as_ref().map_or(now, |known| known.awaited_since.min(now));
        let revocations = IssuerRevocations::new(issuer, keys, fetch, awaited_since);
        let revocations = Arc::new(revocations.renewed_in_background());
        let is_stored = known.is_some();
        if let Some((document, keys)) = known.and_then(|known| known.document)
            && let Err(error) = revocations.remember(&document, &keys, now)
        {
            let problem = with_causes(&error);
            tracing::warn!(target: "pozi::gate", problem, "the stored revocation document is not used");
        }
        let stored = revocations.document();
        Self { revocations, file, awaited_since, is_stored, stored }
    }

    /// Returns the revocations.
    pub fn revocations(&self) -> &Arc<IssuerRevocations<F, D>> {
        &self.revocations
    }

    /// Fetches the document if it is due, and stores a new one.
    pub async fn renew(&mut self, now: Timestamp) {
        // A failure is already logged, and shows in the age that `/health` reports.
        let _ = self.revocations.renew(now).await;
        let status = self.revocations.status();
        if status.is_received {
            gauge!(REVOCATIONS_AGE).set(status.newest.age(now).as_secs_f64());
        }
        let document = self.revocations.document();
        if !self.is_stored || self.stored != document {
            self.store(document).await;
        }
    }

    async fn store(&mut self, document: Option<Arc<str>>) {
        let keys = self.revocations.keys().held();
        let signed = document.as_ref().zip(keys);
        let known = KnownRevocations {
            awaited_since: self.awaited_since,
            document: signed.map(|(jws, (keys, _))| (jws.to_string(), SessionKeySet::clone(&keys))),
        };
        let file = self.file.clone();
        match tokio::task::spawn_blocking(move || file.store(&known)).await {
            Ok(Ok(())) => (self.is_stored, self.stored) = (true, document),
            Ok(Err(error)) => {
                let problem = with_causes(&error);
                tracing::warn!(target: "pozi::gate", problem, "cannot store the revocation document on disk; check `state_dir`");
            }
            Err(error) => {
                tracing::warn!(target: "pozi::gate", problem = %error, "storing the revocation document failed");
            }
        }
    }
}
