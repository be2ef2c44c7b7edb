//! Which catalogues a person gets.

use entra_emulator::{
    Kind,
    Person::{AppOnly, Editor, Guest, NoGroups, Overage, Reader},
    TokenSpec,
    Version::{V1, V2},
};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_local::samples;
use pozi_tests::World;

use super::{ask, assert_common_headers, assert_invalid, assert_refused};

#[tokio::test]
async fn a_person_gets_exactly_the_catalogues_of_their_groups() {
    let world = World::new().await;
    for (site, person, scope) in [
        ("riverbend", Reader, "heritage:read planning:read"),
        ("riverbend", Guest, "heritage:read planning:read"),
        ("riverbend", Editor, "assets:read assets:write heritage:read planning:read"),
        ("saltmarsh", Reader, "everyday:read wetlands:read"),
        ("saltmarsh", Guest, "everyday:read wetlands:read"),
        ("saltmarsh", Editor, "everyday:read wetlands:read wetlands:write"),
        ("saltmarsh", NoGroups, "everyday:read"),
    ] {
        for version in [V1, V2] {
            let answer = world.exchange(&world.token(&ask(site, person, version)), &[]).await;
            assert_eq!(
                (answer.status.as_u16(), answer.scope()),
                (200, scope),
                "{site} {person} {version}: {}",
                answer.json
            );
            assert_common_headers(&answer);
        }
    }
}

/// Programs on its way would refuse the header, each in its own way.
#[tokio::test]
async fn a_session_that_is_too_large_is_refused_and_a_part_of_it_is_given() {
    let mut files = samples::site_files();
    let more = (0..200).map(|index| {
        format!(
            "\n[[catalogue]]\nid = \"catalogue-number-{index}\"\ntitle = \"T\"\nproject = \"C:/{index}.qgz\"\nread = \"everyone-signed-in\"\n"
        )
    });
    files[0].text.extend(more);
    let world = World::with(&files, SigningAlgorithm::Es256).await;
    let token = world.token(&ask("riverbend", Reader, V1));
    assert_refused(&world.exchange(&token, &[]).await, (400, "invalid_scope", "session_too_large"));
    let part = world.exchange(&token, &[("scope", "planning:read")]).await;
    assert_eq!((part.status.as_u16(), part.scope()), (200, "planning:read"));
}

#[tokio::test]
async fn a_token_that_grants_nothing_is_refused_with_the_reason() {
    let world = World::new().await;
    for (site, person, kind, reason) in [
        ("riverbend", NoGroups, Kind::Access, "no_catalogue"),
        ("riverbend", Overage, Kind::Access, "groups_overage"),
        // Everyone may read one catalogue there, but without the groups the other cannot be decided.
        ("saltmarsh", Overage, Kind::Access, "groups_overage"),
        ("riverbend", AppOnly, Kind::Access, "app_only_token"),
        ("saltmarsh", AppOnly, Kind::Access, "app_only_token"),
        ("riverbend", Reader, Kind::Id, "id_token"),
        ("saltmarsh", NoGroups, Kind::Id, "id_token"),
    ] {
        for version in [V1, V2] {
            let ask = TokenSpec { kind, ..ask(site, person, version) };
            assert_invalid(&world.exchange(&world.token(&ask), &[]).await, reason);
        }
    }
}

#[tokio::test]
async fn scope_narrows_a_session_and_never_widens_it() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Editor, V1));
    for (requested, granted) in [
        ("planning:read", "planning:read"),
        (" heritage:read  planning:read ", "heritage:read planning:read"),
        ("planning:read planning:read", "planning:read"),
        ("assets:write", "assets:write"),
        ("assets:read", "assets:read"),
        ("", "assets:read assets:write heritage:read planning:read"),
    ] {
        let answer = world.exchange(&token, &[("scope", requested)]).await;
        assert_eq!((answer.status.as_u16(), answer.scope()), (200, granted), "{requested}: {}", answer.json);
        assert_eq!(pozi_tests::part(answer.session(), 1)["scope"], granted);
    }
    for requested in [
        "planning:write",
        "assets:write planning:write",
        "heritage:read planning:read assets:read assets:write everyday:read",
    ] {
        let answer = world.exchange(&token, &[("scope", requested)]).await;
        assert_refused(&answer, (400, "invalid_scope", "scope_not_allowed"));
    }
}

#[tokio::test]
async fn a_forbidden_catalogue_looks_like_one_that_does_not_exist() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Reader, V1));
    let forbidden = world.exchange(&token, &[("scope", "planning:read assets:read")]).await;
    let absent = world.exchange(&token, &[("scope", "planning:read absent:read")]).await;
    assert_refused(&forbidden, (400, "invalid_scope", "scope_not_allowed"));
    assert_eq!(forbidden.status, absent.status);
    assert_eq!(forbidden.headers, absent.headers);
    assert_eq!(forbidden.body, absent.body);
}
