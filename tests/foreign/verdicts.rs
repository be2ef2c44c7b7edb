//! Every library must accept and refuse the same sessions as we do.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use entra_emulator::{Person, TokenSpec};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_local::samples;
use pozi_tests::{World, part, riverbend_tenant};
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
    for (what, spoiled) in spoiled(&world, &second_session, algorithm).await {
        cases.push(case(what, &spoiled, &after, false));
    }
    cases
}

async fn spoiled(world: &World, good: &str, algorithm: SigningAlgorithm) -> Vec<(&'static str, String)> {
    let (header, claims) = (part(good, 0), part(good, 1));
    let with = |value: &Value, name: &str, member: Value| {
        let mut value = value.clone();
        value[name] = member;
        value
    };
    let other = World::with(&samples::site_files(), algorithm).await;
    let unsigned = world.signed(&with(&header, "alg", json!("none")), &claims).await;
    let (message, _) = unsigned.rsplit_once('.').unwrap();
    let past = world.clock.unix_seconds() - 1;
    vec![
        ("typ JWT", world.signed(&with(&header, "typ", json!("JWT")), &claims).await),
        ("alg none, unsigned", format!("{message}.")),
        ("alg none, signed", unsigned.clone()),
        ("alg HS256", world.signed(&with(&header, "alg", json!("HS256")), &claims).await),
        ("another site's", {
            let saltmarsh = json!("https://poziserver-saltmarsh.example/pozi/");
            world.signed(&header, &with(&claims, "aud", saltmarsh)).await
        }),
        ("another tenant's", {
            let saltmarsh = json!("28b1e556-f621-4edd-873b-d1d60bc6d8de");
            world.signed(&header, &with(&claims, "tid", saltmarsh)).await
        }),
        ("another issuer's", {
            world.signed(&header, &with(&claims, "iss", json!("https://other.example"))).await
        }),
        ("expired", world.signed(&header, &with(&claims, "exp", json!(past))).await),
        ("by another key of that name", other.signed(&header, &claims).await),
        ("other claims", {
            let forged = world.signed(&header, &with(&claims, "scope", json!("assets:write"))).await;
            let (message, _) = forged.rsplit_once('.').unwrap();
            format!("{message}.{}", good.rsplit_once('.').unwrap().1)
        }),
    ]
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
            "tenant": riverbend_tenant().to_string(),
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
                for (case, verdict) in cases.iter().zip(verdicts) {
                    let expected = case.is_valid.then_some(SCOPE);
                    assert_eq!(
                        verdict.as_deref(),
                        expected,
                        "{library}, {}: {}",
                        algorithm.name(),
                        case.what
                    );
                }
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
