//! Entra's keys: when they are fetched, and key rollovers.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{
    Behaviour, Person, TokenSpec,
    Version::{self, V1, V2},
};
use pozi_tests::{Answer, World, part};
use serde_json::json;
use tokio::task::JoinSet;

pub(crate) const COOLDOWN: u64 = 5 * 60;
pub(crate) const FRESH: u64 = 60 * 60;

pub(crate) fn reader(site: &str, version: Version) -> TokenSpec {
    TokenSpec { site: site.to_owned(), version, ..TokenSpec::default() }
}

/// Returns a world whose service has riverbend's keys for these token versions, and the number of fetches so far.
pub(crate) async fn warm(versions: &[Version]) -> (World, usize) {
    let world = World::new().await;
    for version in versions {
        assert_eq!(exchange(&world, *version).await.status, 200);
    }
    let calls = world.key_sets.calls();
    (world, calls)
}

/// Exchanges a token that Entra issues now.
pub(crate) async fn exchange(world: &World, version: Version) -> Answer {
    world.exchange(&world.token(&reader("riverbend", version)), &[]).await
}

/// Exchanges `tokens` at once, and returns statuses and reasons.
async fn exchange_at_once(world: &World, tokens: Vec<String>) -> Vec<(u16, String)> {
    let mut exchanges = JoinSet::new();
    for token in tokens {
        let world = world.clone();
        exchanges.spawn(async move { world.exchange(&token, &[]).await });
    }
    let answers = exchanges.join_all().await;
    answers.iter().map(|answer| (answer.status.as_u16(), answer.refusal().1.to_owned())).collect()
}

fn is_granted(answer: &(u16, String)) -> bool {
    answer.0 == 200
}

