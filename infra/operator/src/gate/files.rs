//! The gate's two files for one site.

use std::{fmt, path::PathBuf};

use pozi_auth::{session::Issuer, sites::Site};
use serde::Serialize;

use crate::style::{CARE, GOOD, HEADING, styled};

/// The system of the machine that a gate runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum System {
    /// Windows, with IIS in front of the gate and QGIS Server in IIS behind it.
    Windows,
    /// Debian, with the gate's package.
    Linux,
}

/// A file of the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct GateFile {
    /// Its name in its folder.
    pub(super) name: &'static str,
    /// Where it belongs on the gate's machine.
    path: String,
    /// Its content.
    pub(super) text: String,
}

/// Both files, and what is still to do.
#[derive(Debug, Serialize)]
pub(super) struct GateFiles {
    gate: GateFile,
    site: GateFile,
    notes: Vec<String>,
}

/// The files, and where they were written.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The files.
    #[serde(flatten)]
    pub(super) files: GateFiles,
    /// Where they were written, if they were.
    pub(super) written: Option<Vec<PathBuf>>,
}

impl GateFiles {
    /// Makes the files for `site`, whose document is `text`, with the sessions of `issuer`.
    pub(super) fn new(site: &Site, text: String, issuer: &Issuer, system: System) -> Self {
        let file = |name, text| GateFile { name, path: format!("{}{name}", system.folder()), text };
        let gate = file("gate.toml", system.gate_toml(site, issuer));
        Self { gate, site: file("site.toml", text), notes: system.notes(site) }
    }

    /// Returns both files.
    pub(super) fn all(&self) -> [&GateFile; 2] {
        [&self.gate, &self.site]
    }
}

impl System {
    fn folder(self) -> &'static str {
        match self {
            Self::Windows => r"C:\Pozi\gate\",
            Self::Linux => "/etc/pozi/",
        }
    }

    fn gate_toml(self, site: &Site, issuer: &Issuer) -> String {
        let name = &site.name;
        let head = format!(
            "# The gate of {name}. Changes apply without a restart; `pozi-gate check` says what is wrong and how to fix it.\n\n\
             # The service that issues the sessions, exactly as their `iss`.\nissuer = \"{issuer}\"\n\n\
             # The site file that registers the site; relative to this file.\nsite = \"site.toml\"\n\n"
        );
        head + match self {
            Self::Windows => WINDOWS,
            Self::Linux => LINUX,
        }
    }

    fn notes(self, site: &Site) -> Vec<String> {
        let folder = self.folder();
        let mut notes: Vec<_> = match self {
            Self::Windows => vec![
                format!(
                    r"Put both files into {folder}, beside pozi-gate.exe and web.config (infra/gate/windows/web.config)."
                ),
                format!(
                    r"Give the application pool's user write access to {folder}state, and to nothing else there."
                ),
                "Bind the site that runs qgis_mapserv.fcgi.exe to 127.0.0.1:8090 and to nothing else."
                    .to_owned(),
                format!(
                    "Bind the gate's site as Application Proxy's internal URL says: {}",
                    site.internal_url.as_str()
                ),
            ],
            Self::Linux => vec![
                format!(
                    "Put both files into {folder}, and each catalogue's project into /srv/pozi/CATALOGUE/."
                ),
                "Start each catalogue's QGIS Server: systemctl enable --now pozi-qgis@CATALOGUE.socket"
                    .to_owned(),
                format!(
                    "Let Application Proxy's internal URL lead to 127.0.0.1:8181: {}",
                    site.internal_url.as_str()
                ),
            ],
        };
        notes.push("Then run: pozi-gate check".to_owned());
        let fits = |project: &str| match self {
            Self::Windows => !project.starts_with('/'),
            Self::Linux => project.starts_with('/'),
        };
        let elsewhere = site.catalogues.iter().filter(|catalogue| !fits(&catalogue.project));
        notes.extend(elsewhere.map(|catalogue| {
            format!("Catalogue {}: its project {} is not a path of this system; correct the site file, or use --os.", catalogue.id, catalogue.project)
        }));
        notes
    }
}

const WINDOWS: &str = r#"# The folder for a copy of the issuer's keys and revocations, to start without a network. Only the gate may write to it.
state_dir = 'C:\Pozi\gate\state'

# IIS gives the program a port for requests; this address is for /health and /metrics, for this machine only.
status_listen = "127.0.0.1:8182"

project_paths = "windows"

# QGIS Server in IIS, on a port of this machine only.
[upstream]
http = "http://127.0.0.1:8090/qgis/qgis_mapserv.fcgi.exe"

# One log file a day.
[log]
file = 'C:\Pozi\gate\state\gate.log'
days = 14
"#;

const LINUX: &str = r#"# The folder for a copy of the issuer's keys and revocations, to start without a network. Only the gate may write to it.
state_dir = "/var/lib/pozi-gate"

# The addresses for requests, and for /health and /metrics; keep the second reachable from this machine only.
listen = "127.0.0.1:8181"
status_listen = "127.0.0.1:8182"

project_paths = "unix"

# QGIS Server: one process for each catalogue.
[upstream]
fastcgi = "unix:/run/pozi-qgis/{catalogue}.sock"
"#;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in self.files.all() {
            writeln!(f, "{}\n{}\n", styled(HEADING, format!("==> {} <==", file.path)), file.text.trim_end())?;
        }
        for path in self.written.iter().flatten() {
            writeln!(f, "{}", styled(GOOD, format!("written: {}", path.display())))?;
        }
        for note in &self.files.notes {
            writeln!(f, "{}", styled(CARE, format!("- {note}")))?;
        }
        Ok(())
    }
}
