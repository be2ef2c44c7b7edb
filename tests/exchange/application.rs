//! A site that has Microsoft Graph asked in the name of its app registration, for a person in more groups than a token can list.

use std::{collections::BTreeSet, time::Duration};

use entra_emulator::{
    AppCredential, Behaviour,
    Person::{Editor, Overage, Reader},
    TokenSpec,
    Version::V1,
};
use pozi_auth::{
    keyring::SigningAlgorithm,
    sites::{Site, SiteFile},
};
use pozi_local::samples;
use pozi_tests::{Answer, Fate, FaultProxy, World, new_certificate};
use serde_json::json;
use uuid::Uuid;

use super::{ask, assert_refused, overage::naming, riverbend_with};

const APPLICATION: &str = "graph_permissions = \"application\"";
const CREDENTIALS: (u16, &str, &str) = (503, "temporarily_unavailable", "graph_credentials");
const UNAVAILABLE: (u16, &str, &str) = (503, "temporarily_unavailable", "graph_unavailable");
const SCOPE: &str = "heritage:read planning:read";

fn secret(value: &str) -> AppCredential {
    AppCredential::Secret { value: value.to_owned(), is_expired: false }
}

fn stored(value: &str) -> String {
    json!({ "client_secret": value }).to_string()
}

/// Gives the site of `file` this secret, in Entra and in the store.
fn give_secret(world: &World, file: &SiteFile, value: &str) {
    let site = Site::parse(&file.text).unwrap();
    world.entra.set_credentials(site.name.as_str(), vec![secret(value)]);
    world.credentials.set(&site, Some(&stored(value)));
}

/// Riverbend, whose registration has the secret `own`.
async fn asking() -> (World, Site) {
    let files = riverbend_with(APPLICATION);
    let world = World::with(&files, SigningAlgorithm::Es256).await;
    give_secret(&world, &files[0], "own");
    (world, Site::parse(&files[0].text).unwrap())
}

/// Exchanges the token of the person in too many groups.
async fn exchanged(world: &World) -> Answer {
    world.exchange(&world.token(&ask("", Overage, V1)), &[]).await
}

/// Has the world's calls of Entra and Graph go through a proxy.
async fn watched(world: &World) -> FaultProxy {
    let proxy = FaultProxy::in_front_of(world.graph.address().await.base()).await;
    world.graph.move_to(proxy.url().parse().unwrap());
    proxy
}

#[tokio::test]
async fn a_secret_or_a_certificate_opens_what_the_persons_groups_allow() {
    let (world, site) = asking().await;
    assert_eq!(exchanged(&world).await.scope(), SCOPE);
    let explained = world.explain(&format!("subject_token={}", world.token(&ask("", Overage, V1)))).await;
    assert_eq!(explained.json["groups_from"], "graph_memory", "{}", explained.json);

    let files = riverbend_with(APPLICATION);
    let other = World::with(&files, SigningAlgorithm::Es256).await;
    let (text, certificate) = new_certificate();
    other.entra.set_credentials("riverbend", vec![secret("x"), certificate]);
    other.credentials.set(&site, Some(&text));
    assert_eq!(exchanged(&other).await.scope(), SCOPE);
    assert_eq!((other.credentials.reads(), other.entra.application_requests()), (1, 1));
}

#[tokio::test]
async fn everybody_gets_exactly_theirs_with_one_token_for_all() {
    let mut file = naming(40);
    file.text = file.text.replace("origins = [", &format!("{APPLICATION}\norigins = ["));
    let world = World::with(&[file.clone()], SigningAlgorithm::Es256).await;
    give_secret(&world, &file, "own");
    let group = |number: u128| Uuid::from_u128(0x00de_0000_0000_4000_8000_0000_0000_0000 + number);
    for (person, own) in [(Reader, 0..7), (Editor, 20..40), (Overage, 39..40)] {
        let groups = own.clone().chain(1_000..1_300).map(group).collect();
        world.entra.set_groups("", person, groups);
        let answer = world.exchange(&world.token(&TokenSpec { person, ..TokenSpec::default() }), &[]).await;
        let expected: BTreeSet<_> = own.map(|number| format!("c{number}:read")).collect();
        let found: BTreeSet<_> = answer.scope().split(' ').map(str::to_owned).collect();
        assert_eq!(found, expected, "{}", answer.json);
    }
    assert_eq!((world.credentials.reads(), world.entra.application_requests()), (1, 1));
}

