//! Which catalogues a person gets.

use entra_emulator::{
    Kind,
    Person::{AppOnly, Editor, Guest, NoGroups, Overage, Reader},
    TokenSpec,
    Version::{V1, V2},
};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_local::samples;
use pozi_tests::{Answer, NOW, World};
use serde_json::json;

use super::{ask, assert_common_headers, assert_invalid, assert_refused, riverbend_with};

/// RFC 6749 §3.3, §5.1; RFC 9111 §5.2.2.5.
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

/// RFC 8725 §2.8; RFC 9068 §5; RFC 9700 §4.15.1.
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

/// Exchanges and explains a token that lists the planners among its roles, with these groups.
async fn with_groups_in_roles(world: &World, groups: serde_json::Value) -> (Answer, Answer) {
    let mut claims = world.entra.claims(&ask("riverbend", Reader, V1), NOW).unwrap();
    claims["roles"] = json!(["PoziServer.Read", "02f1ea5a-8a90-454c-9ecb-df4562c6afd7"]);
    match groups {
        serde_json::Value::Null => drop(claims.as_object_mut().unwrap().remove("groups")),
        groups => claims["groups"] = groups,
    }
    let token = world.entra.sign(&world.entra.header(V1), &claims);
    let explained = world.explain(&format!("subject_token={token}")).await;
    (world.exchange(&token, &[]).await, explained)
}

#[tokio::test]
async fn groups_in_roles_count_only_where_the_site_says_so() {
    let by_default = World::new().await;
    let (answer, explained) = with_groups_in_roles(&by_default, json!(null)).await;
    assert_invalid(&answer, "groups_in_roles");
    let sentence = answer.json["error_description"].as_str().unwrap();
    assert!(sentence.contains("roles") && sentence.contains("groups_as_roles"), "{sentence}");
    let read = &explained.json["catalogues"][0]["read"];
    assert_eq!(read["because"], "groups_in_roles");
    assert!(read["sentence"].as_str().unwrap().contains("groups_as_roles"), "{read}");
    let (answer, explained) = with_groups_in_roles(&by_default, json!([])).await;
    assert_invalid(&answer, "no_catalogue");
    assert_eq!(explained.json["catalogues"][0]["read"]["because"], "not_in_group", "`groups` is present");

    let as_roles = World::with(&riverbend_with("groups_as_roles = true"), SigningAlgorithm::Es256).await;
    let (answer, explained) = with_groups_in_roles(&as_roles, json!(null)).await;
    assert_eq!(answer.scope(), "heritage:read planning:read", "{}", answer.json);
    assert_eq!(explained.json["catalogues"][0]["read"]["because"], "group");
    let (answer, _) = with_groups_in_roles(&as_roles, json!([])).await;
    assert_invalid(&answer, "no_catalogue");
}

#[tokio::test]
async fn an_overage_warns_that_assigned_groups_leave_out_nested_ones() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Overage, V1));
    let refused = world.exchange(&token, &[]).await;
    assert_invalid(&refused, "groups_overage");
    let explained = world.explain(&format!("subject_token={token}")).await;
    for text in [&refused.json["error_description"], &explained.json["catalogues"][0]["read"]["sentence"]] {
        assert!(text.as_str().unwrap().contains("nested"), "{text}");
    }
}

/// RFC 6749 §3.3 allows to ignore a part of the scope; client libraries add these words by themselves.
#[tokio::test]
async fn scopes_of_openid_connect_beside_catalogues_are_ignored() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Reader, V1));
    for (requested, granted) in [
        ("openid planning:read", "planning:read"),
        ("planning:read profile email offline_access openid", "planning:read"),
    ] {
        let answer = world.exchange(&token, &[("scope", requested)]).await;
        assert_eq!((answer.status.as_u16(), answer.scope()), (200, granted), "{requested}: {}", answer.json);
        assert_eq!(pozi_tests::part(answer.session(), 1)["scope"], granted);
    }
    for (requested, reason) in [
        ("openid profile", "empty_scope"),
        ("OpenID planning:read", "malformed_scope"),
        ("address planning:read", "malformed_scope"),
        ("openid assets:write", "scope_not_allowed"),
    ] {
        let answer = world.exchange(&token, &[("scope", requested)]).await;
        assert_refused(&answer, (400, "invalid_scope", reason));
    }
}

/// RFC 6749 §3.3; RFC 6750 §5.2; RFC 8693 §2.2.1, §5; RFC 8707 §2.2; RFC 9068 §2.2.3, §3; RFC 9700 §2.3;
/// RFC 10017 §9.1.
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

/// RFC 6749 §5.2.
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
