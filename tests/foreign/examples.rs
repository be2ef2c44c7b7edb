//! Runs the examples of docs/verify.md and the commands of the README against the running service, since people copy them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Parser;
use pozi_auth::keyring::SigningAlgorithm;
use pozi_local::{args::Args, service::Service};
use pozi_tests::{exchange_form, not_run, riverbend_tenant};
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::{
    interpreters::{FOLDER, run, run_with},
    programs::programs,
};

#[path = "../../examples/rust/verify.rs"]
#[expect(unreachable_pub, reason = "the example is meant to be copied as a module")]
pub(crate) mod example;

const SITE: &str = "https://poziserver-riverbend.example/pozi/";

pub(crate) fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Returns the only code block in `language` on `page`.
fn quoted(page: &str, language: &str) -> String {
    let text = fs::read_to_string(in_project(page)).unwrap();
    let opening = format!("\n```{language}\n");
    let mut fences = text.split(&opening).skip(1);
    let block = fences.next().unwrap().split("\n```").next().unwrap().to_owned();
    assert!(fences.next().is_none(), "{page} has more than one block in {language}");
    block
}

/// The longer examples are linked only.
#[test]
fn the_page_links_every_example_and_quotes_the_first_four_unchanged() {
    let page = fs::read_to_string(in_project("docs/verify.md")).unwrap();
    for (language, file) in [
        ("rust", "examples/rust/verify.rs"),
        ("js", "examples/javascript/verify.mjs"),
        ("python", "examples/python/verify.py"),
        ("csharp", "examples/csharp/Program.cs"),
    ] {
        let source = fs::read_to_string(in_project(file)).unwrap();
        assert_eq!(format!("{}\n", quoted("docs/verify.md", language)), source, "{file}");
    }
    let folders = fs::read_dir(in_project("examples")).unwrap().map(Result::unwrap);
    // These verify nothing, and other pages speak of them.
    let is_verifier = |folder: &fs::DirEntry| {
        !["deploy-workflow", "sites-workflow", "web"].contains(&&*folder.file_name().to_string_lossy())
    };
    for folder in folders.filter(is_verifier) {
        let files: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        let [file] = &files[..] else { panic!("not one file: {files:?}") };
        let path = Path::new("examples").join(folder.file_name()).join(file);
        assert!(page.contains(&format!("(../{})", path.display())), "{} is not linked", path.display());
    }
}

async fn start(state: &Path) -> Service {
    let args = Args::parse_from(["pozi-local", "--port=0", "--state", state.to_str().unwrap()]);
    Service::start(&args).await.unwrap()
}

/// A session that the service issued, and not only those of the kit.
#[tokio::test(flavor = "multi_thread")]
async fn every_example_allows_what_an_issued_session_opens_and_nothing_else() {
    let state = tempfile::tempdir().unwrap();
    let service = start(state.path()).await;
    let base = service.base().to_owned();
    let server = tokio::spawn(service.serve());
    let token = format!("{base}/entra/token?site=riverbend&person=reader");
    let token = reqwest::get(token).await.unwrap().text().await.unwrap();
    let request = reqwest::Client::new().post(format!("{base}/oauth2/token"));
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body(exchange_form(&token, &[])).send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let session = answer["access_token"].as_str().unwrap().to_owned();
    let programs = tokio::task::spawn_blocking(|| programs(SigningAlgorithm::Es256)).await.unwrap();
    let (own, other) = (riverbend_tenant(), "00000000-0000-0000-0000-000000000001".parse().unwrap());
    for (site, tenant, catalogue, expected) in [
        (SITE, own, "planning", "allowed"),
        (SITE, own, "assets", "not allowed"),
        (SITE, other, "planning", "refused"),
        ("https://poziserver-saltmarsh.example/pozi/", own, "planning", "refused"),
    ] {
        let verifier = example::verifier(base.parse().unwrap(), site.to_owned(), tenant).unwrap();
        let id = catalogue.parse().unwrap();
        assert_eq!(example::may_read(&verifier, &session, &id).await, expected == "allowed");
        assert!(!example::may_read(&verifier, &session[1..], &id).await);
        let input = format!("{session}\n{token}\n");
        for program in &programs {
            let mut command = program.command();
            command.args([&base, site, &tenant.to_string(), catalogue]);
            let output = tokio::task::block_in_place(|| run_with(&mut command, &input));
            let printed = String::from_utf8(output.stdout).unwrap();
            assert_eq!(
                printed,
                format!("{expected}\nrefused\n"),
                "{}, {site} {tenant} {catalogue}",
                program.language
            );
        }
    }
    server.abort();
}

/// A program that a link hides from itself would print nothing and succeed.
#[test]
fn the_javascript_example_runs_through_a_link() {
    let programs = programs(SigningAlgorithm::Es256);
    let Some(program) = programs.iter().find(|program| program.language == "JavaScript") else { return };
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("verify.mjs");
    std::os::unix::fs::symlink(program.path(), &link).unwrap();
    let output = run_with(
        Command::new("node").arg(link).args(["http://localhost", SITE, "tenant", "planning"]),
        "x\n",
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "refused\n");
}

fn output_of(command: &mut Command, language: &str) -> String {
    let output = run(command.current_dir(FOLDER));
    assert!(output.status.success(), "{language}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_readme_give_the_answer_below_them() {
    if Command::new("curl").arg("--version").output().is_err() {
        return not_run("the README's exchange; it needs curl");
    }
    let state = tempfile::tempdir().unwrap();
    let service = start(state.path()).await;
    let lines = quoted("README.md", "sh").replace("http://localhost:8080", service.base());
    let server = tokio::spawn(service.serve());
    let printed =
        tokio::task::spawn_blocking(move || output_of(Command::new("sh").arg("-c").arg(lines), "sh"));
    let printed = printed.await.unwrap();
    server.abort();
    let (answer, keys) = printed.split_once('\n').unwrap();
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    let mut documented: Value = serde_json::from_str(&quoted("README.md", "json")).unwrap();
    let (token, shown_token) = (answer["access_token"].take(), documented["access_token"].take());
    assert_eq!(answer, documented);
    assert!(token.as_str().unwrap().starts_with(shown_token.as_str().unwrap().trim_end_matches('…')));
    let keys: Value = serde_json::from_str(keys).unwrap();
    assert!(!keys["keys"].as_array().unwrap().is_empty());
}
