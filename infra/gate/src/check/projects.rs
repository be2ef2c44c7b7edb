//! The catalogues: does QGIS Server open each project, and what stands in it?

use std::{io, path::Path};

use pozi_auth::{address::plain_url, error::with_causes, sites::Catalogue};

use super::findings::Findings;
use crate::{
    capabilities::ask_capabilities,
    config::GateConfig,
    layers::inspect::{Finding, Severity, SiteAddresses, inspect_file},
    servers::Servers,
    settings::PathStyle,
    upstream::MapServer,
};

/// Tries every catalogue of the site.
pub(super) async fn check_catalogues(config: &GateConfig, findings: &mut Findings) {
    let servers = match Servers::new(config, &Servers::default()) {
        Ok(servers) => servers,
        Err(problem) => return findings.fault("upstream", &problem.to_string()),
    };
    let addresses = addresses(config, &servers);
    for catalogue in &config.settings.site.catalogues {
        let opens = check_upstream(&servers, catalogue, findings).await;
        if config.settings.project_paths == PathStyle::of_this_machine() {
            check_project(catalogue, opens, &addresses, findings).await;
        }
    }
}

/// Whether QGIS Server opens the project of `catalogue`.
async fn check_upstream(server: &impl MapServer, catalogue: &Catalogue, findings: &mut Findings) -> bool {
    let id = &catalogue.id;
    match ask_capabilities(server, &catalogue.project).await {
        Ok(()) => {
            findings.fine("upstream", &format!("{id}: QGIS Server opens the project"));
            true
        }
        Err(problem) => {
            let text = format!(
                "{id}: {}; look at [upstream], at QGIS Server's log, and at `project`",
                with_causes(&problem)
            );
            findings.fault("upstream", &text);
            false
        }
    }
}

/// Reads the project file, and says what is in it that should not be.
async fn check_project(
    catalogue: &Catalogue,
    opens: bool,
    addresses: &SiteAddresses,
    findings: &mut Findings,
) {
    let (id, project) = (&catalogue.id, &catalogue.project);
    if let Err(error) = tokio::fs::File::open(Path::new(project)).await {
        return unreadable(catalogue, opens, &error, findings);
    }
    let (path, addresses) = (project.clone(), addresses.clone());
    let inspecting = tokio::task::spawn_blocking(move || inspect_file(Path::new(&path), &addresses));
    match inspecting.await {
        Ok(found) if found.is_empty() => {
            findings.fine("project", &format!("{id}: {project} is without fault"));
        }
        Ok(found) => {
            for Finding { severity, what, fix } in found {
                let text = format!("{id}: {what}; {fix}");
                match severity {
                    Severity::Error => findings.fault("project", &text),
                    Severity::Warning => findings.warning("project", &text),
                    Severity::Note => findings.fine("project", &text),
                }
            }
        }
        Err(problem) => {
            findings.fault("project", &format!("{id}: {project} cannot be looked into: {problem}"));
        }
    }
}

fn unreadable(catalogue: &Catalogue, opens: bool, error: &io::Error, findings: &mut Findings) {
    let (id, project) = (&catalogue.id, &catalogue.project);
    // QGIS Server reads it: then this user, or this machine, is only another one.
    if opens {
        let advice = "run the check as a user who can read it";
        findings.warning("project", &format!("{id}: {project} was not looked into: {error}; {advice}"));
    } else if error.kind() == io::ErrorKind::NotFound {
        findings
            .fault("project", &format!("{id}: {project} is not there; correct `project` in the site file"));
    } else {
        let advice = "let QGIS Server's user and the gate's read it";
        findings.fault("project", &format!("{id}: {project}: {error}; {advice}"));
    }
}

/// Where the site's maps are reached, so that a project that asks its own site is found.
fn addresses(config: &GateConfig, servers: &Servers) -> SiteAddresses {
    let site = &config.settings.site;
    let own = site.catalogues.iter().flat_map(|catalogue| servers.own_addresses(catalogue));
    let ports = own.filter_map(|url| plain_url(&url).ok()?.port_or_known_default());
    let gate = [site.external_url.as_str(), site.internal_url.as_str()];
    SiteAddresses {
        gate: gate.into_iter().filter_map(|url| plain_url(url).ok()).collect(),
        loopback_ports: ports.chain([config.listen.port()]).collect(),
    }
}
