//! The service and its peers, as processes on the same core.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use pozi_local::samples;
use pozi_tests::{
    one_core::{MeasuredServer, free_port, on_server_core},
    part,
    wrk::{Load, WrkResult},
};
use serde_json::{Value, json};

/// A server that is measured.
pub(crate) struct Server {
    pub(crate) process: MeasuredServer,
    port: u16,
}

/// What was measured of a server in one run.
pub(crate) struct Run {
    /// What wrk reports.
    pub(crate) result: WrkResult,
    /// The processor time per request in microseconds.
    pub(crate) cost: f64,
}

impl Server {
    /// Exchanges tokens as `script` says.
    pub(crate) fn measure(&self, load: Load, script: &Path) -> Run {
        let (result, cost) = self.process.under(|| load.run_script(&self.endpoint(), script));
        Run { result, cost }
    }

    /// The URL of one of its paths, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The URL that exchanges tokens.
    pub(crate) fn endpoint(&self) -> String {
        self.url("/oauth2/token")
    }
}

/// Returns the path of the service's program, if it has been built.
pub(crate) fn service_program() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    Some(target.join("release/pozi-local")).filter(|program| program.exists())
}

/// Starts the service and its emulated Entra. Its log goes to a file, as a user's redirection does.
pub(crate) fn service(program: &Path, folder: &Path) -> Server {
    let port = free_port();
    let mut command = on_server_core(program);
    command.args(["--unlimited", "--port", &port.to_string()]);
    command.args(["--entra-port", &free_port().to_string()]).arg("--state").arg(folder.join("state"));
    command.stdout(File::create(folder.join("service.log")).expect("the log is created"));
    Server { process: MeasuredServer::start(command, port), port }
}

/// Returns what the peers need to know to mint what `service` does: the first sample site and the tenant's keys. `session` is
/// one of the service's.
pub(crate) fn peer_settings(service: &Server, session: &str) -> Value {
    let site = site();
    let tenant = site["tenant_id"].as_str().expect("a tenant");
    json!({
        "keys": service.url(&format!("/entra/{tenant}/discovery/v2.0/keys")),
        "revision": part(session, 1)["policy_revision"],
        "site": site,
    })
}

/// Returns the file of the first sample site as JSON.
pub(crate) fn site() -> Value {
    toml::from_str(&samples::site_files().remove(0).text).expect("the sample site is TOML")
}

/// Starts the peer with this `source`. It has one core, and so one thread for cryptography: more of them made it slower.
pub(crate) fn peer(source: &Path, settings: &Value) -> Server {
    let port = free_port();
    let mut settings = settings.clone();
    settings["port"] = port.into();
    settings["issuer"] = format!("http://localhost:{port}").into();
    let mut command = on_server_core(Path::new("node"));
    command.arg(source).env("PEER_SETTINGS", settings.to_string());
    command.env("NODE_ENV", "production").env("UV_THREADPOOL_SIZE", "1");
    Server { process: MeasuredServer::start(command, port), port }
}
