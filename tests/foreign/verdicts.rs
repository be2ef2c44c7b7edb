//! Every library must accept and refuse the same sessions as we do.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use entra_emulator::{Person, TokenSpec};
use pozi_auth::{keyring::SigningAlgorithm, timestamp::Timestamp};
use pozi_local::{
    samples,
    verifier_kit::{Expected, TENANT, VerifierKit},
};
use pozi_tests::{World, part};
use serde_json::{Value, json};

use super::interpreters::{FOLDER, node_folder, python, run_with};

const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";
const SCOPE: &str = "heritage:read planning:read";
const WEEK: u64 = 7 * 24 * 3_600;

/// A session, the key set of its verifier, and whether the verifier must accept it.
struct Case {
    what: &'static str,
    session: String,
    key_set: Value,
    is_valid: bool,
}

async fn session(world: &World) -> String {
    let ask = TokenSpec { site: "riverbend".into(), person: Person::Reader, ..TokenSpec::default() };
    world.exchange(&world.token(&ask), &[]).await.session().to_owned()
}

async fn key_set(world: &World) -> Value {
    world.get("/.well-known/jwks.json", &[]).await.json
}

/// The libraries use the system's clock, so the world's clock ends at the system's time, when its second key starts to sign.
async fn cases(algorithm: SigningAlgorithm) -> Vec<Case> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let world = World::without_ring(&samples::site_files(), algorithm);
    world.clock.set(now - WEEK);
    world.rotate().await;
    let before = key_set(&world).await;
    world.clock.set(now - 3 * 3_600);
    world.rotate().await;
    // Signers cache the ring for a minute.
    world.clock.set(now - 90);
    let first_session = session(&world).await;
    let during = key_set(&world).await;
    world.clock.set(now);
    world.rotate().await;
    let second_session = session(&world).await;
    let after = key_set(&world).await;
    assert_ne!(
        part(&first_session, 0)["kid"],
        part(&second_session, 0)["kid"],
        "the same key signed both sessions"
    );

    let case = |what, session: &str, key_set: &Value, is_valid| Case {
        what,
        session: session.to_owned(),
        key_set: key_set.clone(),
        is_valid,
    };
    let mut cases = vec![
        case("first key, before", &first_session, &before, true),
        case("first key, during", &first_session, &during, true),
        case("first key, after", &first_session, &after, true),
        case("second key, unknown yet", &second_session, &before, false),
        case("second key, during", &second_session, &during, true),
        case("second key, after", &second_session, &after, true),
    ];
    cases.extend(of_the_kit(&world, algorithm, now));
    cases
}

/// The sessions of the verifiers' kit about signature, type, issuer, audience and end, which are a library's own task. The
/// other rules are for the code around it, as in the examples.
fn of_the_kit(world: &World, algorithm: SigningAlgorithm, now: u64) -> Vec<Case> {
    let kit = VerifierKit::generate(world.issuer.clone(), algorithm).unwrap();
    let sessions = kit.sessions(Timestamp::from_unix_seconds(now)).unwrap();
    let own = sessions.into_iter().filter(|case| (2..=5).contains(&case.rule));
    own.map(|case| Case {
        what: case.name,
        session: case.session,
        key_set: kit.key_set(),
        is_valid: case.expected != Expected::Refused,
    })
    .collect()
}

/// What a library accepts although the rules refuse it, so that its callers must check it themselves.
fn left_to_callers(library: &str) -> &'static [&'static str] {
    match library {
        "jose" | "joserfc" => &["aud is a list"],
        "PyJWT" => &["aud is a list", "exp is a text"],
        _ => &["crit", "aud is a list", "no exp"],
    }
}

#[tokio::test]
async fn every_library_accepts_our_sessions_and_refuses_invalid_ones() {
    let mut commands: Vec<(Command, &str)> = Vec::new();
    if let Some(python) = python() {
        let mut command = Command::new(python);
        command.arg(Path::new(FOLDER).join("verify_cases.py"));
        commands.push((command, "Python"));
    }
    if let Some(folder) = node_folder() {
        let mut command = Command::new("node");
        command.arg(folder.join("verify-cases.mjs"));
        commands.push((command, "Node.js"));
    }
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let cases = cases(algorithm).await;
        let sessions: Vec<_> =
            cases.iter().map(|case| json!({"session": case.session, "key_set": case.key_set})).collect();
        let input = json!({
            "issuer": "https://auth.example",
            "audience": RIVERBEND,
            "tenant": TENANT,
            "algorithm": algorithm.name(),
            "sessions": sessions,
        });
        for (command, language) in &mut commands {
            let output = run_with(command, &input.to_string());
            let printed = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{language}: {printed}");
            let verdicts: BTreeMap<String, Vec<Option<String>>> =
                serde_json::from_slice(&output.stdout).unwrap();
            for (library, verdicts) in verdicts {
                assert_eq!(verdicts.len(), cases.len());
                let wrong = cases
                    .iter()
                    .zip(verdicts)
                    .filter(|(case, verdict)| verdict.as_deref() != case.is_valid.then_some(SCOPE));
                let wrong: Vec<_> = wrong.map(|(case, _)| case.what).collect();
                assert_eq!(wrong, left_to_callers(&library), "{library}, {}", algorithm.name());
                let accepted = cases.iter().filter(|case| case.is_valid).count();
                println!(
                    "{library}, {}: {accepted} accepted, {} refused",
                    algorithm.name(),
                    cases.len() - accepted
                );
            }
        }
    }
}
