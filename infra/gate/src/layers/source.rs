//! Caches the layers of each catalogue.

mod fetch;
mod stamp;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pozi_auth::{
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    timestamp::Timestamp,
};

use self::stamp::Stamp;
use super::Layers;
use crate::upstream::MapServer;

const LIFETIMES: Lifetimes = Lifetimes {
    // Columns are added and removed without a change of the project file.
    fresh: Duration::from_hours(1),
    background: Duration::ZERO,
    keep: Duration::from_hours(24),
    cooldown: Duration::from_secs(10),
};

/// How long layers are used if the gate cannot see whether the project file changed.
const UNSTAMPED_LIFETIME: Duration = Duration::from_mins(5);

/// A cache of the layers of catalogues. They are fetched again when the project file changes, or after 5 minutes if the
/// gate cannot read it. Concurrent requests cause one fetch. After a failure there is no other fetch for 10 s (5 s after the
/// first one, if there are no layers yet), and the previous layers are used, unless the project file has changed since: fields
/// that it now hides must not be shown.
#[derive(Debug)]
pub struct LayerSource<M> {
    server: Arc<M>,
    catalogues: Mutex<HashMap<String, Catalogue>>,
}

#[derive(Debug, Clone)]
struct Catalogue {
    project: String,
    layers: Arc<LastGood<Kept>>,
}

#[derive(Debug)]
struct Kept {
    layers: Arc<Layers>,
    stamp: Option<Stamp>,
    fetched: Timestamp,
}

/// QGIS Server does not describe the layers of a catalogue. The log has the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "QGIS Server does not describe the project's layers and fields; the gate tries again in {} s",
    retry_after.as_secs()
)]
pub struct LayersError {
    /// The time until the next attempt.
    pub retry_after: Duration,
}

impl<M: MapServer> LayerSource<M> {
    /// Creates an empty cache that fetches from `server`.
    pub fn new(server: Arc<M>) -> Self {
        Self { server, catalogues: Mutex::default() }
    }

    /// Returns the layers of `catalogue`, whose project file is `project`.
    pub async fn layers(
        &self,
        catalogue: &str,
        project: &str,
        now: Timestamp,
    ) -> Result<Arc<Layers>, LayersError> {
        let kept = self.kept(catalogue, project);
        let stamp = Stamp::of(project).await;
        let mut found = self.find(&kept, project, now, stamp).await;
        if let Err(LastGoodError::Missing { .. }) = found {
            // The file changed while the layers were fetched.
            let stamp = Stamp::of(project).await;
            found = self.find(&kept, project, now, stamp).await;
        }
        found.map_err(|error| match error {
            LastGoodError::Unavailable { retry_after } => LayersError { retry_after },
            LastGoodError::Missing { retry_after } => {
                LayersError { retry_after: retry_after.unwrap_or(LIFETIMES.cooldown) }
            }
        })
    }

    /// Forgets the catalogues that are no longer configured.
    pub fn retain(&self, is_configured: impl Fn(&str) -> bool) {
        self.catalogues
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|catalogue, _| is_configured(catalogue));
    }

    async fn find(
        &self,
        kept: &Arc<LastGood<Kept>>,
        project: &str,
        now: Timestamp,
        stamp: Option<Stamp>,
    ) -> Result<Arc<Layers>, LastGoodError> {
        let (server, project) = (Arc::clone(&self.server), project.to_owned());
        let load = move || async move {
            let stamp = Stamp::of(&project).await;
            let layers = fetch::layers(server.as_ref(), &project, stamp.is_some()).await?;
            Ok::<_, fetch::FetchError>((Kept { layers: Arc::new(layers), stamp, fetched: now }, now))
        };
        let is_current = move |kept: &Kept| {
            let is_young = || now.age_of(kept.fetched).is_some_and(|age| age < UNSTAMPED_LIFETIME);
            kept.stamp == stamp && (stamp.is_some() || is_young())
        };
        match (kept.find(now, is_current, load).await, kept.held()) {
            (Ok(found), _) => Ok(Arc::clone(&found.layers)),
            // During an outage, old layers are used as long as the project file has not changed.
            (Err(LastGoodError::Unavailable { .. }), Some((held, fetched)))
                if held.stamp == stamp && now.age_of(fetched).is_some_and(|age| age < LIFETIMES.keep) =>
            {
                Ok(Arc::clone(&held.layers))
            }
            (Err(error), _) => Err(error),
        }
    }

    fn kept(&self, catalogue: &str, project: &str) -> Arc<LastGood<Kept>> {
        let mut catalogues = self.catalogues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = catalogues.get(catalogue).filter(|known| known.project == project) {
            return Arc::clone(&known.layers);
        }
        let what = format!("layers of the catalogue {catalogue}");
        let layers = LastGood::new(what, LIFETIMES, Arc::new(Cooldown::default()));
        let known = Catalogue { project: project.to_owned(), layers: Arc::clone(&layers) };
        catalogues.insert(catalogue.to_owned(), known);
        layers
    }
}

#[cfg(test)]
mod tests;
