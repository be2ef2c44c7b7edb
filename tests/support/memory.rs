//! Implementations of traits in memory: a clock, a key ring, and the emulated Entra's key sets, fetched through its router
//! so that its behaviour and its count of fetches apply.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use axum::body::{Body, to_bytes};
use entra_emulator::EmulatedEntra;
use http::{Request, StatusCode};
use pozi_auth::{
    entra::{KeySetFetch, KeySetLocation},
    error::Cause,
    fetch::FetchError,
    keyring::{KeyRing, KeyRingError, KeyRingSource, KeyRingStore},
    revision::Revision,
    revocation::{RevocationList, RevocationSource, RevocationStore, RevocationStoreError},
    timestamp::{Clock, Timestamp},
};
use tower::ServiceExt;

/// Locks `mutex`. A test that panicked while it held the lock fails by itself.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that is set by hand. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct SetClock(Arc<AtomicU64>);

impl SetClock {
    /// A clock that shows `unix_seconds`.
    pub fn at(unix_seconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(unix_seconds)))
    }

    /// Advances it by `seconds`.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sets it to `unix_seconds`, earlier or later.
    pub fn set(&self, unix_seconds: u64) {
        self.0.store(unix_seconds, Ordering::SeqCst);
    }

    /// Seconds since the Unix epoch.
    pub fn unix_seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.unix_seconds())
    }
}

/// The emulated Entra's key sets, without a network.
#[derive(Debug, Clone)]
pub struct EmulatedKeySets {
    /// The emulated Entra.
    pub entra: EmulatedEntra,
    calls: Arc<AtomicUsize>,
    resets: Arc<AtomicUsize>,
}

impl EmulatedKeySets {
    /// Fetches from `entra`.
    pub fn of(entra: EmulatedEntra) -> Self {
        Self { entra, calls: Arc::default(), resets: Arc::default() }
    }

    /// Returns the number of fetches.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Makes the connections of the next `count` fetches end without an answer.
    pub fn fail_next(&self, count: usize) {
        self.resets.store(count, Ordering::SeqCst);
    }
}

impl KeySetFetch for EmulatedKeySets {
    async fn fetch(&self, location: KeySetLocation) -> Result<Vec<u8>, FetchError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let fails = |left: usize| left.checked_sub(1);
        if self.resets.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(no_answer("connection reset by peer"));
        }
        let request = Request::get(location.path()).body(Body::empty()).map_err(no_answer)?;
        let response = self.entra.router().oneshot(request).await.unwrap_or_else(|never| match never {});
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        Ok(to_bytes(response.into_body(), usize::MAX).await.map_err(no_answer)?.into())
    }
}

fn no_answer(error: impl Into<Cause>) -> FetchError {
    FetchError::NoAnswer(error.into())
}

/// A revocation list in memory. Clones are the same list.
#[derive(Debug, Clone, Default)]
pub struct MemoryRevocations(Arc<Mutex<RevocationList>>);

impl MemoryRevocations {
    /// Returns the list.
    pub fn list(&self) -> RevocationList {
        lock(&self.0).clone()
    }

    /// Replaces the list by what `change` makes of it.
    pub fn change(&self, change: impl FnOnce(&RevocationList) -> RevocationList) {
        let mut list = lock(&self.0);
        *list = change(&list);
    }
}

impl RevocationSource for MemoryRevocations {
    async fn load(&self) -> Result<RevocationList, RevocationStoreError> {
        Ok(self.list())
    }
}

impl RevocationStore for MemoryRevocations {
    async fn replace(&self, expected: u64, list: &RevocationList) -> Result<(), RevocationStoreError> {
        let mut stored = lock(&self.0);
        if stored.sequence() != expected {
            return Err(RevocationStoreError::Conflict);
        }
        *stored = list.clone();
        Ok(())
    }
}

/// A key ring in memory. Clones are the same ring.
#[derive(Debug, Clone, Default)]
pub struct MemoryRing(Arc<Mutex<Option<(KeyRing, Revision)>>>);

impl MemoryRing {
    /// Stores `ring` as of `revision`, as a backup that is restored does.
    pub fn restore(&self, ring: KeyRing, revision: Revision) {
        *lock(&self.0) = Some((ring, revision));
    }
}

impl KeyRingSource for MemoryRing {
    async fn load(&self) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
        let stored = self.0.lock().map_err(|error| KeyRingError::Unavailable(error.to_string().into()))?;
        Ok(stored.clone())
    }
}

impl KeyRingStore for MemoryRing {
    async fn replace(&self, expected: Option<Revision>, ring: &KeyRing) -> Result<(), KeyRingError> {
        let mut stored =
            self.0.lock().map_err(|error| KeyRingError::Unavailable(error.to_string().into()))?;
        let current = stored.as_ref().map(|(_, revision)| *revision);
        if current != expected {
            return Err(KeyRingError::Conflict);
        }
        *stored = Some((ring.clone(), Revision::after(expected)));
        Ok(())
    }
}
