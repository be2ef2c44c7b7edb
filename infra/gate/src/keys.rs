//! The issuer's keys: renewed before a request needs them, and stored on disk to start without a network.

use std::sync::Arc;

use pozi_auth::{
    adapters::KeySetFile, error::with_causes, fetch::DocumentFetch, session::IssuerKeys, timestamp::Timestamp,
};

/// The issuer's keys and the file that stores them.
#[derive(Debug)]
pub struct StoredKeys<F> {
    keys: Arc<IssuerKeys<F>>,
    file: KeySetFile,
    stored: Timestamp,
}

impl<F: DocumentFetch> StoredKeys<F> {
    /// Loads the keys that an earlier run stored in `file`. A file that cannot be trusted is ignored: until the issuer
    /// answers, every request is refused.
    pub fn load(keys: Arc<IssuerKeys<F>>, file: KeySetFile, now: Timestamp) -> Self {
        let mut stored = Timestamp::default();
        match file.load(now) {
            Ok(None) => {}
            Ok(Some((set, fetched))) => {
                stored = fetched;
                keys.remember(set, fetched, now);
            }
            Err(error) => {
                let problem = with_causes(&error);
                tracing::warn!(target: "pozi::gate", problem, "the stored key set is not used");
            }
        }
        Self { keys, file, stored }
    }

    /// Fetches the keys if they are due, and stores new ones.
    pub async fn renew(&mut self, now: Timestamp) {
        // A failure is already logged, and shows in the age that `/health` reports.
        drop(self.keys.renew(now).await);
        // Not "later than": the clock may have been ahead when the last one was stored.
        let Some((set, fetched)) = self.keys.held().filter(|(_, fetched)| *fetched != self.stored) else {
            return;
        };
        let file = self.file.clone();
        let storing = tokio::task::spawn_blocking(move || file.store(&set, fetched)).await;
        match storing {
            Ok(Ok(())) => self.stored = fetched,
            Ok(Err(error)) => {
                let problem = with_causes(&error);
                tracing::warn!(target: "pozi::gate", problem, "cannot store the key set on disk; check `state_dir`");
            }
            Err(error) => {
                tracing::warn!(target: "pozi::gate", problem = %error, "storing the key set failed");
            }
        }
    }
}
