//! Gate and nginx as processes on their own core, in front of the same responder.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Parser as _;
use pozi_local::{args::Args, samples, service::Service};
use pozi_tests::{
    one_core::{MeasuredServer, free_port, on_server_core},
    wrk::Load,
};
use serde_json::Value;

use super::responder::Responder;

/// The request for a map, as a Web App sends it.
const MAP: &str = "pozi/ows/planning/?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&FORMAT=image%2Fpng&TRANSPARENT=true&LAYERS=zones&STYLES=&CRS=EPSG%3A3857&WIDTH=512&HEIGHT=512&BBOX=16140000%2C-4550000%2C16141000%2C-4549000";

/// A session that the gate accepts, and its issuer.
pub(crate) struct Session {
    issuer: String,
    token: String,
    _serving: tokio::runtime::Runtime,
}

/// A server that is measured.
pub(crate) struct Server {
    process: MeasuredServer,
    url: String,
    headers: Vec<String>,
    answered: Cell<u64>,
}

/// The result of a run.
pub(crate) struct Measured {
    /// Requests a second.
    pub(crate) rate: f64,
    /// The processor time per request in microseconds.
    pub(crate) cost: f64,
    /// The median duration of a request in microseconds.
    pub(crate) median: f64,
}

/// Returns the path of the gate's program, if it has been built.
pub(crate) fn gate_program() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    Some(target.join("release/pozi-gate")).filter(|program| program.exists())
}

/// Returns a session of riverbend's reader, from a service that runs until the session is dropped.
pub(crate) fn session(folder: &Path) -> Session {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let state = folder.join("service");
    let args = Args::parse_from(["pozi-local", "--port=0", "--state", &state.display().to_string()]);
    let (issuer, token) = runtime.block_on(async {
        let service = Service::start(&args).await.expect("the service starts");
        let issuer = service.base().to_owned();
        tokio::spawn(service.serve());
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let subject = client.get(format!("{issuer}/entra/token?site=riverbend&person=reader")).send().await;
        let subject = subject.expect("a token").text().await.expect("its text");
        let form = pozi_tests::exchange_form(&subject, &[]);
        let exchange = client.post(format!("{issuer}/oauth2/token"));
        let exchange = exchange.header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = exchange.send().await.expect("an answer").bytes().await.expect("its bytes");
        let answer: Value = serde_json::from_slice(&answer).expect("it is JSON");
        (issuer, answer["access_token"].as_str().expect("a session").to_owned())
    });
    Session { issuer, token, _serving: runtime }
}

impl Server {
    pub(crate) fn gate(program: &Path, folder: &Path, responder: &Responder, session: &Session) -> Self {
        let site = samples::site_files().remove(0).text;
        // Not the folder of the logs, since the gate watches the folder of its configuration.
        let folder = folder.join("gate");
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("site.toml"), site).expect("the site file is written");
        let port = free_port();
        let text = format!(
            "issuer = \"{}\"\nsite = \"site.toml\"\nlisten = \"127.0.0.1:{port}\"\nstatus_listen = \"127.0.0.1:{}\"\nstate_dir = \"gate-state\"\nproject_paths = \"windows\"\n[upstream]\nfastcgi = \"unix:{}\"\n[log]\nfile = \"log/gate.log\"\n",
            session.issuer,
            free_port(),
            responder.path.display()
        );
        let config = folder.join("gate.toml");
        fs::write(&config, text).expect("the configuration is written");
        let mut command = on_server_core(program);
        command.arg("--config").arg(config);
        Self::start(command, port, vec![format!("X-Pozi-Session: {}", session.token)])
    }

    pub(crate) fn nginx(folder: &Path, responder: &Responder) -> Self {
        let port = free_port();
        let folder_path = folder.display();
        let text = format!(
            "daemon off; master_process off; pid {folder_path}/nginx.pid; error_log {folder_path}/nginx-error.log;\nevents {{ worker_connections 1024; }}\nhttp {{\n  access_log {folder_path}/nginx-access.log; keepalive_requests 1000000000; client_body_temp_path {folder_path}/body; fastcgi_temp_path {folder_path}/fastcgi; proxy_temp_path {folder_path}/proxy; uwsgi_temp_path {folder_path}/uwsgi; scgi_temp_path {folder_path}/scgi;\n  server {{ listen 127.0.0.1:{port}; location / {{ include /etc/nginx/fastcgi_params; fastcgi_pass unix:{}; }} }}\n}}\n",
            responder.path.display()
        );
        let config = folder.join("nginx.conf");
        fs::write(&config, text).expect("the configuration is written");
        let mut command = on_server_core(Path::new("nginx"));
        command.arg("-c").arg(config);
        Self::start(command, port, Vec::new())
    }

    fn start(command: Command, port: u16, headers: Vec<String>) -> Self {
        let process = MeasuredServer::start(command, port);
        Self { process, url: format!("http://127.0.0.1:{port}/{MAP}"), headers, answered: Cell::new(0) }
    }

    /// Runs `load` against the server.
    pub(crate) fn measure(&self, load: Load) -> Measured {
        let (result, cost) = self.process.under(|| load.run(&self.url, &self.headers));
        self.answered.set(self.answered.get() + result.requests);
        Measured { rate: result.rate, cost, median: result.median }
    }

    /// The number of requests answered so far.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.get()
    }

    /// Resident memory in kilobytes (1,000 bytes).
    pub(crate) fn resident_kilobytes(&self) -> f64 {
        self.process.resident_kilobytes()
    }
}
