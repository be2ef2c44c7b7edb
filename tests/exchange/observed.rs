//! A site that is only observed: who gets which session and until when, and that nothing but the rules is relaxed.

use entra_emulator::{
    Person,
    Version::{V1, V2},
};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::{Answer, NOW, World, exchange_form, part};
use serde_json::{Value, json};

use super::{ask, riverbend_with};

/// What an observed session of riverbend opens: every catalogue, and writing where a rule names anyone.
const EVERYTHING: &str = "assets:read assets:write heritage:read planning:read";
/// The end of the day of [`NOW`], which is 2027-01-15.
const MIDNIGHT: u64 = 1_800_057_600;
const DAY: u64 = 24 * 3_600;

async fn observed_until(day: &str) -> World {
    let files = riverbend_with(&format!("enforcement = \"observe until {day}\""));
    World::with(&files, SigningAlgorithm::Es256).await
}

/// Exchanges a token that lives for another `life` seconds.
async fn exchanged(world: &World, person: Person, life: u64) -> Answer {
    let now = world.clock.unix_seconds();
    let mut claims = world.entra.claims(&ask("riverbend", person, V1), now).unwrap();
    claims["exp"] = json!(now + life);
    world.exchange(&world.entra.sign(&world.entra.header(V1), &claims), &[]).await
}

/// Also for people in no group, and in too many for a token.
#[tokio::test]
async fn everyone_opens_every_catalogue_and_the_session_says_what_the_rules_allow() {
    let world = observed_until("2027-02-01").await;
    for (person, enforced) in [
        (Person::Reader, "heritage:read planning:read"),
        (Person::Guest, "heritage:read planning:read"),
        (Person::Editor, EVERYTHING),
        (Person::NoGroups, ""),
        (Person::Overage, ""),
    ] {
        for version in [V1, V2] {
            let answer = world.exchange(&world.token(&ask("riverbend", person, version)), &[]).await;
            let claims = part(answer.session(), 1);
            assert_eq!((answer.scope(), &claims["scope"]), (EVERYTHING, &json!(EVERYTHING)), "{person}");
            assert_eq!(claims["enforced_scope"], enforced, "{person}");
            assert_eq!((&claims["policy_revision"], &answer.json["expires_in"]), (&json!(1), &json!(600)));
        }
    }
}

#[tokio::test]
async fn a_session_opens_no_more_than_was_asked_for_and_nobody_writes_what_no_rule_lets_anyone_write() {
    let world = observed_until("2027-02-01").await;
    let (reader, nobody) = (Person::Reader, Person::NoGroups);
    for (person, asked, enforced) in [
        (nobody, "planning:read", ""),
        (reader, "planning:read", "planning:read"),
        (reader, "assets:write planning:read", "planning:read"),
    ] {
        let token = world.token(&ask("riverbend", person, V1));
        let answer = world.exchange(&token, &[("scope", asked)]).await;
        let claims = part(answer.session(), 1);
        assert_eq!((answer.scope(), &claims["enforced_scope"]), (asked, &json!(enforced)), "{person}");
    }
    for asked in ["planning:write", "planning:read planning:write", "absent:read"] {
        let token = world.token(&ask("riverbend", Person::Editor, V1));
        assert_eq!(world.exchange(&token, &[("scope", asked)]).await.refusal().1, "scope_not_allowed");
    }
}

/// Observation is about the rules: a token must still be right.
#[tokio::test]
async fn whatever_is_refused_before_the_rules_is_refused_as_ever() {
    let world = observed_until("2027-02-01").await;
    let app = world.token(&ask("riverbend", Person::AppOnly, V1));
    assert_eq!(world.exchange(&app, &[]).await.refusal().1, "app_only_token");
    let spoiled = |name: &str, value: Value| {
        let mut claims = world.entra.claims(&ask("riverbend", Person::NoGroups, V1), NOW).unwrap();
        claims[name] = value;
        world.entra.sign(&world.entra.header(V1), &claims)
    };
    for (name, value, reason) in [
        ("exp", json!(NOW), "expired"),
        ("iat", json!(NOW - 7_300), "token_too_old"),
        ("scp", json!("User.Read"), "scope_missing"),
        ("appid", json!("11111111-2222-4333-8444-555555555555"), "client_not_allowed"),
        ("aud", json!("https://evil.example"), "audience_mismatch"),
    ] {
        assert_eq!(world.exchange(&spoiled(name, value), &[]).await.refusal().1, reason, "{name}");
    }
    let form = exchange_form(&world.token(&ask("riverbend", Person::NoGroups, V1)), &[]);
    let foreign = world.post(&form, &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.refusal().1, "origin_not_allowed");
}

/// However long the Entra token lives, and however often it is exchanged.
#[tokio::test]
async fn no_session_outlives_the_last_day_and_the_day_after_is_enforced() {
    let world = observed_until("2027-01-15").await;
    for before in [3_600, 601, 600, 599, 60, 1] {
        world.clock.set(MIDNIGHT - before);
        for life in [30, 3_600, 28 * 3_600] {
            let answer = exchanged(&world, Person::NoGroups, life).await;
            let expires = part(answer.session(), 1)["exp"].as_u64().unwrap();
            assert_eq!(expires, MIDNIGHT.min(MIDNIGHT - before + life.min(600)), "{before} {life}");
            assert_eq!(answer.scope(), EVERYTHING);
        }
    }
    for after in [0, 1, DAY, 7 * DAY] {
        world.clock.set(MIDNIGHT + after);
        let refused = exchanged(&world, Person::NoGroups, 28 * 3_600).await;
        assert_eq!(refused.refusal().1, "no_catalogue", "{after}");
        assert_eq!(exchanged(&world, Person::Overage, 3_600).await.refusal().1, "groups_overage");
        let reader = exchanged(&world, Person::Reader, 3_600).await;
        assert_eq!(reader.scope(), "heritage:read planning:read");
        let claims = part(reader.session(), 1);
        assert_eq!((claims.get("enforced_scope"), &reader.json["expires_in"]), (None, &json!(600)));
    }
}

/// No mistake, in a file or in what is stored by hand, opens a site for longer.
#[tokio::test]
async fn a_site_is_observed_for_at_most_60_days_ahead() {
    for (day, is_observed) in
        [("2027-03-16", true), ("2027-03-17", false), ("2028-01-01", false), ("9999-12-31", false)]
    {
        let world = observed_until(day).await;
        let answer = exchanged(&world, Person::NoGroups, 3_600).await;
        assert_eq!(answer.scope() == EVERYTHING, is_observed, "{day}");
        assert_eq!(answer.refusal().1, if is_observed { "" } else { "no_catalogue" }, "{day}");
    }
}

/// What Graph says counts for `enforced_scope`. If it says nothing, nobody is refused.
#[tokio::test]
async fn an_overage_that_cannot_be_resolved_refuses_nobody_at_an_observed_site() {
    let world = observed_until("2027-02-01").await;
    let person = ask("riverbend", Person::Overage, V1);
    let token = world.graph_token(&person);
    let exchanged = async || {
        let answer = world.exchange(&world.token(&person), &[("graph_token", &token)]).await;
        assert_eq!(answer.scope(), EVERYTHING);
        part(answer.session(), 1)["enforced_scope"].as_str().unwrap().to_owned()
    };
    let working = world.graph.address().await;
    world.graph.move_to("http://127.0.0.1:1".parse().unwrap());
    assert_eq!(exchanged().await, "");
    world.graph.move_to(working);
    assert_eq!(exchanged().await, "heritage:read planning:read");
}
