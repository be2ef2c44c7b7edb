//! Verified sessions, cached so that each token is verified only once.

use std::sync::Arc;

use aws_lc_rs::digest::{self, SHA256};
use pozi_auth::{
    session::{SessionKeySource, SessionRefusal, SessionVerifier, VerifiedSession},
    timestamp::Timestamp,
};
use quick_cache::sync::Cache;

/// Cached sessions: two for each of 2,000 people, who may all renew at the same time.
const MAX_SESSIONS: usize = 4_096;

/// Verifies sessions and caches valid ones by the SHA-256 of the token. Refusals are not cached.
#[derive(Debug)]
pub struct Sessions<K> {
    verifier: SessionVerifier<Arc<K>>,
    keys: Arc<K>,
    cache: Cache<[u8; 32], Arc<VerifiedSession>>,
}

impl<K: SessionKeySource> Sessions<K> {
    /// Verifies with `verifier`, whose keys are `keys`.
    pub fn new(verifier: SessionVerifier<Arc<K>>, keys: Arc<K>) -> Self {
        Self { verifier, keys, cache: Cache::new(MAX_SESSIONS) }
    }

    /// Returns the session in `token` if it is valid at `now`. A cached one is valid until its `exp`, while its key is
    /// published and it is not revoked.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<VerifiedSession>, SessionRefusal> {
        let hash = sha256(token);
        if let Some(session) = self.cache.get(&hash) {
            return self.revalidate(&hash, session, now).await;
        }
        let session = Arc::new(self.verifier.verify(token, now).await?);
        self.cache.insert(hash, Arc::clone(&session));
        Ok(session)
    }

    async fn revalidate(
        &self,
        hash: &[u8; 32],
        session: Arc<VerifiedSession>,
        now: Timestamp,
    ) -> Result<Arc<VerifiedSession>, SessionRefusal> {
        let key = self.keys.find(session.key_id(), now).await.map_err(|_| SessionRefusal::KeysUnavailable)?;
        let checked = if now >= session.expires() {
            Err(SessionRefusal::Expired)
        } else if key.is_none() {
            Err(SessionRefusal::UnknownKey)
        } else {
            self.verifier.check_revocation(&session, now).await
        };
        match checked {
            Ok(()) => Ok(session),
            Err(refusal) => {
                self.cache.remove(hash);
                Err(refusal)
            }
        }
    }
}

fn sha256(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&SHA256, token.as_bytes()).as_ref());
    hash
}
