//! The examples of the README, run as they stand there against the running service: what does not work there is
//! copied all the same.

use std::{fs, path::Path, process::Command};

use clap::Parser;
use pozi_local::{args::Args, service::Service};

use super::tools::{FOLDER, node_folder, python, run};

/// The Rust example is compiled into this test: `the_rust_example_is_the_one_compiled_here` holds the two together.
#[expect(unreachable_pub, reason = "whoever copies it makes a module of it")]
mod example {
    // example: begin
    use pozi_auth::{
        adapters::{HttpDocument, SystemClock},
        session::{ISSUER_KEY_LIFETIMES, Issuer, IssuerKeys, SessionVerifier},
        sites::{Access, CatalogueId},
        timestamp::Clock,
    };

    /// Make it once: it keeps the keys.
    pub fn verifier(
        issuer: Issuer,
        audience: String,
    ) -> Result<SessionVerifier<IssuerKeys<HttpDocument>>, Box<dyn std::error::Error>> {
        let keys = HttpDocument::new(&issuer.key_set_url().parse()?)?;
        Ok(SessionVerifier::new(issuer, audience, IssuerKeys::new(keys, ISSUER_KEY_LIFETIMES)))
    }

    pub async fn may_read(
        verifier: &SessionVerifier<IssuerKeys<HttpDocument>>,
        session: &str,
        catalogue: &CatalogueId,
    ) -> bool {
        match verifier.verify(session, SystemClock.now()).await {
            Ok(session) => session.allows(catalogue, Access::Read),
            Err(_) => false,
        }
    }
    // example: end
}

const SITE: &str = "https://poziserver-riverbend.example/pozi/";

/// The one example in `language`.
fn documented(language: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let opening = format!("\n```{language}\n");
    let mut fences = text.split(&opening).skip(1);
    let example = fences.next().unwrap().split("\n```").next().unwrap().to_owned();
    assert!(fences.next().is_none(), "one example a language");
    example
}

#[test]
fn the_rust_example_is_the_one_compiled_here() {
    let here = include_str!("documented.rs");
    let (_, rest) = here.split_once("// example: begin\n").unwrap();
    let (example, _) = rest.split_once("    // example: end").unwrap();
    let compiled: Vec<_> = example.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    assert_eq!(documented("rust"), compiled.join("\n").trim_end());
}

/// What every example must say of riverbend's reader at this service.
#[tokio::test(flavor = "multi_thread")]
async fn every_example_that_runs_here_lets_the_reader_in_and_nobody_else() {
    let state = tempfile::tempdir().unwrap();
    let args = Args::parse_from(["pozi-local", "--port=0", "--state", state.path().to_str().unwrap()]);
    let service = Service::start(&args).await.unwrap();
    let base = service.base().to_owned();
    let serving = tokio::spawn(service.serve());
    let (python, node) = (python(), node_folder());
    let checking = tokio::task::spawn_blocking(move || {
        let session = python.as_ref().map(|python| {
            let mut judge = Command::new(python);
            judge.arg("-c").arg(PYTHON).arg(documented("python")).arg(&base).arg(SITE);
            told(&mut judge, "Python")
        });
        if let (Some(folder), Some(session)) = (node, &session) {
            fs::write(folder.join("documented.mjs"), documented("js") + JAVASCRIPT).unwrap();
            let mut judge = Command::new("node");
            judge.arg(folder.join("documented.mjs")).arg(&base).arg(SITE).arg(session);
            assert_eq!(told(&mut judge, "JavaScript"), "true false refused refused");
        }
        (base, session)
    });
    let (base, session) = checking.await.unwrap();
    if let Some(session) = session {
        for (site, catalogue, may) in [
            (SITE, "planning", true),
            (SITE, "assets", false),
            ("https://poziserver-saltmarsh.example/pozi/", "planning", false),
        ] {
            let verifier = example::verifier(base.parse().unwrap(), site.to_owned()).unwrap();
            let catalogue = catalogue.parse().unwrap();
            assert_eq!(example::may_read(&verifier, &session, &catalogue).await, may);
            assert!(!example::may_read(&verifier, &session[1..], &catalogue).await);
        }
    }
    serving.abort();
}

fn told(judge: &mut Command, language: &str) -> String {
    let output = run(judge.current_dir(FOLDER));
    assert!(output.status.success(), "{language}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Runs the example that is its first argument; tells the session that it verified.
const PYTHON: &str = r#"
import json, sys, urllib.parse, urllib.request
example, base, site = sys.argv[1:]
exec(example)
def read(url, **form):
    data = urllib.parse.urlencode(form).encode() if form else None
    return urllib.request.urlopen(url, data, timeout=10).read().decode()
token = read(f"{base}/entra/token?site=riverbend&person=reader")
kind = "urn:ietf:params:oauth:"
session = json.loads(read(f"{base}/oauth2/token", grant_type=kind + "grant-type:token-exchange",
    subject_token_type=kind + "token-type:access_token", subject_token=token))["access_token"]
claims = Verifier(base, site).verify(session)
assert may_read(claims, "planning") and not may_read(claims, "assets")
for verifier, spoiled in [(Verifier(base, site + "x"), session), (Verifier(base, site), token), (Verifier(base, site), session[:-4] + "AAAA")]:
    try:
        verifier.verify(spoiled)
    except jwt.PyJWTError:
        continue
    raise AssertionError("taken")
print(session)
"#;

const JAVASCRIPT: &str = r#"
const [base, site, session] = process.argv.slice(2);
const verdict = (promise) => promise.then(() => "taken", () => "refused");
const claims = await verifier(base, site)(session);
console.log(
  mayRead(claims, "planning"),
  mayRead(claims, "assets"),
  await verdict(verifier(base, `${site}x`)(session)),
  await verdict(verifier(base, site)(session.slice(0, -4) + "AAAA")),
);
"#;
