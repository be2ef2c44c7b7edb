//! Keeps what QGIS Server says of each catalogue's layers.

mod ask;
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
    // Columns come and go without a change of the project file.
    fresh: Duration::from_hours(1),
    keep: Duration::from_hours(24),
    cooldown: Duration::from_secs(10),
};

/// How long an answer is used where the gate cannot see whether the project file changed.
const BLIND: Duration = Duration::from_mins(5);

/// The layers of catalogues, asked for once and kept: until the project file changes, or for 5 minutes where the gate
/// cannot read it. A crowd causes one question. After one that failed none is asked for 10 s, and the last answer serves,
/// unless the project file has changed since: what it hides now must not be shown.
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
    asked: Timestamp,
}

/// Why the layers of a catalogue are not known. The log has the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayersError {
    /// QGIS Server does not say what layers the project has.
    #[error(
        "QGIS Server does not answer what layers and fields the project has; it is asked again in {} s",
        retry_after.as_secs()
    )]
    Unavailable {
        /// When asking again can help.
        retry_after: Duration,
    },
}

impl<M: MapServer> LayerSource<M> {
    /// Asks `server`.
    pub fn new(server: Arc<M>) -> Self {
        Self { server, catalogues: Mutex::default() }
    }

    /// The layers of `catalogue`, whose project file is `project`.
    pub async fn layers(
        &self,
        catalogue: &str,
        project: &str,
        now: Timestamp,
    ) -> Result<Arc<Layers>, LayersError> {
        let kept = self.kept(catalogue, project);
        let mut stamp = Stamp::of(project).await;
        match self.find(&kept, project, now, stamp).await {
            Ok(layers) => return Ok(layers),
            Err(LastGoodError::Unavailable { retry_after }) => {
                return Err(LayersError::Unavailable { retry_after });
            }
            Err(LastGoodError::Missing { .. }) => {}
        }
        // The file changed between the two looks at it.
        stamp = Stamp::of(project).await;
        self.find(&kept, project, now, stamp).await.map_err(|missing| match missing {
            LastGoodError::Unavailable { retry_after } => LayersError::Unavailable { retry_after },
            LastGoodError::Missing { retry_after } => {
                LayersError::Unavailable { retry_after: retry_after.unwrap_or(LIFETIMES.cooldown) }
            }
        })
    }

    /// Forgets the catalogues that are not configured any more.
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
            let layers = ask::ask(server.as_ref(), &project, stamp.is_some()).await?;
            Ok::<_, ask::AskError>((Kept { layers: Arc::new(layers), stamp, asked: now }, now))
        };
        let is_current =
            move |kept: &Kept| kept.stamp == stamp && (stamp.is_some() || now.since(kept.asked) < BLIND);
        match (kept.find(now, is_current, load).await, kept.held()) {
            (Ok(found), _) => Ok(Arc::clone(&found.layers)),
            // An outage: what is held is old, but nothing says that it is wrong.
            (Err(LastGoodError::Unavailable { .. }), Some((held, asked)))
                if held.stamp == stamp && now.since(asked) < LIFETIMES.keep =>
            {
                Ok(Arc::clone(&held.layers))
            }
            (Err(missing), _) => Err(missing),
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
