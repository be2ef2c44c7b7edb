//! `pozi keys` and `pozi session inspect`, on an emulated AWS whose function `rotate-keys` runs in this process.

use std::path::PathBuf;

use pozi_auth::{
    adapters::SystemClock,
    config::Signing,
    keyring::{KeyRing, KeyState, RotationRequest, SigningAlgorithm},
    session::SessionRefusal,
    timestamp::Clock,
};
use pozi_operator::{Exit, plain};
use pozi_tests::{EmulatedAws, Fleet, part};
use serde_json::{Value, json};

use super::operator_stack::{Function, Stack};

/// One fleet for each way in which private keys are kept.
async fn fleets() -> Vec<Fleet> {
    let fleets = [Fleet::sealed().await, Fleet::in_kms(SigningAlgorithm::Es256).await];
    fleets.into_iter().flatten().collect()
}

/// Writes `session` to a file.
fn on_disk(session: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session");
    std::fs::write(&path, format!("{session}\n")).unwrap();
    (folder, path)
}

fn states(ring: &KeyRing) -> Vec<&'static str> {
    let name = |key: &pozi_auth::keyring::RingKey| match key.state {
        KeyState::Pending { .. } => "pending",
        KeyState::Active { .. } => "active",
        KeyState::Retiring { .. } => "retiring",
        KeyState::Revoked { .. } => "revoked",
    };
    ring.keys().iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_ends_its_sessions_and_another_one_signs() {
    for fleet in fleets().await {
        let stack = Stack::of(fleet).await;
        let (old, session) = (stack.active().await, stack.session().await);
        assert!(stack.verified(&session).await.is_ok());

        let done = stack.run(&["keys", "revoke", &old], Some(&format!("{old}\n"))).await.unwrap();
        assert_eq!(done.exit(), Exit::Done);
        let new = stack.active().await;
        assert_eq!(done.json()["outcome"], "revoked");
        let report = done.plain();
        let begins = format!(
            "key {old} is revoked: it is no longer published\na new key is published\nkey {new} signs from now on\n"
        );
        assert!(report.starts_with(&begins), "{report}");

        let published: Value = serde_json::from_slice(&stack.key_set().await).unwrap();
        assert_eq!(published["keys"].as_array().unwrap().len(), 1);
        assert_eq!(published["keys"][0]["kid"], new.as_str());
        assert_eq!(stack.verified(&session).await, Err(SessionRefusal::UnknownKey));
        let next = stack.session().await;
        assert_eq!(part(&next, 0)["kid"], new.as_str());
        assert!(stack.verified(&next).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_revoked_once_however_often_and_by_how_many_at_once() {
    for fleet in fleets().await {
        let stack = Stack::of(fleet).await;
        let old = stack.active().await;
        let revoke = ["keys", "revoke", &old, "--yes"];
        let scheduled = stack.fleet.rotator();
        let (one, two, run) = tokio::join!(
            stack.run(&revoke, None),
            stack.run(&revoke, None),
            scheduled.run(&RotationRequest::Due, SystemClock.now()),
        );
        assert!(run.is_ok(), "{run:?}");
        assert!([&one, &two].into_iter().any(Result::is_ok), "{one:?}, {two:?}");
        let new = stack.active().await;
        assert!(states(&stack.ring().await).iter().all(|state| ["revoked", "active"].contains(state)));

        let again = stack.run(&revoke, None).await;
        stack.fleet.rotate(&RotationRequest::Due).await.unwrap();
        assert_eq!(stack.active().await, new, "no second key: {again:?}");
        let gone = stack.run(&revoke, None).await.unwrap_err();
        let text = plain(&gone.text());
        let expected = format!(
            "the service has no key {old}: it was removed already, or the id is misspelt; its keys are\n  {new}"
        );
        assert_eq!((gone.code(), text), ("unknown_key", expected));
        assert_eq!(states(&stack.ring().await), ["active"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_revoked_unless_somebody_types_the_keys_id() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let stack = Stack::of(fleet).await;
    let (key, before) = (stack.active().await, stack.ring().await);
    for answers in [None, Some(""), Some("yes\n"), Some("another-key\n")] {
        let output = stack.run(&["keys", "revoke", &key], answers).await.unwrap();
        assert_eq!(output.exit(), Exit::Declined);
        assert_eq!(output.plain(), "Nothing was done: the key's id was not typed. Scripts use --yes.\n");
    }
    assert_eq!(stack.ring().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_publishes_the_next_key_and_says_when_it_signs() {
    for fleet in fleets().await {
        let stack = Stack::of(fleet).await;
        let (old, session) = (stack.active().await, stack.session().await);
        let done = stack.run(&["keys", "rotate"], None).await.unwrap().plain();
        let ring = stack.ring().await;
        assert_eq!(states(&ring), ["active", "pending"]);
        let next = ring.keys()[1].id.as_str();
        assert!(done.starts_with("a new key is published\n"), "{done}");
        assert!(done.contains(&format!("Key {next} is published now, and signs after 20")), "{done}");
        let again = stack.run(&["keys", "rotate"], None).await.unwrap().plain();
        assert!(again.starts_with("Nothing changed.\n"), "{again}");
        assert_eq!(stack.ring().await, ring);
        assert!(stack.verified(&session).await.is_ok());

        let listed = stack.run(&["keys", "list"], None).await.unwrap();
        let keys = listed.json()["keys"].as_array().unwrap();
        assert_eq!((&keys[0]["kid"], &keys[0]["state"]), (&json!(old), &json!("signs")));
        assert_eq!((&keys[1]["kid"], &keys[1]["state"]), (&json!(next), &json!("published")));
        assert_eq!(keys[0]["changes"], keys[1]["changes"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_is_established_once() {
    let Some(aws) = EmulatedAws::running() else { return };
    let signing = Signing::Sealed { kms_key: aws.sealing_key().await };
    let Some(fleet) = Fleet::bare(signing, SigningAlgorithm::Es256).await else { return };
    let stack = Stack::of(fleet).await;
    let error = |words: &'static [&'static str]| async { stack.run(words, None).await.unwrap_err().text() };
    let none = "the service has no signing key yet; make the first one with `pozi keys establish`";
    assert_eq!(error(&["keys", "list"]).await, none);
    assert_eq!(
        error(&["keys", "rotate"]).await,
        "the function failed: the signing keys were not rotated: no key ring is stored; if it was lost, restore it, because a new one would end every session"
    );
    let first = stack.run(&["keys", "establish"], None).await.unwrap().plain();
    let key = stack.active().await;
    assert_eq!(first, format!("a new key is published\n\nKey {key} signs the sessions.\n"));
    let again = stack.run(&["keys", "establish"], None).await.unwrap().plain();
    assert_eq!(again, format!("Nothing changed.\n\nKey {key} signs the sessions.\n"));
}

/// It would run as on schedule, and its operator would believe that the key is revoked.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_older_than_the_program_is_noticed() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let old = Function::Answers(r#"{"keys":[],"key_sets":{"kept":0,"failed":0}}"#);
    let stack = Stack::with(fleet, old).await;
    let key = stack.active().await;
    for words in [["keys", "rotate"].as_slice(), &["keys", "revoke", &key, "--yes"]] {
        let error = stack.run(words, None).await.unwrap_err();
        assert_eq!(error.code(), "function_version");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inspected_session_is_verified_with_the_services_keys() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let stack = Stack::of(fleet).await;
    let session = stack.session().await;
    let (_folder, path) = on_disk(&session);
    let inspect = ["session", "inspect", path.to_str().unwrap()];
    let valid = stack.run(&inspect, None).await.unwrap();
    assert_eq!((valid.exit(), &valid.json()["signature"]), (Exit::Done, &json!("valid")));
    assert_eq!(valid.json()["jti"], part(&session, 1)["jti"]);
    let shown = valid.plain();
    assert!(shown.contains("read planning"), "{shown}");
    assert!(!shown.contains(&session[..40]) && !valid.json().to_string().contains(&session[..40]));

    let (key, _) = (stack.active().await, stack.run(&["keys", "rotate"], None).await.unwrap());
    stack.run(&["keys", "revoke", &key, "--yes"], None).await.unwrap();
    let revoked = stack.run(&["session", "inspect"], Some(&session)).await.unwrap();
    assert_eq!((revoked.exit(), &revoked.json()["signature"]), (Exit::Wrong, &json!("unknown_key")));

    let token = stack.fleet.token();
    let error = stack.run(&["session", "inspect"], Some(&token)).await.unwrap_err();
    assert_eq!(error.code(), "entra_token");
    let error = stack.run(&["session", "inspect"], Some("  \n")).await.unwrap_err();
    assert_eq!(error.code(), "no_session");
}