/// Returns a token of riverbend's reader with an unknown key id, which anyone could make up.
fn with_key_id(world: &World, version: Version, key_id: &str) -> String {
    let mut header = world.entra.header(version);
    header["kid"] = json!(key_id);
    let token = world.token(&reader("riverbend", version));
    let rest = token.split_once('.').map(|(_, rest)| rest).unwrap_or_default();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[tokio::test]
async fn an_exchange_with_cached_keys_makes_no_call() {
    let (world, calls) = warm(&[V1, V2]).await;
    assert_eq!(calls, 2, "one key set for each version");
    for passed in [0, 1, 1_800, FRESH - 1] {
        world.clock.set(pozi_tests::NOW + passed);
        for version in [V1, V2] {
            assert_eq!(exchange(&world, version).await.status, 200);
        }
    }
    assert_eq!(world.key_sets.calls(), calls);
    world.clock.set(pozi_tests::NOW + FRESH);
    assert_eq!(exchange(&world, V1).await.status, 200);
    assert_eq!(world.key_sets.calls(), calls + 1, "after an hour the keys are fetched again");
}

/// RFC 8725 §2.9.
#[tokio::test]
async fn an_unregistered_tenant_never_causes_a_call() {
    let world = World::new().await;
    let mut claims = world.entra.claims(&TokenSpec::default(), pozi_tests::NOW).unwrap();
    for tenant in 0..100_u128 {
        claims["tid"] = json!(uuid::Uuid::from_u128(tenant).to_string());
        let answer = world.exchange(&world.entra.sign(&world.entra.header(V1), &claims), &[]).await;
        assert_eq!(answer.refusal(), ("invalid_request", "unknown_tenant"));
    }
    assert_eq!(world.key_sets.calls(), 0);
}

#[tokio::test]
async fn concurrent_exchanges_cause_one_fetch() {
    for version in [V1, V2] {
        let world = World::new().await;
        world.entra.behave(Behaviour::Slow(Duration::from_millis(50)));
        let tokens = (0..50).map(|_| world.token(&reader("riverbend", version))).collect();
        let answers = exchange_at_once(&world, tokens).await;
        assert!(answers.iter().all(is_granted), "{answers:?}");
        assert_eq!((answers.len(), world.key_sets.calls()), (50, 1));
    }
}

#[tokio::test]
async fn no_exchange_fails_while_the_keys_roll() {
    for version in [V1, V2] {
        let (world, calls) = warm(&[version]).await;
        for roll in 1..=6 {
            let before: Vec<_> = (0..10).map(|_| world.token(&reader("riverbend", version))).collect();
            world.entra.roll_keys();
            let after = (0..10).map(|_| world.token(&reader("riverbend", version)));
            let answers = exchange_at_once(&world, before.into_iter().chain(after).collect()).await;
            assert!(answers.iter().all(is_granted), "version {version}, roll {roll}: {answers:?}");
            assert_eq!(world.key_sets.calls(), calls + roll, "each rollover causes one fetch");
            world.clock.advance(COOLDOWN);
        }
    }
}

#[tokio::test]
async fn tenants_roll_their_keys_independently() {
    let world = World::new().await;
    let sites = [("riverbend", V1), ("saltmarsh", V2)];
    for round in 0..2 {
        let tokens = sites.map(|(site, version)| world.token(&reader(site, version)));
        let answers = exchange_at_once(&world, tokens.to_vec()).await;
        assert!(answers.iter().all(is_granted), "round {round}: {answers:?}");
        world.entra.roll_keys();
    }
    assert_eq!(world.key_sets.calls(), 4);
}

/// Only a fetch without the key starts the pause that both versions share.
#[tokio::test]
async fn both_versions_of_one_tenant_follow_repeated_rollovers_at_once() {
    let (world, calls) = warm(&[V1, V2]).await;
    for roll in 1..=3 {
        world.entra.roll_keys();
        for version in [V1, V2] {
            assert_eq!(exchange(&world, version).await.status, 200);
        }
        assert_eq!(world.key_sets.calls(), calls + 2 * roll);
    }
}

#[tokio::test]
async fn ten_thousand_unknown_key_ids_cause_one_fetch_in_five_minutes() {
    let (world, calls) = warm(&[V1, V2]).await;
    let calls = flood(&world, calls, 1).await;
    // After the pause, the same again.
    world.clock.advance(COOLDOWN);
    let answer = world.exchange(&with_key_id(&world, V2, "late"), &[]).await;
    assert_eq!(answer.refusal().1, "unknown_key");
    assert!(!answer.headers.contains_key("retry-after"), "a fetch showed that there is no such key");
    let answer = world.exchange(&with_key_id(&world, V2, "later"), &[]).await;
    assert_eq!(answer.refusal().1, "unknown_key");
    assert_eq!(answer.header("retry-after"), COOLDOWN.to_string(), "no fetch was made, so waiting may help");
    assert_eq!(world.key_sets.calls(), calls + 1);
}

#[tokio::test]
async fn unknown_key_ids_make_a_cold_service_fetch_each_version_once() {
    flood(&World::new().await, 0, 2).await;
}

/// Sends ten thousand tokens of both versions with unknown key ids within five minutes, and valid ones among them. Checks
/// that `allowed` calls are made beyond the `before` so far, and returns the number of all calls.
async fn flood(world: &World, before: usize, allowed: usize) -> usize {
    let valid = [V1, V2].map(|version| world.token(&reader("riverbend", version)));
    let start = world.clock.unix_seconds();
    let template = [V1, V2].map(|version| with_key_id(world, version, "unknown-00000"));
    let header = template.each_ref().map(|token| part(token, 0).to_string());
    for count in 0..10_000_u64 {
        world.clock.set(start + count * (COOLDOWN - 1) / 9_999);
        let which = usize::from(count % 2 == 1);
        let rest = template[which].split_once('.').map(|(_, rest)| rest).unwrap_or_default();
        let header = header[which].replace("unknown-00000", &format!("unknown-{count:05}"));
        let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(world.exchange(&token, &[]).await.refusal(), ("invalid_request", "unknown_key"));
        if count % 1_000 < 2 {
            assert_eq!(world.exchange(&valid[which], &[]).await.status, 200, "a valid token is not affected");
        }
    }
    assert_eq!(world.key_sets.calls(), before + allowed);
    world.key_sets.calls()
}

#[tokio::test]
async fn a_guest_and_a_member_are_verified_with_the_same_keys() {
    let (world, calls) = warm(&[V1]).await;
    let guest = TokenSpec { person: Person::Guest, ..reader("riverbend", V1) };
    assert_eq!(world.exchange(&world.token(&guest), &[]).await.status, 200);
    assert_eq!(world.key_sets.calls(), calls);
}
