//! The issuer's keys, renewed before anybody waits for them and kept on disk for a start without a network.

use std::sync::Arc;

use pozi_auth::{adapters::KeySetFile, ports::DocumentFetch, session::IssuerKeys, timestamp::Timestamp};

/// Keys and the file that they are kept in.
#[derive(Debug)]
pub struct KeptKeys<F> {
    keys: Arc<IssuerKeys<F>>,
    file: KeySetFile,
    stored: Timestamp,
}

impl<F: DocumentFetch> KeptKeys<F> {
    /// Takes up what a gate before this one left in `file`. A file that cannot be believed is as good as none: the
    /// issuer is asked, and until it answers nobody is let in.
    pub fn recall(keys: Arc<IssuerKeys<F>>, file: KeySetFile, now: Timestamp) -> Self {
        let mut stored = Timestamp::default();
        match file.load(now) {
            Ok(None) => {}
            Ok(Some((set, fetched))) => {
                stored = fetched;
                keys.remember(set, fetched);
            }
            Err(problem) => {
                tracing::warn!(target: "pozi::gate", %problem, "the key set on disk is not used");
            }
        }
        Self { keys, file, stored }
    }

    /// Fetches the keys where that is due, and stores what is new.
    pub async fn renew(&mut self, now: Timestamp) {
        // What went wrong is in the log already, and in the age that `/health` tells.
        drop(self.keys.renew(now).await);
        let Some((set, fetched)) = self.keys.held().filter(|(_, fetched)| *fetched > self.stored) else {
            return;
        };
        let file = self.file.clone();
        let storing = tokio::task::spawn_blocking(move || file.store(&set, fetched)).await;
        match storing {
            Ok(Ok(())) => self.stored = fetched,
            Ok(Err(problem)) => {
                tracing::warn!(target: "pozi::gate", %problem, "the key set cannot be kept on disk");
            }
            Err(problem) => tracing::warn!(target: "pozi::gate", %problem, "storing the key set broke off"),
        }
    }
}
