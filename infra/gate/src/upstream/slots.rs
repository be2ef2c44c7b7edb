//! Slots for requests, so that one person's map of 15,000 pixels does not block other catalogues: each catalogue has its
//! own limits for concurrent and waiting requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::UpstreamError;

/// The slots of all catalogues.
#[derive(Debug)]
pub(super) struct Slots {
    requests: usize,
    waiting: usize,
    queues: Mutex<HashMap<String, Arc<Queue>>>,
}

/// The slots of one catalogue.
#[derive(Debug)]
struct Queue {
    /// One permit for each running or waiting request.
    admitted: Arc<Semaphore>,
    /// One permit for each running request.
    running: Arc<Semaphore>,
}

/// The slot of a running request, which becomes free when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
    _queue: Arc<Queue>,
}

impl Slots {
    /// For each catalogue, allows `requests` to run and `waiting` to wait.
    pub(super) fn new(requests: usize, waiting: usize) -> Self {
        Self { requests, waiting, queues: Mutex::default() }
    }

    /// Waits for a slot of the catalogue whose project is `project`, first come, first served. Fails at once if too many
    /// requests are waiting.
    pub(super) async fn acquire(&self, project: &str) -> Result<Slot, UpstreamError> {
        let queue = self.queue(project);
        let admitted = Arc::clone(&queue.admitted).try_acquire_owned().map_err(|_| self.busy())?;
        let running = Arc::clone(&queue.running).acquire_owned().await.map_err(|_| self.busy())?;
        Ok(Slot { _running: running, _admitted: admitted, _queue: queue })
    }

    pub(super) fn busy(&self) -> UpstreamError {
        UpstreamError::Busy { most: self.waiting }
    }

    #[cfg(test)]
    pub(super) fn queues(&self) -> usize {
        self.queues.lock().unwrap().len()
    }

    fn queue(&self, project: &str) -> Arc<Queue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(project) {
            return Arc::clone(queue);
        }
        // Forget projects without requests: the configuration may no longer have them.
        queues.retain(|_, queue| Arc::strong_count(queue) > 1);
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        let queue = Arc::new(Queue {
            admitted: semaphore(self.requests.saturating_add(self.waiting)),
            running: semaphore(self.requests),
        });
        queues.insert(project.to_owned(), Arc::clone(&queue));
        queue
    }
}
