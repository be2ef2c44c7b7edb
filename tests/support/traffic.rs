//! What goes through [`FaultProxy`](crate::FaultProxy): what is under way, what is held, what was lost and what was answered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use tokio::sync::oneshot;

/// One request, as it was seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What was asked: the AWS operation, or the path.
    pub what: String,
    /// The body of the request.
    pub body: Bytes,
}

/// All of it. What was asked, and what lets the answer go, stand side by side for each answer that is held.
#[derive(Default)]
pub(crate) struct Traffic {
    under_way: usize,
    lost: usize,
    held: Vec<(String, oneshot::Sender<()>)>,
    seen: Vec<Seen>,
}

impl Traffic {
    /// How many requests have not met their fate yet.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way
    }

    /// How many got no answer, and get none.
    pub(crate) fn lost(&self) -> usize {
        self.lost
    }

    /// What was answered, be the answer held or not, since the last time that this was asked.
    pub(crate) fn seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    /// A request is answered, its answer held or not. Returns what waits until it may go.
    pub(crate) fn answers(&mut self, seen: Seen, holds: bool) -> impl Future<Output = ()> + use<> {
        let (release, let_go) = oneshot::channel();
        if holds {
            self.held.push((seen.what.clone(), release));
        }
        self.seen.push(seen);
        // An answer that is not held, or no longer, fails to be waited for.
        async move { drop(let_go.await) }
    }

    /// What was asked by whoever waits for an answer that is held, in the order of the alphabet.
    pub(crate) fn held(&mut self) -> Vec<&str> {
        // Whoever waited may have gone away.
        self.held.retain(|(_, release)| !release.is_closed());
        self.held.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.held.iter().map(|(what, _)| &**what).collect()
    }

    /// Lets the answers go that are held, if they are exactly those to `these`. Returns whether they are.
    pub(crate) fn lets_go(&mut self, these: &[&str]) -> bool {
        let are_these = self.held() == these;
        if are_these {
            self.lets_all_go();
        }
        are_these
    }

    /// Lets all answers go that are held.
    pub(crate) fn lets_all_go(&mut self) {
        self.held.clear();
    }
}

/// One request while it is under way. Its end is counted also where whoever asked has gone away.
pub(crate) struct UnderWay(Arc<Mutex<Traffic>>);

impl UnderWay {
    /// It came.
    pub(crate) fn begins(traffic: &Arc<Mutex<Traffic>>) -> Self {
        lock(traffic).under_way += 1;
        Self(Arc::clone(traffic))
    }

    /// It, or its answer, goes nowhere.
    pub(crate) fn ends_lost(self) {
        lock(&self.0).lost += 1;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        lock(&self.0).under_way -= 1;
    }
}

/// The test that panicked with it fails already.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
