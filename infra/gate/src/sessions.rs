//! Whose session it is: verified once, and remembered for as long as it may be.

use std::sync::Arc;

use aws_lc_rs::digest::{self, SHA256};
use pozi_auth::{
    session::{SessionKeySource, SessionRefusal, SessionVerifier, VerifiedSession},
    timestamp::Timestamp,
};
use quick_cache::sync::Cache;

/// How many sessions are remembered: those of 2,000 people who renew at once, twice.
const REMEMBERED: usize = 4_096;

/// Verifies sessions and remembers what came of it, by the SHA-256 of the token. A refusal is not remembered.
#[derive(Debug)]
pub struct Sessions<K> {
    verifier: SessionVerifier<Arc<K>>,
    keys: Arc<K>,
    remembered: Cache<[u8; 32], Arc<VerifiedSession>>,
}

impl<K: SessionKeySource> Sessions<K> {
    /// Verifies by `verifier`, whose keys are `keys`.
    pub fn new(verifier: SessionVerifier<Arc<K>>, keys: Arc<K>) -> Self {
        Self { verifier, keys, remembered: Cache::new(REMEMBERED) }
    }

    /// The session that `token` is at `now`. A remembered one is good until its `exp`, and while its key is published.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<VerifiedSession>, SessionRefusal> {
        let hash = sha256(token);
        if let Some(session) = self.remembered.get(&hash) {
            return self.still_good(&hash, session, now).await;
        }
        let session = Arc::new(self.verifier.verify(token, now).await?);
        self.remembered.insert(hash, Arc::clone(&session));
        Ok(session)
    }

    async fn still_good(
        &self,
        hash: &[u8; 32],
        session: Arc<VerifiedSession>,
        now: Timestamp,
    ) -> Result<Arc<VerifiedSession>, SessionRefusal> {
        let key = self.keys.find(session.key_id(), now).await.map_err(|_| SessionRefusal::KeysUnavailable)?;
        let refusal = if now >= session.expires() {
            SessionRefusal::Expired
        } else if key.is_none() {
            SessionRefusal::UnknownKey
        } else {
            return Ok(session);
        };
        self.remembered.remove(hash);
        Err(refusal)
    }
}

fn sha256(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&SHA256, token.as_bytes()).as_ref());
    hash
}
