//! A person in more groups than a token can list: Microsoft Graph says which of the site's groups they are in.

use std::{collections::BTreeSet, net::TcpListener};

use entra_emulator::{
    Person::{AppOnly, Editor, NoGroups, Overage, Reader},
    TokenSpec,
    Version::V1,
};
use pozi_auth::{keyring::SigningAlgorithm, sites::SiteFile};
use pozi_local::samples;
use pozi_tests::{FaultProxy, NOW, World};
use serde_json::json;
use uuid::Uuid;

use super::{ask, assert_invalid};

/// Catalogues of the site in the comparison with the oracle; more would not fit into a session.
const CATALOGUES: usize = 40;

/// A source of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

fn group(number: usize) -> Uuid {
    Uuid::from_u128(0x00de_0000_0000_4000_8000_0000_0000_0000 + number as u128)
}

/// Riverbend, whose rules name the first `count` groups, each in one catalogue's.
pub(super) fn naming(count: usize) -> SiteFile {
    let mut riverbend = samples::site_files().remove(0);
    let head = riverbend.text.split("[[catalogue]]").next().unwrap().to_owned();
    let catalogue = |index: usize| {
        let groups: Vec<_> =
            (index..count).step_by(CATALOGUES).map(|one| format!("\"{}\"", group(one))).collect();
        let named = format!("id = \"c{index}\"\ntitle = \"T\"\nproject = \"C:/{index}.qgz\"");
        format!("[[catalogue]]\n{named}\nread = [{}]\n", groups.join(", "))
    };
    riverbend.text = (0..CATALOGUES.min(count)).map(catalogue).fold(head, |text, one| text + &one);
    riverbend
}

/// Returns `size` groups, some of them among the first `count`, which the site names.
fn membership(numbers: &mut Numbers, size: usize, count: usize) -> BTreeSet<usize> {
    let share = 1 + numbers.below(8);
    let mut own: BTreeSet<_> = (0..count).filter(|_| numbers.below(share) == 0).take(size).collect();
    let others = (count..).filter(|number| number % 2 == 0).take(size - own.len());
    own.extend(others);
    own
}

