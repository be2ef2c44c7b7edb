//! `pozi revoke` and `pozi keys accept-restored`, on an emulated AWS.

use entra_emulator::TokenSpec;
use pozi_auth::{
    keyring::{KeyRingSource, KeyRingStore, RotationRequest},
    revision::Revision,
    revocation::{RevocationList, RevocationSource, RevocationStore, Revoked},
    timestamp::{Clock, Timestamp},
};
use pozi_operator::{Exit, Output};
use pozi_rotate_keys::RunError;
use pozi_tests::{EmulatedAws, Fleet, exchanged, part, riverbend_tenant};
use serde_json::json;

use super::{outcome, told};

const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";
const OBJECT: &str = "02f1ea5a-8a90-454c-9ecb-df4562c6afd7";

async fn list(fleet: &Fleet) -> RevocationList {
    RevocationSource::load(&fleet.store()).await.unwrap()
}

async fn run(fleet: &Fleet, words: &[&str], answers: Option<&str>) -> Output {
    outcome(&[words, &["--table", &fleet.table]].concat(), answers).await.0.unwrap()
}

async fn failed(fleet: &Fleet, words: &[&str]) -> String {
    told(&[words, &["--table", &fleet.table]].concat()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_a_person_and_a_session_are_revoked_and_listed() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let before = list(&fleet).await.sequence();
    let tenant = riverbend_tenant();
    let of_tenant = tenant.to_string();
    let jti = "5ca7d9ae-5a0f-4e0c-8f60-0f8ab5a3f8a1";
    for (at, (words, revoked)) in [
        (vec!["revoke", "site", "riverbend"], Revoked::Site { url: RIVERBEND.into() }),
        (vec!["revoke", "site", RIVERBEND], Revoked::Site { url: RIVERBEND.into() }),
        (
            vec!["revoke", "person", OBJECT, "--site", "riverbend"],
            Revoked::Person { tenant, object: OBJECT.parse().unwrap() },
        ),
        (
            vec!["revoke", "person", OBJECT, "--tenant", &of_tenant],
            Revoked::Person { tenant, object: OBJECT.parse().unwrap() },
        ),
        (vec!["revoke", "session", jti], Revoked::Session { id: jti.parse().unwrap() }),
    ]
    .into_iter()
    .enumerate()
    {
        let done = run(&fleet, &words, Some("y\n")).await;
        let json = done.json();
        assert_eq!((done.exit(), &json["outcome"]), (Exit::Done, &json!("revoked")), "{json}");
        let stored = list(&fleet).await;
        assert_eq!(json["sequence"], stored.sequence());
        assert_eq!(stored.sequence(), before + 1 + at as u64);
        assert_eq!(stored.entries().last().unwrap().revoked, revoked);
        let text = done.plain();
        assert!(
            text.contains("is revoked (list number ") && text.contains("the gate, and the authorizer"),
            "{text}"
        );
    }
    let listed = run(&fleet, &["revoke", "list"], None).await;
    let entries = listed.json()["entries"].as_array().unwrap();
    let kinds: Vec<_> = entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["site", "person", "session"]);
    assert!(listed.plain().contains(RIVERBEND), "{}", listed.plain());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_revoked_unless_somebody_agrees() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let before = list(&fleet).await;
    let site = ["revoke", "site", "riverbend"];
    for answers in ["", "n\n", "riverbend\n"] {
        let output = run(&fleet, &site, Some(answers)).await;
        assert_eq!((output.exit(), output.plain().as_str()), (Exit::Declined, "Nothing was revoked.\n"));
    }
    let nobody = failed(&fleet, &site).await;
    assert!(
        nobody.ends_with("nothing was done, because nobody is there to ask; repeat it with --yes"),
        "{nobody}"
    );
    assert!(nobody.starts_with(&format!("site {RIVERBEND}: would be revoked\n")), "{nobody}");
    for (words, says) in [
        (["revoke", "site", "fenwick"], "no site is named fenwick; the sites are riverbend, saltmarsh"),
        (["revoke", "site", "Not A Site"], "`Not A Site` is neither a URL nor a site's name"),
        (["revoke", "resume", "--after=0"], "nothing is to be done"),
    ] {
        let error = failed(&fleet, &words).await;
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(list(&fleet).await, before);
}

/// Revoked by the operator, refused by another instance of the exchange within seconds.
#[tokio::test(flavor = "multi_thread")]
async fn the_exchange_refuses_by_the_table() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (token, instance) = (fleet.token(), fleet.exchange());
    assert_eq!(exchanged(&instance, &token).await.status, 200);
    let object = part(&token, 1)["oid"].as_str().unwrap().to_owned();
    run(&fleet, &["revoke", "person", &object, "--site", "riverbend", "--yes"], None).await;
    assert_eq!(exchanged(&fleet.exchange(), &token).await.refusal().1, "revoked", "a new instance");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(exchanged(&instance, &token).await.refusal().1, "revoked", "one that has a list");
    let soon = pozi_auth::adapters::SystemClock.now().unix_seconds() + 30;
    let other = TokenSpec { person: entra_emulator::Person::Editor, ..TokenSpec::default() };
    let other = fleet.directory.token(&other, soon - 30).unwrap();
    assert_eq!(exchanged(&instance, &other).await.status, 200, "another person");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_table_goes_on_above_what_gates_hold() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let before = list(&fleet).await.sequence();
    let resume = ["revoke", "resume", "--after", "41"];
    assert_eq!(run(&fleet, &resume, Some("n\n")).await.exit(), Exit::Declined);
    let done = run(&fleet, &resume, Some("y\n")).await;
    assert_eq!((&done.json()["before"], &done.json()["sequence"]), (&json!(before), &json!(42)));
    assert_eq!(list(&fleet).await.sequence(), 42);
    let again = failed(&fleet, &resume).await;
    assert_eq!(again, "the list has number 42 already, which is higher than 41; nothing is to be done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_ring_is_used_only_once_it_is_accepted() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let table = fleet.store();
    let (backup, revision) = KeyRingSource::load(&table).await.unwrap().unwrap();
    let accept = ["keys", "accept-restored"];
    let nothing = run(&fleet, &accept, None).await;
    assert_eq!(nothing.json()["outcome"], "not_restored");
    fleet.rotate(&RotationRequest::Rotate).await.unwrap();
    assert_eq!(list(&fleet).await.ring_revision(), Revision(revision.0 + 1));

    restore(&fleet, &backup).await;
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.refusal().1, "signing_unavailable");
    let refused = fleet.rotate(&RotationRequest::Due).await.unwrap_err();
    assert!(matches!(refused, RunError::Rotate(_)), "{refused:?}");
    assert_eq!(run(&fleet, &accept, Some("n\n")).await.exit(), Exit::Declined);
    let accepted = run(&fleet, &accept, Some("y\n")).await;
    assert_eq!(accepted.json()["outcome"], "accepted");
    fleet.rotate(&RotationRequest::Due).await.unwrap();
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
}