#[tokio::test]
async fn a_credential_that_is_missing_wrong_or_expired_is_said_and_is_never_no_groups() {
    let (other_text, other_certificate) = new_certificate();
    let expired = AppCredential::Secret { value: "old".to_owned(), is_expired: true };
    for (text, registered) in [
        (None, vec![secret("own")]),
        (Some("own".to_owned()), vec![secret("own")]),
        (Some(json!({ "client_secret": "own", "tenant": "x" }).to_string()), vec![secret("own")]),
        (Some(stored("another")), vec![secret("own")]),
        (Some(stored("own")), vec![]),
        (Some(stored("old")), vec![expired]),
        (Some(other_text), vec![secret("own"), new_certificate().1]),
        (Some(stored("own")), vec![other_certificate]),
    ] {
        let (world, site) = asking().await;
        world.credentials.set(&site, text.as_deref());
        world.entra.set_credentials("riverbend", registered);
        let answer = exchanged(&world).await;
        assert_refused(&answer, CREDENTIALS);
        assert_eq!(answer.header("retry-after"), "300");
        // Everybody else is not concerned.
        assert_eq!(world.exchange(&world.token(&TokenSpec::default()), &[]).await.status, 200);
    }
}

#[tokio::test]
async fn permissions_that_nobody_granted_are_said() {
    for permissions in [&[][..], &["User.Read.All"], &["GroupMember.Read.All"], &["User.Read"]] {
        let (world, _) = asking().await;
        let permissions: Vec<_> = permissions.iter().copied().map(str::to_owned).collect();
        world.entra.set_application_permissions("riverbend", permissions);
        assert_refused(&exchanged(&world).await, CREDENTIALS);
    }
}

#[tokio::test]
async fn an_outage_of_the_store_of_entra_or_of_graph_passes_by_itself() {
    let (world, _) = asking().await;
    world.graph.set_limit(Duration::from_millis(500));
    assert_eq!(world.exchange(&world.token(&TokenSpec::default()), &[]).await.status, 200);
    world.credentials.set_fails(true);
    assert_refused(&exchanged(&world).await, UNAVAILABLE);
    world.credentials.set_fails(false);
    for (behaviour, wait) in [
        (Behaviour::Slow(Duration::from_secs(30)), 5),
        (Behaviour::Throttled(Duration::from_secs(17)), 17),
        (Behaviour::Throttled(Duration::from_hours(24)), 300),
        (Behaviour::Down, 5),
        (Behaviour::Rubbish, 5),
    ] {
        world.clock.advance(10);
        world.entra.behave(behaviour);
        let answer = exchanged(&world).await;
        assert_refused(&answer, UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), wait.to_string(), "{behaviour:?}");
        world.clock.advance(wait);
    }
    world.entra.behave(Behaviour::Well);
    world.graph.set_limit(Duration::from_secs(5));
    assert_eq!(exchanged(&world).await.scope(), SCOPE);

    let (world, _) = asking().await;
    let proxy = watched(&world).await;
    for failing in ["/oauth2/v2.0/token", "/checkMemberGroups"] {
        for fate in [Fate::Fails, Fate::Lost, Fate::AnswerLost] {
            world.graph.set_limit(Duration::from_millis(if fate == Fate::Fails { 5_000 } else { 500 }));
            proxy.set_fates(move |_, what| if what.ends_with(failing) { fate } else { Fate::Passes });
            assert_refused(&exchanged(&world).await, UNAVAILABLE);
            world.clock.advance(5);
        }
    }
    proxy.set_fate(Fate::Passes);
    world.graph.set_limit(Duration::from_secs(5));
    assert_eq!(exchanged(&world).await.scope(), SCOPE);
}

