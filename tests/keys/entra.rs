//! Entra's keys: fetched seldom, kept through outages, followed when they roll.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{
    Behaviour, Person, TokenAsk,
    Version::{self, V1, V2},
};
use pozi_tests::{Answer, World, part};
use serde_json::json;
use tokio::task::JoinSet;

const COOLDOWN: u64 = 5 * 60;
const FRESH: u64 = 60 * 60;
const KEEP: u64 = 24 * 60 * 60;

fn reader(site: &str, version: Version) -> TokenAsk {
    TokenAsk { site: site.to_owned(), version, ..TokenAsk::default() }
}

/// A world whose service holds the keys of these versions of riverbend's, and how often it fetched for that.
async fn warm(versions: &[Version]) -> (World, usize) {
    let world = World::new().await;
    for version in versions {
        assert_eq!(exchange(&world, *version).await.status, 200);
    }
    let calls = world.key_sets.calls();
    (world, calls)
}

/// Exchanges a token that Entra issues now.
async fn exchange(world: &World, version: Version) -> Answer {
    world.exchange(&world.token(&reader("riverbend", version)), &[]).await
}

/// Exchanges a number of such tokens at once, and gives the statuses and reasons.
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

/// A token of riverbend's reader under a key id that nobody published, as anybody can write one.
fn under_key(world: &World, version: Version, key_id: &str) -> String {
    let mut header = world.entra.header(version);
    header["kid"] = json!(key_id);
    let token = world.token(&reader("riverbend", version));
    let rest = token.split_once('.').map(|(_, rest)| rest).unwrap_or_default();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[tokio::test]
async fn a_warm_exchange_makes_no_call() {
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
    assert_eq!(world.key_sets.calls(), calls + 1, "after an hour it looks again");
}

#[tokio::test]
async fn an_unregistered_tenant_never_causes_a_call() {
    let world = World::new().await;
    let mut claims = world.entra.claims(&TokenAsk::default(), pozi_tests::NOW).unwrap();
    for tenant in 0..100_u128 {
        claims["tid"] = json!(uuid::Uuid::from_u128(tenant).to_string());
        let answer = world.exchange(&world.entra.sign(&world.entra.header(V1), &claims), &[]).await;
        assert_eq!(answer.refusal(), ("invalid_request", "unknown_tenant"));
    }
    assert_eq!(world.key_sets.calls(), 0);
}

#[tokio::test]
async fn a_crowd_in_front_of_a_slow_tenant_causes_one_fetch() {
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
            assert_eq!(world.key_sets.calls(), calls + roll, "each roll is followed by one fetch");
            world.clock.advance(COOLDOWN);
        }
    }
}

#[tokio::test]
async fn tenants_roll_independently_of_one_another() {
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

/// Only a fetch in vain starts the pause that both versions share; one that brings the new key costs nobody a turn.
#[tokio::test]
async fn both_versions_in_one_tenant_follow_roll_after_roll_at_once() {
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
async fn through_an_outage_warm_keys_last_a_day_and_then_one_is_told_when_to_come_back() {
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let (world, calls) = warm(&[V1]).await;
        world.entra.behave(behaviour);
        for passed in (0..KEEP).step_by(150) {
            world.clock.set(pozi_tests::NOW + passed);
            assert_eq!(exchange(&world, V1).await.status, 200, "{behaviour:?}, {passed} s after");
        }
        // From the hour on, one call every five minutes.
        let expected = usize::try_from((KEEP - FRESH) / COOLDOWN).unwrap();
        assert_eq!(world.key_sets.calls() - calls, expected);

        world.clock.set(pozi_tests::NOW + KEEP);
        let answer = exchange(&world, V1).await;
        assert_eq!(
            (answer.status.as_u16(), answer.refusal()),
            (503, ("temporarily_unavailable", "keys_unavailable"))
        );
        let pause: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=COOLDOWN).contains(&pause), "{pause}");

        world.entra.behave(Behaviour::Well);
        world.clock.advance(pause);
        assert_eq!(exchange(&world, V1).await.status, 200, "whoever came back when told is served");
    }
}