/// Who is in which group is decided here, so this knows what a session must open.
fn expected_scope(own: &BTreeSet<usize>, count: usize) -> String {
    let opened: BTreeSet<_> = own.iter().filter(|one| **one < count).map(|one| one % CATALOGUES).collect();
    let mut ids: Vec<_> = opened.iter().map(|catalogue| format!("c{catalogue}")).collect();
    ids.sort();
    ids.iter().map(|id| format!("{id}:read")).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn everybody_gets_exactly_theirs_whatever_the_number_of_groups() {
    let mut numbers = Numbers(15);
    let (mut listed, mut asked, mut refused) = (0, 0, 0);
    for count in [1, 20, 21, 400] {
        let world = World::with(&[naming(count)], SigningAlgorithm::Es256).await;
        for size in [1, 2, 19, 20, 21, 100, 199, 200, 201, 202, 399, 400, 401, 1_000, 1_999, 2_000] {
            for _ in 0..3 {
                let own = membership(&mut numbers, size, count);
                world.entra.set_groups("", Reader, own.iter().map(|one| group(*one)).collect());
                let before = world.graph.questions();
                let graph_token = world.graph_token(&TokenSpec::default());
                let token = world.token(&TokenSpec::default());
                let answer = world.exchange(&token, &[("graph_token", &graph_token)]).await;
                let scope = expected_scope(&own, count);
                let what = format!("in {size} groups, with {count} named: {}", answer.json);
                assert_eq!(answer.scope(), scope, "{what}");
                if scope.is_empty() {
                    assert_invalid(&answer, "no_catalogue");
                    refused += 1;
                }
                let is_overage = size > 200;
                assert_eq!(world.graph.questions() - before, usize::from(is_overage), "{what}");
                if is_overage {
                    asked += 1;
                } else {
                    listed += 1;
                }
                // The answer is then forgotten.
                world.clock.advance(300);
            }
        }
    }
    println!("{listed} people by their token, {asked} by Graph, {refused} of them without a catalogue");
    assert!(listed == 96 && asked == 96 && (1..40).contains(&refused), "{listed} {asked} {refused}");
}

#[tokio::test]
async fn graph_is_asked_twenty_groups_at_a_time_and_about_the_sites_alone() {
    for (count, calls) in [(1, 1), (20, 1), (21, 2), (400, 20)] {
        let world = World::with(&[naming(count)], SigningAlgorithm::Es256).await;
        let proxy = FaultProxy::in_front_of(world.graph.address().await.base()).await;
        world.graph.move_to(proxy.url().parse().unwrap());
        world.entra.set_groups("", Reader, (0..2_000).map(group).collect());
        let more = [("graph_token", world.graph_token(&TokenSpec::default()))];
        let more = more.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = world.exchange(&world.token(&TokenSpec::default()), &more).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let mut paths = Vec::new();
        let mut groups = BTreeSet::new();
        for seen in proxy.take_seen() {
            if seen.what.ends_with("checkMemberGroups") {
                let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
                let ids = body["groupIds"].as_array().unwrap();
                assert!(ids.len() <= 20, "{}", ids.len());
                groups.extend(ids.iter().map(|id| id.as_str().unwrap().parse::<Uuid>().unwrap()));
            }
            paths.push(seen.what);
        }
        paths.sort();
        let checks = vec!["/graph/v1.0/me/checkMemberGroups".to_owned(); calls];
        let expected =
            [vec!["/graph/v1.0/me".to_owned()], checks, vec!["/graph/v1.0/organization".to_owned()]];
        assert_eq!(paths, expected.concat());
        assert_eq!(groups, (0..count).map(group).collect());
    }
}

/// RFC 6749 §8.2.
#[tokio::test]
async fn without_a_graph_token_the_refusal_says_which_to_send() {
    let world = World::new().await;
    for site in ["riverbend", "saltmarsh"] {
        let answer = world.exchange(&world.token(&ask(site, Overage, V1)), &[]).await;
        assert_invalid(&answer, "groups_overage");
        assert_eq!(answer.json["graph_scope"], "https://graph.microsoft.com/User.Read");
        assert!(answer.json["error_description"].as_str().unwrap().contains("send a graph_token"));
    }
    assert_eq!(world.graph.questions(), 0);
}

#[tokio::test]
async fn an_answer_holds_for_five_minutes_for_this_person_alone() {
    let world = World::new().await;
    for person in [Reader, Editor] {
        world.entra.set_groups("riverbend", person, (0..201).map(group).collect());
    }
    let exchanged = async |site, person, graph_token: Option<&str>| {
        let more: Vec<_> = graph_token.map(|token| ("graph_token", token)).into_iter().collect();
        world.exchange(&world.token(&ask(site, person, V1)), &more).await
    };
    let graph_token = world.graph_token(&ask("riverbend", Overage, V1));
    let first = exchanged("riverbend", Overage, Some(&graph_token)).await;
    assert_eq!(first.scope(), "heritage:read planning:read", "{}", first.json);
    for (site, person) in [("riverbend", Reader), ("riverbend", Editor), ("saltmarsh", Overage)] {
        assert_invalid(&exchanged(site, person, None).await, "groups_overage");
    }
    world.clock.advance(299);
    // Whatever token comes along: none is needed.
    for token in [None, Some("spent")] {
        let again = exchanged("riverbend", Overage, token).await;
        assert_eq!(again.scope(), "heritage:read planning:read", "{}", again.json);
    }
    assert_eq!(world.graph.questions(), 1);
    world.clock.advance(1);
    assert_invalid(&exchanged("riverbend", Overage, None).await, "groups_overage");
    world.entra.set_groups("riverbend", Overage, (0..201).map(group).collect());
    let removed = exchanged("riverbend", Overage, Some(&graph_token)).await;
    assert_invalid(&removed, "no_catalogue");
}

#[tokio::test]
async fn an_exchange_that_needs_no_graph_asks_none_and_still_takes_only_a_token() {
    let world = World::new().await;
    for person in [Reader, Editor, NoGroups, AppOnly] {
        let token = world.token(&ask("riverbend", person, V1));
        let with = world.exchange(&token, &[("graph_token", "unread")]).await;
        let without = world.exchange(&token, &[]).await;
        assert_eq!((with.scope(), with.refusal()), (without.scope(), without.refusal()), "{person}");
        let malformed = world.exchange(&token, &[("graph_token", "Bearer a")]).await;
        assert_invalid(&malformed, "malformed_graph_token");
    }
    let everyone = naming(0).text
        + "[[catalogue]]\nid = \"c\"\ntitle = \"T\"\nproject = \"C:/c.qgz\"\nread = \"everyone-signed-in\"\n";
    let open = World::with(
        &[SiteFile { name: "riverbend.toml".to_owned(), text: everyone }],
        SigningAlgorithm::Es256,
    )
    .await;
    let answer = open.exchange(&open.token(&ask("", Overage, V1)), &[("graph_token", "unread")]).await;
    assert_eq!(answer.scope(), "c:read", "no rule names a group: {}", answer.json);
    assert_eq!((world.graph.questions(), open.graph.questions()), (0, 0));
}

#[tokio::test]
async fn the_address_in_a_token_is_never_followed() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}/getMemberObjects", listener.local_addr().unwrap());
    let mut claims = world.entra.claims(&ask("riverbend", Overage, V1), NOW).unwrap();
    claims["_claim_sources"] = json!({"src1": {"endpoint": address}});
    let token = world.entra.sign(&world.entra.header(V1), &claims);
    assert_invalid(&world.exchange(&token, &[]).await, "groups_overage");
    let graph_token = world.graph_token(&ask("riverbend", Overage, V1));
    assert_eq!(world.exchange(&token, &[("graph_token", &graph_token)]).await.status, 200);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn an_explanation_says_that_the_groups_came_from_graph() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Overage, V1));
    let graph_token = world.graph_token(&ask("riverbend", Overage, V1));
    let form = format!("subject_token={token}");
    for (form, from, because) in [
        (form.clone(), "token", "overage"),
        (format!("{form}&graph_token={graph_token}"), "graph", "group"),
        (form.clone(), "graph_memory", "group"),
    ] {
        let explained = world.explain(&form).await;
        assert_eq!(explained.json["groups_from"], from, "{}", explained.json);
        assert_eq!(explained.json["catalogues"][0]["read"]["because"], because);
    }
    let other = world.token(&ask("saltmarsh", Overage, V1));
    let mismatch = world.explain(&format!("subject_token={other}&graph_token={graph_token}")).await;
    assert_eq!(mismatch.json["reason"], "graph_token_mismatch");
}
