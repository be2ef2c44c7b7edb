//! All functions behind cargo-lambda's server of Lambda's APIs, with AWS and Entra emulated.

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
    process::{function, seen},
    tools,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const FUNCTIONS: [&str; 3] = ["token-exchange", "jwks", "rotate-keys"];

/// The server and the functions, on a port of this machine. They end with it.
pub struct Watch {
    fleet: Fleet,
    port: u16,
    processes: Mutex<Vec<Child>>,
}

impl Watch {
    /// Builds the functions beside this program, sets up a table with the sample sites and a first ring, and serves on
    /// `port`. `None` where the tools cannot be had, as [`tools`] says.
    ///
    /// # Panics
    /// When something cannot be built or started.
    #[expect(clippy::expect_used, reason = "what cannot start ends, which is what panics are for")]
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
        seen(listens).await.expect("cargo-lambda listens");
        let beside = std::env::current_exe().expect("this program has a place");
        for name in FUNCTIONS {
            let runtime = format!("http://127.0.0.1:{port}/.rt/{name}");
            watch.run(&mut function(
                &beside.with_file_name(name),
                name,
                &runtime,
                &watch.fleet.environment(),
            ));
        }
        Some(watch)
    }

    /// Lines to paste.
    pub fn welcome(&self) -> String {
        let Self { fleet, port, .. } = self;
        let (entra, url) = (fleet.entra.url(), format!("http://127.0.0.1:{port}/lambda-url"));
        let invoke = "target/tools/venv/bin/cargo-lambda lambda invoke";
        let to = format!("--invoke-address 127.0.0.1 --invoke-port {port}");
        format!(
            r#"Pozi's functions as on AWS, on this machine only. Ctrl-C ends them.

A sample person's Entra token, a session for it, and the keys that verify the session:

TOKEN=$(curl -s '{entra}/token?site=riverbend&person=reader')
curl -sw '\n' {url}/token-exchange/oauth2/token -d grant_type={GRANT_TYPE} -d subject_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode "subject_token=$TOKEN"
curl -sw '\n' {url}/jwks/.well-known/jwks.json

The same as events, and what the schedule sends:

FORM="grant_type={GRANT_TYPE}&subject_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token=$TOKEN"
{invoke} token-exchange {to} --data-ascii "$(sed "s|@FORM_BASE64@|$(printf %s "$FORM" | base64 | tr -d '\n')|" tests/events/http-api-token.json)"
{invoke} jwks {to} --data-file tests/events/http-api-jwks.json
{invoke} rotate-keys {to} --data-file tests/events/schedule.json

"#
        )
    }

    /// Serves until it is interrupted. Returns whether it was; else something ended by itself.
    pub async fn serve(self) -> bool {
        let ended = async { while seen(|| self.ended()).await.is_none() {} };
        // Without a handler the interrupt ends the process just as well.
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        tokio::select! {
            _ = &mut interrupted => true,
            // A terminal interrupts all of them at once.
            () = ended => timeout(Duration::from_secs(1), interrupted).await.is_ok(),
        }
    }

    #[expect(clippy::expect_used, reason = "as above")]
    fn run(&self, command: &mut Command) {
        let process = command.spawn().expect("it starts");
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
        // The functions first: they would complain of a server that is gone.
        for process in processes.iter_mut().rev() {
            // It may have ended by itself.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// It starts no function itself: it would run `cargo` with no package named, which finds only what runs by default.
fn server(programs: &Path, port: u16) -> Command {
    let mut command = Command::new(programs.join("cargo-lambda"));
    command
        .args(["lambda", "watch", "--only-lambda-apis", "--ignore-changes", "--offline"])
        // Answers to browsers are the functions' own.
        .args(["--disable-cors", "--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
        .current_dir(ROOT)
        .stdin(Stdio::null())
        // Which tells what to set by hand.
        .stdout(Stdio::null());
    command
}
