//! Where the list is stored, and how it is changed.

use super::RevocationList;
use crate::error::Cause;

/// Reads the list.
pub trait RevocationSource: Send + Sync + 'static {
    /// Returns the list, or an empty one if none was ever stored.
    fn load(&self) -> impl Future<Output = Result<RevocationList, RevocationStoreError>> + Send;
}

/// Replaces the list.
pub trait RevocationStore: RevocationSource {
    /// Stores `list` if the stored one still has the number `expected` (0: nothing is stored yet).
    fn replace(
        &self,
        expected: u64,
        list: &RevocationList,
    ) -> impl Future<Output = Result<(), RevocationStoreError>> + Send;
}

/// The list cannot be read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum RevocationStoreError {
    /// The store does not answer.
    #[error("the store of the revocation list cannot be reached")]
    Unavailable(#[source] Cause),
    /// What is stored is not a list. It is never replaced by an empty one, which would revoke nothing any more.
    #[error("the stored revocation list is damaged")]
    Damaged(#[source] Cause),
    /// The stored list has another number.
    #[error("another writer changed the revocation list in the meantime")]
    Conflict,
}

/// How often a change is tried while other writers change the list in the meantime.
const ATTEMPTS: usize = 3;

/// Replaces the stored list by what `change` makes of it, and returns what is stored then. `None` changes nothing.
pub async fn change<S: RevocationStore, E: From<RevocationStoreError>>(
    store: &S,
    change: impl Fn(&RevocationList) -> Result<Option<RevocationList>, E>,
) -> Result<RevocationList, E> {
    let mut attempts = 1..=ATTEMPTS;
    loop {
        let attempt = attempts.next();
        let list = store.load().await?;
        let Some(next) = change(&list)? else { return Ok(list) };
        match store.replace(list.sequence(), &next).await {
            Ok(()) => return Ok(next),
            Err(RevocationStoreError::Conflict) if attempt.is_some_and(|attempt| attempt < ATTEMPTS) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
