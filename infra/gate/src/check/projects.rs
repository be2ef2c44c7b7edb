//! The catalogues: does QGIS Server open each project, and what stands in it?

use std::{fs, io, path::Path};

use pozi_auth::sites::Catalogue;

use super::findings::Findings;
use crate::{
    capabilities::ask_capabilities,
    config::{GateConfig, UpstreamConfig},
    settings::PathStyle,
    upstream::MapServer,
};

/// Tries every catalogue of the site.
pub(super) async fn check_catalogues(config: &GateConfig, findings: &mut Findings) {
    for catalogue in &config.settings.site.catalogues {
        let opens = match config.upstreams.of_catalogue(&catalogue.id) {
            Some(upstream) => check_upstream(&upstream, catalogue, findings).await,
            None => false,
        };
        if config.settings.project_paths == PathStyle::of_this_machine() {
            check_project(catalogue, opens, findings);
        }
    }
}

/// Whether QGIS Server was asked, and opens the project. The adapters of `crate::upstream` are plugged in here.
async fn check_upstream(upstream: &UpstreamConfig, catalogue: &Catalogue, findings: &mut Findings) -> bool {
    let _ = (upstream, catalogue, findings, try_capabilities::<Never>);
    false
}

/// Stands in for the adapters of `crate::upstream` until they are there.
enum Never {}

impl MapServer for Never {
    async fn send(
        &self,
        _: &str,
        _: crate::upstream::QgisRequest,
    ) -> Result<http::Response<axum::body::Body>, crate::upstream::UpstreamError> {
        match *self {}
    }
}

async fn try_capabilities<M: MapServer>(server: &M, catalogue: &Catalogue, findings: &mut Findings) -> bool {
    let id = &catalogue.id;
    match ask_capabilities(server, &catalogue.project).await {
        Ok(()) => {
            findings.fine("upstream", &format!("{id}: QGIS Server opens the project"));
            true
        }
        Err(problem) => {
            findings.fault(
                "upstream",
                &format!("{id}: {problem}; look at [upstream], at QGIS Server's log, and at `project`"),
            );
            false
        }
    }
}

/// Reads the project file, and says what is in it that should not be.
fn check_project(catalogue: &Catalogue, opens: bool, findings: &mut Findings) {
    let (id, project) = (&catalogue.id, &catalogue.project);
    match fs::File::open(Path::new(project)) {
        Ok(_) => findings.fine("project", &format!("{id}: {project} can be read")),
        // QGIS Server reads it: then this user, or this machine, is only another one.
        Err(error) if opens => findings.warning(
            "project",
            &format!("{id}: {project} was not looked into: {error}; run the check as a user who can read it"),
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            findings.fault(
                "project",
                &format!("{id}: {project} is not there; correct `project` in the site file"),
            );
        }
        Err(error) => {
            findings.fault(
                "project",
                &format!("{id}: {project}: {error}; let QGIS Server's user and the gate's read it"),
            );
        }
    }
}