#[tokio::test]
async fn a_tenant_that_is_down_from_the_start_is_asked_once_in_five_minutes() {
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let world = World::new().await;
        world.entra.behave(behaviour);
        for passed in 0..COOLDOWN {
            world.clock.set(pozi_tests::NOW + passed);
            let answer = exchange(&world, V1).await;
            assert_eq!(answer.status.as_u16(), 503);
            assert_eq!(answer.header("retry-after"), (COOLDOWN - passed).to_string());
        }
        assert_eq!(world.key_sets.calls(), 1);
        world.entra.behave(Behaviour::Well);
        world.clock.advance(1);
        assert_eq!(exchange(&world, V1).await.status, 200);
    }
}

#[tokio::test]
async fn a_rolled_key_during_an_outage_costs_only_the_tokens_under_it() {
    let (world, _) = warm(&[V1]).await;
    let before = world.token(&reader("riverbend", V1));
    world.entra.behave(Behaviour::Rubbish);
    world.entra.roll_keys();
    // Nobody can tell now whether there is such a key, so that waiting may help.
    assert_eq!(exchange(&world, V1).await.refusal(), ("temporarily_unavailable", "keys_unavailable"));
    assert_eq!(world.exchange(&before, &[]).await.status, 200, "rubbish never replaced the good keys");
    world.entra.behave(Behaviour::Well);
    world.clock.advance(COOLDOWN);
    assert_eq!(exchange(&world, V1).await.status, 200);
}

#[tokio::test]
async fn ten_thousand_unknown_key_ids_cause_one_fetch_in_five_minutes() {
    let (world, calls) = warm(&[V1, V2]).await;
    let calls = flood(&world, calls, 1).await;
    // The pause over, the same again.
    world.clock.advance(COOLDOWN);
    let answer = world.exchange(&under_key(&world, V2, "late"), &[]).await;
    assert_eq!(answer.refusal().1, "unknown_key");
    assert!(!answer.headers.contains_key("retry-after"), "the tenant was asked: there is no such key");
    let answer = world.exchange(&under_key(&world, V2, "later"), &[]).await;
    assert_eq!(answer.refusal().1, "unknown_key");
    assert_eq!(answer.header("retry-after"), COOLDOWN.to_string(), "nobody has looked: waiting may help");
    assert_eq!(world.key_sets.calls(), calls + 1);
}

#[tokio::test]
async fn a_cold_service_is_made_to_fetch_each_version_once() {
    flood(&World::new().await, 0, 2).await;
}

/// Sends ten thousand tokens of both versions under unknown keys within five minutes, and good ones among them;
/// `allowed` more calls may be made than the `before` so far. Gives the number of all calls.
async fn flood(world: &World, before: usize, allowed: usize) -> usize {
    let good = [V1, V2].map(|version| world.token(&reader("riverbend", version)));
    let start = world.clock.unix_seconds();
    let template = [V1, V2].map(|version| under_key(world, version, "unknown-00000"));
    let header = template.each_ref().map(|token| part(token, 0).to_string());
    for count in 0..10_000_u64 {
        world.clock.set(start + count * (COOLDOWN - 1) / 9_999);
        let which = usize::from(count % 2 == 1);
        let rest = template[which].split_once('.').map(|(_, rest)| rest).unwrap_or_default();
        let header = header[which].replace("unknown-00000", &format!("unknown-{count:05}"));
        let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(world.exchange(&token, &[]).await.refusal(), ("invalid_request", "unknown_key"));
        if count % 1_000 < 2 {
            assert_eq!(
                world.exchange(&good[which], &[]).await.status,
                200,
                "nobody else is the worse for it"
            );
        }
    }
    assert_eq!(world.key_sets.calls(), before + allowed);
    world.key_sets.calls()
}

#[tokio::test]
async fn a_guest_and_a_member_are_verified_with_the_same_keys() {
    let (world, calls) = warm(&[V1]).await;
    let guest = TokenAsk { person: Person::Guest, ..reader("riverbend", V1) };
    assert_eq!(world.exchange(&world.token(&guest), &[]).await.status, 200);
    assert_eq!(world.key_sets.calls(), calls);
}
