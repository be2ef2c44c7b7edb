//! What the audit event of an exchange says about the site's rules.

use entra_emulator::{Person, TokenSpec, Version};
use pozi_auth::{keyring::SigningAlgorithm, sites::SiteFile};
use pozi_tests::{NOW, World, part, riverbend_with};
use serde_json::{Value, json};

use super::{Lines, audit::hash_of, audits};

/// The log alone says why a person who gets a session does not see a catalogue, and which rules refused one who gets none.
#[tokio::test]
async fn what_stays_closed_is_logged_with_the_rule_for_sessions_and_for_refusals_of_access() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let assets = "assets:read not_in_group, assets:write not_in_group";
    for (site, person, decision, closed) in [
        ("riverbend", Person::Reader, "granted", format!("planning:write nobody, heritage:write nobody, {assets}")),
        (
            "riverbend",
            Person::NoGroups,
            "refused",
            format!(
                "planning:read not_in_group, planning:write nobody, heritage:read not_in_group, heritage:write nobody, {assets}"
            ),
        ),
        (
            "riverbend",
            Person::Overage,
            "refused",
            "planning:read overage, planning:write nobody, heritage:read overage, heritage:write nobody, assets:read overage, assets:write overage".to_owned(),
        ),
        ("saltmarsh", Person::Editor, "granted", "everyday:write nobody".to_owned()),
    ] {
        let ask = TokenSpec { site: site.to_owned(), person, ..TokenSpec::default() };
        world.exchange(&world.token(&ask), &[]).await;
        let lines = lines.take();
        let audit = audits(&lines)[0];
        assert_eq!((&audit["decision"], &audit["closed"]), (&json!(decision), &json!(closed)), "{person}");
    }
    let stale = world.token(&TokenSpec::default());
    world.clock.advance(2 * 3_600);
    world.exchange(&stale, &[]).await;
    assert_eq!(audits(&lines.take())[0]["closed"], Value::Null, "no rule was asked about an expired token");
}

/// The log alone says what a site's rules would have refused while they were only observed, and to how many people.
#[tokio::test]
async fn an_observed_exchange_logs_what_the_rules_would_have_refused() {
    let file = riverbend_with("enforcement = \"observe until 2027-01-15\"");
    let world = World::with(&[file], SigningAlgorithm::Es256).await;
    let (lines, _guard) = Lines::capture();
    let all = "assets:read assets:write heritage:read planning:read";
    for (person, scope, would_refuse, would_close) in [
        (Person::Editor, None, Value::Null, Value::Null),
        (Person::Reader, None, Value::Null, json!("assets:read assets:write")),
        (Person::Reader, Some("planning:read"), Value::Null, Value::Null),
        (Person::Reader, Some("assets:read planning:read"), json!("scope_not_allowed"), json!("assets:read")),
        (Person::NoGroups, None, json!("no_catalogue"), json!(all)),
        (Person::NoGroups, Some("planning:read"), json!("no_catalogue"), json!("planning:read")),
        (Person::Overage, None, json!("groups_overage"), json!(all)),
    ] {
        let token = world.token(&TokenSpec { person, ..TokenSpec::default() });
        let scope: Vec<_> = scope.into_iter().map(|scope| ("scope", scope)).collect();
        let answer = world.exchange(&token, &scope).await;
        let lines = lines.take();
        let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
        let found =
            [&audit["decision"], &audit["enforcement"], &audit["would_refuse"], &audit["would_close"]];
        let expected = [&json!("granted"), &json!("observed"), &would_refuse, &would_close];
        assert_eq!(found, expected, "{person} {scope:?}");
        assert_eq!(audit["subject_sha256"], hash_of(part(answer.session(), 1)["sub"].as_str().unwrap()));
    }
    let refused = world.exchange(&world.token(&TokenSpec::default()), &[("scope", "planning:write")]).await;
    assert_eq!(refused.refusal().1, "scope_not_allowed");
    let audit = lines.take();
    assert_eq!(audits(&audit)[0]["enforcement"], "observed", "of the refusals of an observed site, too");
    world.clock.set(1_800_057_600);
    world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    let enforced = lines.take();
    let enforced = audits(&enforced)[0];
    for member in ["enforcement", "would_refuse", "would_close"] {
        assert_eq!(enforced[member], Value::Null, "{member}");
    }
}

#[tokio::test]
async fn a_site_where_everything_is_open_logs_nothing_closed() {
    let riverbend = pozi_local::samples::site_files().remove(0);
    let (head, _) = riverbend.text.split_once("[[catalogue]]").unwrap();
    let open = "[[catalogue]]\nid = \"parks\"\ntitle = \"Parks\"\nproject = \"C:/parks.qgz\"\nread = \"everyone-signed-in\"\n\
                write = \"everyone-signed-in\"\n";
    let site = SiteFile { name: riverbend.name.clone(), text: format!("{head}{open}") };
    let world = World::with(&[site], SigningAlgorithm::Es256).await;
    let (lines, _guard) = Lines::capture();
    let answer = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    assert_eq!(answer.scope(), "parks:read parks:write");
    assert_eq!(audits(&lines.take())[0]["closed"], Value::Null);
}

/// Where nothing is refused, the log alone says why the person gets less than their groups allow.
#[tokio::test]
async fn group_ids_in_roles_that_do_not_count_are_logged() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let mut claims =
        world.entra.claims(&TokenSpec { site: "saltmarsh".into(), ..TokenSpec::default() }, NOW).unwrap();
    let groups = claims.as_object_mut().unwrap().remove("groups").unwrap();
    let count = groups.as_array().unwrap().len();
    for (roles, logged) in [(groups, json!(count)), (json!(["Daemon"]), Value::Null)] {
        claims["roles"] = roles;
        let answer = world.exchange(&world.entra.sign(&world.entra.header(Version::V1), &claims), &[]).await;
        assert_eq!(answer.scope(), "everyday:read");
        assert_eq!(audits(&lines.take())[0]["group_ids_in_roles"], logged);
    }
}

#[tokio::test]
async fn groups_that_come_from_graph_are_logged_as_such_and_its_token_is_not() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let ask = TokenSpec { person: Person::Overage, ..TokenSpec::default() };
    let (token, graph_token) = (world.token(&ask), world.graph_token(&ask));
    let more = [("graph_token", graph_token.as_str())];
    for (sent, from) in [(0, Value::Null), (1, json!("graph")), (0, json!("graph_memory"))] {
        world.exchange(&token, &more[..sent]).await;
        let lines = lines.take();
        assert_eq!(audits(&lines)[0]["groups_from"], from);
        assert!(!graph_token.split('.').any(|part| format!("{lines:?}").contains(part)));
    }
    world.exchange(&world.token(&TokenSpec::default()), &[("graph_token", &graph_token)]).await;
    assert_eq!(audits(&lines.take())[0]["groups_from"], Value::Null, "the token lists them");
}