#[tokio::test]
async fn a_site_uses_only_the_way_that_it_names() {
    let (world, _) = asking().await;
    let proxy = watched(&world).await;
    let mut own_token = world.graph_token(&ask("", Overage, V1));
    let others = world.graph_token(&ask("", Reader, V1));
    for graph_token in [&own_token, &others, "forged"] {
        let token = world.token(&ask("", Overage, V1));
        assert_eq!(world.exchange(&token, &[("graph_token", graph_token)]).await.scope(), SCOPE);
        world.clock.advance(300);
    }
    let paths: Vec<_> = proxy.take_seen().into_iter().map(|seen| seen.what).collect();
    assert_eq!(paths.len(), 4, "{paths:?}");
    assert!(paths.iter().all(|path| !path.contains("/me") && !path.contains("/organization")), "{paths:?}");

    let files = riverbend_with("graph_permissions = \"delegated\"");
    let world = World::with(&files, SigningAlgorithm::Es256).await;
    give_secret(&world, &files[0], "own");
    own_token = world.graph_token(&ask("", Overage, V1));
    let token = world.token(&ask("", Overage, V1));
    assert_eq!(world.exchange(&token, &[]).await.refusal().1, "groups_overage");
    assert_eq!(world.exchange(&token, &[("graph_token", &own_token)]).await.scope(), SCOPE);
    assert_eq!((world.credentials.reads(), world.entra.application_requests()), (0, 0));
}

#[tokio::test]
async fn tokens_and_answers_cross_no_tenant() {
    let mut files = samples::site_files();
    for file in &mut files {
        file.text = file.text.replace("origins = [", &format!("{APPLICATION}\norigins = ["));
    }
    let world = World::with(&files, SigningAlgorithm::Es256).await;
    let proxy = watched(&world).await;
    for (index, file) in files.iter().enumerate() {
        give_secret(&world, file, &format!("secret-{index}"));
    }
    let sites: Vec<_> = files.iter().map(|file| Site::parse(&file.text).unwrap()).collect();
    for site in &sites {
        let token = world.token(&ask(site.name.as_str(), Overage, V1));
        let answer = world.exchange(&token, &[]).await;
        assert_eq!(answer.status, 200, "{}: {}", site.name, answer.json);
    }
    let asked: Vec<_> = proxy.take_seen().into_iter().map(|seen| seen.what).collect();
    for site in &sites {
        let path = format!("/{}/oauth2/v2.0/token", site.tenant());
        assert_eq!(asked.iter().filter(|what| **what == path).count(), 1, "{asked:?}");
    }
    // One tenant's credential, stored for another, gets nothing there.
    let world = World::with(&files, SigningAlgorithm::Es256).await;
    give_secret(&world, &files[0], "own");
    world.credentials.set(&sites[1], Some(&stored("own")));
    assert_eq!(exchanged(&world).await.status, 200);
    let token = world.token(&ask(sites[1].name.as_str(), Overage, V1));
    assert_refused(&world.exchange(&token, &[]).await, CREDENTIALS);
}

#[tokio::test]
async fn a_token_that_graph_no_longer_accepts_is_replaced() {
    let (world, _) = asking().await;
    let token = world.token(&ask("", Overage, V1));
    assert_eq!(world.exchange(&token, &[]).await.scope(), SCOPE);
    for _ in 0..entra_emulator::PUBLISHED_KEYS {
        world.entra.roll_keys();
    }
    world.clock.advance(300);
    assert_eq!(world.exchange(&token, &[]).await.scope(), SCOPE);
    assert_eq!((world.credentials.reads(), world.entra.application_requests()), (2, 2));
}
