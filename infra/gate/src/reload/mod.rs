//! A new configuration without a restart: read again when a file of it changes, and on SIGHUP. A faulty one changes
//! nothing, and says so.

mod plan;
mod watch;

use std::{fs, path::Path};

use pozi_auth::{adapters::SystemClock, timestamp::Clock};
use tokio::time::sleep;

use self::{plan::Plan, watch::Changes};
use crate::{
    assembly::{Assembly, SiteRoutes},
    config::GateConfig,
    keys::KeyDocument,
    signals::Hangup,
};

/// Keeps the configuration that holds, and what is made of it.
pub(crate) struct Reload {
    pub(crate) config: GateConfig,
    pub(crate) assembly: Assembly,
    pub(crate) document: KeyDocument,
    pub(crate) site: SiteRoutes,
}

impl Reload {
    /// Takes new configurations; never comes back.
    pub(crate) async fn run(mut self) {
        let mut hangup = Hangup::listen();
        let mut watched = self.config.files.clone();
        let mut changes = Changes::of(&watched);
        let mut is_asked = false;
        // Of none, and looked at before anything is waited for: what changed while nobody watched is found at once.
        let mut texts = Vec::new();
        loop {
            let now = self.texts();
            if is_asked || now != texts {
                self.read_again(is_asked).await;
                texts = now;
                is_asked = false;
                if self.config.files != watched {
                    watched.clone_from(&self.config.files);
                    changes = Changes::of(&watched);
                }
                continue;
            }
            is_asked = tokio::select! {
                () = hangup.next() => true,
                () = changes.next() => false,
            };
            // An editor writes a file in several steps.
            sleep(watch::SETTLE).await;
            changes.forget();
        }
    }

    fn texts(&self) -> Vec<Option<Vec<u8>>> {
        self.config.files.iter().map(|file| fs::read(file).ok()).collect()
    }

    async fn read_again(&mut self, is_asked: bool) {
        let Some(path) = self.config.files.first().cloned() else { return };
        match load(&path).await {
            Ok(read) => self.take(read, is_asked),
            Err(problem) => self.refuse(problem),
        }
    }

    fn take(&mut self, read: GateConfig, is_asked: bool) {
        let plan = Plan::of(&self.config, &read);
        let is_new = is_asked || plan != Plan::default();
        let config = Plan::in_force(&self.config, read);
        if plan.asks_issuer_anew
            && let Err(problem) = self.document.replace(&config, self.assembly.watched.clock.clone())
        {
            return self.refuse(problem.to_string());
        }
        let routes = match self.assembly.routes(&config) {
            Ok(routes) => routes,
            Err(problem) => return self.refuse(problem.to_string()),
        };
        self.config = config;
        self.assembly.settings.store(std::sync::Arc::new(self.config.settings.clone()));
        let catalogues: Vec<_> =
            self.config.settings.site.catalogues.iter().map(|catalogue| catalogue.id.clone()).collect();
        self.assembly.watched.upstreams.retain(&catalogues);
        self.site.replace(routes);
        let (taken, needs_restart) = (plan.taken.join(", "), plan.needs_restart.join(", "));
        if is_new {
            tracing::info!(target: "pozi::gate", taken, "the configuration was read again");
        }
        if !needs_restart.is_empty() {
            tracing::warn!(target: "pozi::gate", needs_restart, "restart the gate to have this taken");
        }
        self.assembly.watched.configuration.taken(SystemClock.now(), plan.needs_restart);
    }

    fn refuse(&self, problem: String) {
        tracing::error!(target: "pozi::gate", problem, "the configuration is wrong; the one before it goes on");
        self.assembly.watched.configuration.refused(problem);
    }
}

/// Files may be on a share that answers slowly.
async fn load(path: &Path) -> Result<GateConfig, String> {
    let path = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || GateConfig::load(&path)).await;
    match reading {
        Ok(read) => read.map_err(|problem| problem.to_string()),
        Err(problem) => Err(problem.to_string()),
    }
}
