//! All functions behind cargo-lambda's emulation of Lambda, with AWS and Entra emulated.

use std::{
    net::TcpStream,
    path::Path,
    pin::pin,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use pozi_auth::oauth::GRANT_TYPE;
use tokio::time::timeout;

use crate::{
    Fleet,
    process::{function, wait_for},
    tools,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const FUNCTIONS: [&str; 3] = ["token-exchange", "jwks", "rotate-keys"];

/// cargo-lambda and the functions. They end with it.
pub struct Watch {
    fleet: Fleet,
    port: u16,
    processes: Mutex<Vec<Child>>,
}

impl Watch {
    /// Builds the functions, sets up a table with the sample sites and a first key ring, and serves on `port` of this
    /// machine. `None` if [`tools`] cannot be installed.
    pub async fn start(port: u16) -> Option<Self> {
        let programs = tools()?;
        let built = Command::new("cargo")
            .args(["build", "--locked", "--quiet", "--workspace"])
            .args(FUNCTIONS.map(|function| format!("--bin={function}")))
            .current_dir(ROOT)
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the functions cannot be built");
        let watch = Self { fleet: Fleet::sealed().await?, port, processes: Mutex::default() };
        watch.run(&mut server(&programs, port));
        let listens = || TcpStream::connect(("127.0.0.1", port)).ok();
        wait_for(listens).await.expect("cargo-lambda listens");
        let own_path = std::env::current_exe().expect("the program has a path");
        for name in FUNCTIONS {
            let runtime = format!("http://127.0.0.1:{port}/.rt/{name}");
            watch.run(&mut function(
                &own_path.with_file_name(name),
                name,
                &runtime,
                &watch.fleet.environment(),
            ));
        }
        Some(watch)
    }

    /// Returns what to print: sample commands to paste.
    pub fn welcome(&self) -> String {
        let Self { fleet, port, .. } = self;
        let (entra, url) = (fleet.entra.url(), format!("http://127.0.0.1:{port}/lambda-url"));
        let invoke = "target/tools/venv/bin/cargo-lambda lambda invoke";
        let to = format!("--invoke-address 127.0.0.1 --invoke-port {port}");
        format!(
            r#"Pozi's functions as on AWS, on this machine only. Press Ctrl-C to stop them.

A sample person's Entra token, a session for it, and the keys that verify the session:

TOKEN=$(curl -s '{entra}/token?site=riverbend&person=reader')
curl -sw '\n' {url}/token-exchange/oauth2/token -d grant_type={GRANT_TYPE} -d subject_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode "subject_token=$TOKEN"
curl -sw '\n' {url}/jwks/.well-known/jwks.json

The same as Lambda events, and the event of the rotation schedule:

FORM="grant_type={GRANT_TYPE}&subject_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token=$TOKEN"
{invoke} token-exchange {to} --data-ascii "$(sed "s|@FORM_BASE64@|$(printf %s "$FORM" | base64 | tr -d '\n')|" tests/events/http-api-token.json)"
{invoke} jwks {to} --data-file tests/events/http-api-jwks.json
{invoke} rotate-keys {to} --data-file tests/events/schedule.json

"#
        )
    }

    /// Serves until Ctrl-C, and returns true; false if a process ended by itself.
    pub async fn serve(self) -> bool {
        let ended = async { while wait_for(|| self.ended()).await.is_none() {} };
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        tokio::select! {
            _ = &mut interrupted => true,
            // A terminal interrupts all processes at once, so the interrupt may arrive a little later.
            () = ended => timeout(Duration::from_secs(1), interrupted).await.is_ok(),
        }
    }

    fn run(&self, command: &mut Command) {
        let process = command.spawn().expect("the process starts");
        self.processes.lock().unwrap_or_else(PoisonError::into_inner).push(process);
    }

    fn ended(&self) -> Option<()> {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        processes.iter_mut().any(|process| !matches!(process.try_wait(), Ok(None))).then_some(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let processes = self.processes.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The functions first: they would log errors without the server.
        for process in processes.iter_mut().rev() {
            // The process may have ended already.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// Returns the command for cargo-lambda. It starts no function itself: it would run `cargo` without a package, which builds
/// only the default members.
fn server(programs: &Path, port: u16) -> Command {
    let mut command = Command::new(programs.join("cargo-lambda"));
    command
        .args(["lambda", "watch", "--only-lambda-apis", "--ignore-changes", "--offline"])
        // The functions answer preflights themselves.
        .args(["--disable-cors", "--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
        .current_dir(ROOT)
        .stdin(Stdio::null())
        // It prints what to set by hand, which is set here.
        .stdout(Stdio::null());
    command
}
