//! `pozi explain`: it names each fault, it judges as the exchange does, and it keeps tokens and names to itself.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "explain/audit.rs"]
mod audit;
#[path = "explain/faults.rs"]
mod faults;
#[path = "explain/graph.rs"]
mod graph;
#[path = "explain/stored.rs"]
mod stored;
#[path = "explain/tokens.rs"]
mod tokens;

use std::{fs, path::PathBuf};

use axum::Router;
use clap::Parser;
use pozi_auth::{
    adapters::{SiteFiles, aws::connection},
    address::LoopbackUrl,
    error::with_causes,
    timestamp::Timestamp,
};
use pozi_local::samples;
use pozi_operator::{Args, Output, run};
use pozi_tests::{Answer, NOW, World, aws_at, exchange_form, form_request, send, served};
use serde_json::Value;
use tempfile::TempDir;

/// Entra over HTTP, an exchange that knows riverbend alone, and an operator with riverbend's site file.
struct Desk {
    service: World,
    exchange: Router,
    login: LoopbackUrl,
    graph_token: Option<String>,
    folder: TempDir,
}

impl Desk {
    async fn new() -> Self {
        let riverbend = samples::site_files().remove(0);
        let service = World::new().await;
        let sites = SiteFiles::of(std::slice::from_ref(&riverbend)).unwrap();
        let exchange = service.exchange_with(sites, service.key_sets.clone());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("riverbend.toml"), &riverbend.text).unwrap();
        let login = served(service.entra.router()).await;
        Self { service, exchange, login, graph_token: Some("emulated".to_owned()), folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Explains `words` about riverbend's site file.
    async fn explain(&self, words: &[&str]) -> Result<Output, String> {
        let file = self.file("riverbend.toml");
        let line = [&["pozi", "explain", "--file", file.to_str().unwrap()], words].concat();
        let mut world = pozi_operator::World::emulated(connection(&aws_at("http://127.0.0.1:9")), None);
        world.now = Timestamp::from_unix_seconds(self.service.clock.unix_seconds());
        world.entra_login = Some(self.login.clone());
        world.graph_token = self.graph_token.clone();
        explained(&line, &mut world).await
    }

    /// Exchanges `token`.
    async fn exchange(&self, token: &str) -> Answer {
        send(self.exchange.clone(), form_request(&exchange_form(token, &[]), &[])).await
    }

    async fn explain_token(&self, token: &str) -> Output {
        let file = self.file("token");
        fs::write(&file, format!("{token}\n")).unwrap();
        let output = self.explain(&["--token", file.to_str().unwrap()]).await.unwrap();
        assert_keeps_to_itself(&output, token);
        output
    }

    /// Returns riverbend's claims for its reader, changed by `change`, as a signed token.
    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.service.entra.claims(&entra_emulator::TokenSpec::default(), NOW).unwrap();
        change(&mut claims);
        self.service.entra.sign(&self.service.entra.header(entra_emulator::Version::V1), &claims)
    }
}

async fn explained(line: &[&str], world: &mut pozi_operator::World) -> Result<Output, String> {
    let args = Args::try_parse_from(line).map_err(|error| error.to_string())?;
    Box::pin(run(&args, world)).await.0.map_err(|error| with_causes(&error))
}

/// Checks that neither form of `output` has the token, a part of it that others could use, or a person's name.
#[track_caller]
fn assert_keeps_to_itself(output: &Output, token: &str) {
    let text = format!("{}{}", output.plain(), output.json());
    let parts = token.split('.').filter(|part| part.len() > 20);
    for secret in parts.chain(["Rhea", "rhea.reader", "Edgar", "Gus", "gus.guest", "Olive", "Nora"]) {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert!(!text.contains(|one: char| one.is_control() && one != '\n'), "{text:?}");
}