/// Stores `ring` as the first revision.
async fn restore(fleet: &Fleet, ring: &pozi_auth::keyring::KeyRing) {
    let aws = pozi_tests::aws_at(EmulatedAws::running().unwrap().url());
    let client = aws_sdk_dynamodb::Client::new(&pozi_auth::adapters::aws::connection(&aws));
    let key = || aws_sdk_dynamodb::types::AttributeValue::S("ring".into());
    let delete = client.delete_item().table_name(&fleet.table).key("pk", key()).key("sk", key());
    delete.send().await.unwrap();
    KeyRingStore::replace(&fleet.store(), None, ring).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_list_takes_no_more_and_says_what_to_do() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let now = pozi_auth::adapters::SystemClock.now();
    let full = (0..1_000).fold(list(&fleet).await, |list, number| enter(&list, number, now));
    RevocationStore::replace(&fleet.store(), list(&fleet).await.sequence(), &full).await.unwrap();
    let error = failed(&fleet, &["revoke", "person", OBJECT, "--site", "riverbend", "--yes"]).await;
    assert!(
        error.starts_with("1000 sites, people and sessions were revoked")
            && error.contains("revoke the site"),
        "{error}"
    );
    assert_eq!(list(&fleet).await, full);
}

fn enter(list: &RevocationList, number: u128, now: Timestamp) -> RevocationList {
    let id = pozi_auth::identifiers::SessionId::new(uuid::Uuid::from_u128(number));
    list.enter(Revoked::Session { id }, "a test", now).unwrap()
}
