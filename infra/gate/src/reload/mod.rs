//! Reloading the configuration without a restart: when one of its files changes, and on SIGHUP. An invalid
//! configuration is logged and changes nothing.

mod plan;
mod watch;

use std::{error::Error, fs, path::PathBuf, sync::Arc};

use pozi_auth::{adapters::SystemClock, error::with_causes, timestamp::Clock};
use tokio::time::sleep;

use self::{plan::Plan, watch::Changes};
use crate::{
    assembly::{Assembly, SiteRoutes},
    config::GateConfig,
    issuer_documents::IssuerDocuments,
    signals::Hangup,
};

type LoadError = Box<dyn Error + Send + Sync>;

/// The configuration in force, and what is built from it.
pub(crate) struct Reload {
    pub(crate) config: GateConfig,
    pub(crate) assembly: Assembly,
    pub(crate) documents: IssuerDocuments,
    pub(crate) site: SiteRoutes,
    pub(crate) hangup: Hangup,
}

impl Reload {
    /// Applies new configurations; never returns.
    pub(crate) async fn run(mut self) {
        let mut watched = self.config.files.clone();
        let mut changes = Changes::of(&watched);
        let mut is_requested = false;
        // Empty, so that the first pass reads the files again: they may have changed before they were watched.
        let mut texts = Vec::new();
        loop {
            let now = self.texts();
            if is_requested || now != texts {
                self.reload(is_requested).await;
                texts = now;
                is_requested = false;
                if self.config.files != watched {
                    watched.clone_from(&self.config.files);
                    changes = Changes::of(&watched);
                }
                continue;
            }
            is_requested = tokio::select! {
                () = self.hangup.next() => true,
                () = changes.next() => false,
            };
            // Editors write a file in several steps.
            sleep(watch::SETTLE_TIME).await;
            changes.clear();
        }
    }

    fn texts(&self) -> Vec<Option<Vec<u8>>> {
        self.config.files.iter().map(|file| fs::read(file).ok()).collect()
    }

    async fn reload(&mut self, is_requested: bool) {
        let Some(path) = self.config.files.first().cloned() else { return };
        let outcome = match load(path).await {
            Ok(new) => self.apply(new, is_requested),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            let problem = with_causes(&*error);
            tracing::error!(target: "pozi::gate", problem, "the configuration is invalid; the previous one stays in force");
            self.assembly.watched.configuration.record_rejected(problem);
        }
    }

    fn apply(&mut self, new: GateConfig, is_requested: bool) -> Result<(), LoadError> {
        let plan = Plan::new(&self.config, &new);
        let is_logged = is_requested || plan != Plan::default();
        let config = Plan::in_force(&self.config, new);
        if plan.replaces_documents {
            self.documents.replace(&config, &self.assembly.watched.clock)?;
        }
        let routes = self.assembly.routes(&config)?;
        self.config = config;
        self.assembly.settings.store(Arc::new(self.config.settings.clone()));
        let catalogues: Vec<_> =
            self.config.settings.site.catalogues.iter().map(|catalogue| catalogue.id.clone()).collect();
        self.assembly.watched.upstreams.retain(&catalogues);
        self.site.replace(routes);
        let (taken, needs_restart) = (plan.applied.join(", "), plan.needs_restart.join(", "));
        if is_logged {
            tracing::info!(target: "pozi::gate", taken, "the configuration was reloaded");
        }
        if !needs_restart.is_empty() {
            tracing::warn!(target: "pozi::gate", needs_restart, "restart the gate to apply these settings");
        }
        let (enforcement, now) = (self.config.settings.site.enforcement, SystemClock.now());
        self.assembly.watched.configuration.record_applied(enforcement, now, plan.needs_restart);
        Ok(())
    }
}

/// Loads the configuration on a blocking thread: the files may be on a slow network share.
async fn load(path: PathBuf) -> Result<GateConfig, LoadError> {
    Ok(tokio::task::spawn_blocking(move || GateConfig::load(&path, SystemClock.now())).await??)
}
