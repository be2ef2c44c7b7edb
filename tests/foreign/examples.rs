//! Runs the examples of docs/verify.md and the commands of the README against the running service, since people copy them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Parser;
use pozi_local::{args::Args, service::Service};
use pozi_tests::not_run;
use serde_json::Value;

use super::interpreters::{FOLDER, node_folder, python, run, run_with};

#[path = "../../examples/rust/verify.rs"]
#[expect(unreachable_pub, reason = "the example is meant to be copied as a module")]
mod example;

const SITE: &str = "https://poziserver-riverbend.example/pozi/";
const TENANT: &str = "cd0a0f9d-3505-4176-bcd0-75bdde12fd00";
const OTHER_TENANT: &str = "28b1e556-f621-4edd-873b-d1d60bc6d8de";

fn in_project(path: &str) -> PathBuf {
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

#[test]
fn the_page_quotes_every_example_unchanged() {
    let mut quotes = 0;
    for (language, file) in [
        ("rust", "examples/rust/verify.rs"),
        ("js", "examples/javascript/verify.mjs"),
        ("python", "examples/python/verify.py"),
        ("csharp", "examples/csharp/Program.cs"),
    ] {
        let source = fs::read_to_string(in_project(file)).unwrap();
        assert_eq!(format!("{}\n", quoted("docs/verify.md", language)), source, "{file}");
        quotes += 1;
    }
    let folders = fs::read_dir(in_project("examples")).unwrap();
    assert_eq!(folders.count(), quotes, "the page does not quote every example");
}

async fn start(state: &Path) -> Service {
    let args = Args::parse_from(["pozi-local", "--port=0", "--state", state.to_str().unwrap()]);
    Service::start(&args).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_allows_what_the_session_opens_and_nothing_else() {
    let state = tempfile::tempdir().unwrap();
    let service = start(state.path()).await;
    let base = service.base().to_owned();
    let server = tokio::spawn(service.serve());
    let (python, node) = (python(), node_folder());
    let checks = tokio::task::spawn_blocking(move || {
        let session = python.as_ref().map(|python| run_python(python, &base));
        if let (Some(folder), Some(session)) = (node, &session) {
            run_javascript(&folder, &base, session);
        }
        (base, session)
    });
    let (base, session) = checks.await.unwrap();
    if let Some(session) = session {
        for (site, tenant, catalogue, is_allowed) in [
            (SITE, TENANT, "planning", true),
            (SITE, TENANT, "assets", false),
            ("https://poziserver-saltmarsh.example/pozi/", TENANT, "planning", false),
            (SITE, OTHER_TENANT, "planning", false),
        ] {
            let (base, tenant) = (base.parse().unwrap(), tenant.parse().unwrap());
            let verifier = example::verifier(base, site.to_owned(), tenant).unwrap();
            let catalogue = catalogue.parse().unwrap();
            assert_eq!(example::may_read(&verifier, &session, &catalogue).await, is_allowed);
            assert!(!example::may_read(&verifier, &session[1..], &catalogue).await);
        }
    }
    server.abort();
}

/// Runs the example and returns the session that it verified.
fn run_python(python: &Path, base: &str) -> String {
    let file = in_project("examples/python/verify.py");
    let mut command = Command::new(python);
    // -B: leaves no compiled copy beside the example.
    command.args(["-B", "-c", PYTHON]).arg(file.parent().unwrap()).args([base, SITE, TENANT, OTHER_TENANT]);
    let session = output_of(&mut command, "Python");
    run_as_program(|| Command::new(python), &file, base, &session);
    session
}

fn run_javascript(folder: &Path, base: &str, session: &str) {
    let file = folder.join("verify.mjs");
    fs::copy(in_project("examples/javascript/verify.mjs"), &file).unwrap();
    fs::write(folder.join("documented.mjs"), JAVASCRIPT).unwrap();
    let mut command = Command::new("node");
    command.arg(folder.join("documented.mjs")).args([base, SITE, TENANT, OTHER_TENANT, session]);
    assert_eq!(output_of(&mut command, "JavaScript"), "true false refused refused refused");
    run_as_program(|| Command::new("node"), &file, base, session);
    // A program that a link hides from itself would print nothing and succeed.
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("verify.mjs");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    run_as_program(|| Command::new("node"), &link, base, session);
}

/// Runs the example `file` as a program, which reads the session from standard input.
fn run_as_program(interpreter: impl Fn() -> Command, file: &Path, base: &str, session: &str) {
    let ask = |site: &str, tenant: &str, catalogue: &str, input: &str| {
        let output = run_with(interpreter().arg(file).args([base, site, tenant, catalogue]), input);
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let line = format!("{session}\n");
    assert_eq!(ask(SITE, TENANT, "planning", &line).as_deref(), Some("allowed"), "{}", file.display());
    assert_eq!(ask(SITE, TENANT, "assets", &line).as_deref(), Some("not allowed"), "{}", file.display());
    assert_eq!(ask(&format!("{SITE}x"), TENANT, "planning", &line), None, "{}", file.display());
    assert_eq!(ask(SITE, OTHER_TENANT, "planning", &line), None, "{}", file.display());
    assert_eq!(ask(SITE, TENANT, "planning", &session[1..]), None, "{}", file.display());
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

/// Uses the example in the folder of its first argument, and prints the session that it verified.
const PYTHON: &str = r#"
import json, sys, urllib.parse, urllib.request
folder, base, site, tenant, other = sys.argv[1:]
sys.path.insert(0, folder)
from verify import Verifier, jwt, may_read
def read(url, **form):
    data = urllib.parse.urlencode(form).encode() if form else None
    return urllib.request.urlopen(url, data, timeout=10).read().decode()
token = read(f"{base}/entra/token?site=riverbend&person=reader")
kind = "urn:ietf:params:oauth:"
session = json.loads(read(f"{base}/oauth2/token", grant_type=kind + "grant-type:token-exchange",
    subject_token_type=kind + "token-type:access_token", subject_token=token))["access_token"]
claims = Verifier(base, site, tenant).verify(session)
assert may_read(claims, "planning") and not may_read(claims, "assets")
for verifier, spoiled in [(Verifier(base, site + "x", tenant), session), (Verifier(base, site, other), session),
    (Verifier(base, site, tenant), token), (Verifier(base, site, tenant), session[:-4] + "AAAA")]:
    try:
        verifier.verify(spoiled)
    except jwt.PyJWTError:
        continue
    raise AssertionError("taken")
print(session)
"#;

const JAVASCRIPT: &str = r#"
import { mayRead, verifier } from "./verify.mjs";
const [base, site, tenant, other, session] = process.argv.slice(2);
const verdict = (promise) => promise.then(() => "taken", () => "refused");
const claims = await verifier(base, site, tenant)(session);
console.log(
  mayRead(claims, "planning"),
  mayRead(claims, "assets"),
  await verdict(verifier(base, `${site}x`, tenant)(session)),
  await verdict(verifier(base, site, other)(session)),
  await verdict(verifier(base, site, tenant)(session.slice(0, -4) + "AAAA")),
);
"#;
