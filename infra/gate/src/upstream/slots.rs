//! Places for requests, so that one person's map of 15,000 pixels stalls no other catalogue: each catalogue has so many that
//! are answered at a time, and so many that wait for that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::UpstreamError;

/// More permits a semaphore cannot have.
const MOST: usize = Semaphore::MAX_PERMITS;

/// The places of all catalogues.
#[derive(Debug)]
pub(super) struct Slots {
    requests: usize,
    waiting: usize,
    lines: Mutex<HashMap<String, Arc<Line>>>,
}

/// The places of one catalogue.
#[derive(Debug)]
struct Line {
    /// For those that are answered and those that wait.
    present: Arc<Semaphore>,
    /// For those that are answered.
    answered: Arc<Semaphore>,
}

/// A place of a request that is being answered; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _answered: OwnedSemaphorePermit,
    _present: OwnedSemaphorePermit,
    _line: Arc<Line>,
}

impl Slots {
    /// For each catalogue, `requests` that are answered at a time and `waiting` that wait.
    pub(super) fn new(requests: usize, waiting: usize) -> Self {
        Self { requests, waiting, lines: Mutex::default() }
    }

    /// A place for a request of the catalogue whose project is `project`, once there is one. Those that wait are served in
    /// their order. Busy where too many wait.
    pub(super) async fn take(&self, project: &str) -> Result<Slot, UpstreamError> {
        let line = self.line(project);
        let busy = || UpstreamError::Busy { most: self.waiting };
        let present = Arc::clone(&line.present).try_acquire_owned().map_err(|_| busy())?;
        let answered = Arc::clone(&line.answered).acquire_owned().await.map_err(|_| busy())?;
        Ok(Slot { _answered: answered, _present: present, _line: line })
    }

    /// How many of a catalogue may wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// For how many catalogues there are places.
    #[cfg(test)]
    pub(super) fn lines(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    fn line(&self, project: &str) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(project) {
            return Arc::clone(line);
        }
        // A project that the configuration no longer has is not kept.
        lines.retain(|_, line| Arc::strong_count(line) > 1);
        let line = Arc::new(Line {
            present: Arc::new(Semaphore::new(self.requests.saturating_add(self.waiting).min(MOST))),
            answered: Arc::new(Semaphore::new(self.requests.min(MOST))),
        });
        lines.insert(project.to_owned(), Arc::clone(&line));
        line
    }
}
