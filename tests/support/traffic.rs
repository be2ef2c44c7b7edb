//! The requests that [`FaultProxy`](crate::FaultProxy) has seen: under way, held, lost and answered.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use axum::body::Bytes;
use tokio::sync::oneshot;

use crate::memory::lock;

/// A request that was answered.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The AWS operation, or the path.
    pub what: String,
    /// The body of the request.
    pub body: Bytes,
    /// When the request arrived.
    pub arrived: Instant,
}

/// The state of all requests. `held` has, for each held answer, the operation or path and what releases it.
#[derive(Default)]
pub(crate) struct Traffic {
    under_way: usize,
    lost: usize,
    held: Vec<(String, oneshot::Sender<()>)>,
    seen: Vec<Seen>,
}

impl Traffic {
    /// Returns the number of requests under way.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Returns the number of requests that never get an answer.
    pub(crate) fn lost(&self) -> usize {
        self.lost
    }

    /// Returns the requests answered since the last call, those whose answers are held included.
    pub(crate) fn take_seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    /// Records an answered request. The future ends when the answer may be sent.
    pub(crate) fn answered(&mut self, seen: Seen, holds: bool) -> impl Future<Output = ()> + use<> {
        let (release, released) = oneshot::channel();
        if holds {
            self.held.push((seen.what.clone(), release));
        }
        self.seen.push(seen);
        // Without hold, or once released, the sender is dropped, which ends the wait with an error.
        async move { drop(released.await) }
    }

    /// Returns the operations or paths whose answers are held, sorted.
    pub(crate) fn held(&mut self) -> Vec<&str> {
        // A client may have gone away.
        self.held.retain(|(_, release)| !release.is_closed());
        self.held.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.held.iter().map(|(what, _)| &**what).collect()
    }

    /// Releases the held answers if they are exactly those to `requests`. Returns whether they are.
    pub(crate) fn release(&mut self, requests: &[&str]) -> bool {
        let matches = self.held() == requests;
        if matches {
            self.release_all();
        }
        matches
    }

    /// Releases all held answers.
    pub(crate) fn release_all(&mut self) {
        self.held.clear();
    }
}

/// A request under way. Its end is counted even if the client has gone away.
pub(crate) struct UnderWay(Arc<Mutex<Traffic>>);

impl UnderWay {
    /// Counts a request.
    pub(crate) fn begin(traffic: &Arc<Mutex<Traffic>>) -> Self {
        lock(traffic).under_way += 1;
        Self(Arc::clone(traffic))
    }

    /// Ends a request that gets no answer.
    pub(crate) fn end_lost(self) {
        lock(&self.0).lost += 1;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        lock(&self.0).under_way -= 1;
    }
}
