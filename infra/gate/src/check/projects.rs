//! The catalogues: whether QGIS Server opens each project, and what is wrong in the project file.

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

/// Checks every catalogue of the site.
pub(super) async fn check_catalogues(config: &GateConfig, findings: &mut Findings) {
    let servers = match Servers::new(config, &Servers::default()) {
        Ok(servers) => servers,
        Err(error) => return findings.error("upstream", &with_causes(&error)),
    };
    let addresses = addresses(config, &servers);
    for catalogue in &config.settings.site.catalogues {
        let opens = check_upstream(&servers, catalogue, findings).await;
        if config.settings.project_paths == PathStyle::of_this_machine() {
            check_project(catalogue, opens, &addresses, findings).await;
        }
    }
}

/// Adds whether QGIS Server opens the project of `catalogue`, and returns it.
async fn check_upstream(server: &impl MapServer, catalogue: &Catalogue, findings: &mut Findings) -> bool {
    let id = &catalogue.id;
    match ask_capabilities(server, &catalogue.project).await {
        Ok(()) => {
            findings.ok("upstream", &format!("{id}: QGIS Server opens the project"));
            true
        }
        Err(error) => {
            let text = format!(
                "{id}: {}; check [upstream] or [qgis], QGIS Server's log, and `project`",
                with_causes(&error)
            );
            findings.error("upstream", &text);
            false
        }
    }
}

/// Reads the project file, and adds what should not be in it.
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
            findings.ok("project", &format!("{id}: no problems found in {project}"));
        }
        Ok(found) => {
            for Finding { severity, what, fix } in found {
                let text = format!("{id}: {what} {fix}");
                match severity {
                    Severity::Error => findings.error("project", &text),
                    Severity::Warning => findings.warning("project", &text),
                    Severity::Note => findings.ok("project", &text),
                }
            }
        }
        Err(error) => {
            findings.error("project", &format!("{id}: {project} cannot be checked: {error}"));
        }
    }
}

fn unreadable(catalogue: &Catalogue, opens: bool, error: &io::Error, findings: &mut Findings) {
    let (id, project) = (&catalogue.id, &catalogue.project);
    // QGIS Server can read it, so only this user, or this machine, cannot.
    if opens {
        let advice = "run the check as a user who can read it";
        findings.warning("project", &format!("{id}: cannot read {project}: {error}; {advice}"));
    } else if error.kind() == io::ErrorKind::NotFound {
        let advice = "correct `project` in the site file";
        findings.error("project", &format!("{id}: {project} does not exist; {advice}"));
    } else {
        let advice = "give the users of QGIS Server and the gate read access";
        findings.error("project", &format!("{id}: cannot read {project}: {error}; {advice}"));
    }
}

/// Returns the site's own addresses, to find projects that send requests to their own site.
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
