//! A Graph that is slow, throttled, down, or answers something else: the exchange is refused for now, and nobody loses their
//! groups.

use std::{sync::Arc, time::Duration};

use entra_emulator::{Behaviour, Person::Overage, TokenSpec, Version::V1};
use pozi_auth::{address::LoopbackUrl, keyring::SigningAlgorithm};
use pozi_tests::{Answer, Fate, FaultProxy, World};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{ask, assert_invalid, assert_refused, overage::naming};

const UNAVAILABLE: (u16, &str, &str) = (503, "temporarily_unavailable", "graph_unavailable");
const CALLS: [&str; 3] = ["/graph/v1.0/me", "/graph/v1.0/organization", "/graph/v1.0/me/checkMemberGroups"];

/// Exchanges the token of the person in too many groups, with their own Graph token.
async fn exchanged(world: &World) -> Answer {
    let person = ask("riverbend", Overage, V1);
    let graph_token = world.graph_token(&person);
    world.exchange(&world.token(&person), &[("graph_token", &graph_token)]).await
}

/// Answers each connection with the text that `answer` returns for its path, and closes it. `None`: without an answer.
async fn raw(answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> LoopbackUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut request = vec![0; 8 * 1024];
                let mut length = 0;
                // Head and body: an answer before the end would be lost when the connection closes.
                while !is_whole(&request[..length]) {
                    length += stream.read(&mut request[length..]).await.unwrap();
                }
                let head = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = head.split([' ', '?']).nth(1).unwrap_or_default();
                if let Some(text) = answer(path) {
                    stream.write_all(text.as_bytes()).await.unwrap();
                    stream.shutdown().await.unwrap();
                }
            });
        }
    });
    url.parse().unwrap()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn json(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The good answers: of the person, their tenant, and all groups of riverbend's first rule.
fn good(world: &World) -> impl Fn(&str) -> String + Clone + use<> {
    let claims = world.entra.claims(&ask("riverbend", Overage, V1), pozi_tests::NOW).unwrap();
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    let (person, tenant) = (text("oid"), text("tid"));
    let group = world.entra.registrations()[0].reader_groups[0];
    move |path| match path {
        "/graph/v1.0/me" => json(&format!(r#"{{"id":"{person}"}}"#)),
        "/graph/v1.0/organization" => json(&format!(r#"{{"value":[{{"id":"{tenant}"}}]}}"#)),
        _ => json(&format!(r#"{{"value":["{group}"]}}"#)),
    }
}

#[tokio::test]
async fn an_outage_of_graph_is_a_503_with_the_time_to_wait_and_never_no_groups() {
    let world = World::new().await;
    world.graph.set_limit(Duration::from_millis(500));
    // So that the tenant's keys are held.
    assert_eq!(world.exchange(&world.token(&TokenSpec::default()), &[]).await.status, 200);
    for (behaviour, wait) in [
        (Behaviour::Slow(Duration::from_secs(30)), "5"),
        (Behaviour::Throttled(Duration::from_secs(17)), "17"),
        (Behaviour::Throttled(Duration::from_hours(24)), "300"),
        (Behaviour::Down, "5"),
        (Behaviour::Rubbish, "5"),
    ] {
        world.entra.behave(behaviour);
        let answer = exchanged(&world).await;
        assert_refused(&answer, UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), wait, "{behaviour:?}");
    }
    world.entra.behave(Behaviour::Well);
    world.graph.set_limit(Duration::from_secs(5));
    assert_eq!(exchanged(&world).await.scope(), "heritage:read planning:read");
}

#[tokio::test]
async fn one_failed_call_of_many_leaves_nothing_that_counts() {
    let world = World::with(&[naming(400)], SigningAlgorithm::Es256).await;
    let proxy = FaultProxy::in_front_of(world.graph.address().await.base()).await;
    world.graph.move_to(proxy.url().parse().unwrap());
    for fate in [Fate::Fails, Fate::Lost, Fate::AnswerLost] {
        let limit = if fate == Fate::Fails { 5_000 } else { 500 };
        world.graph.set_limit(Duration::from_millis(limit));
        for failing in [0, 1, 2, 7, 20, 21] {
            proxy.set_fates(move |count, _| if count == failing { fate } else { Fate::Passes });
            assert_refused(&exchanged(&world).await, UNAVAILABLE);
        }
    }
    proxy.set_fate(Fate::Passes);
    world.graph.set_limit(Duration::from_secs(5));
    assert_eq!(exchanged(&world).await.scope(), "c0:read");
}

/// Answers that are no answers, of which every part could be read as "in no group", or as another person's.
fn broken(good: &str, path: &str) -> Vec<Option<String>> {
    let (head, body) = good.split_once("\r\n\r\n").unwrap();
    let mut answers = vec![
        None,
        Some(String::new()),
        Some(head.to_owned()),
        Some(format!("{head}\r\n\r\n")),
        Some(format!("{head}\r\n\r\n{}", &body[..body.len() / 2])),
        Some(format!("{head}\r\n\r\n{}", &body[..body.len() - 1])),
        Some(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n", body.len())),
        Some("HTTP/1.1 204 No Content\r\n\r\n".to_owned()),
        Some("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".to_owned()),
        Some(good.replacen("200 OK", "206 Partial Content", 1)),
        Some("rubbish".to_owned()),
    ];
    let mut bodies = vec![
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"value":null}"#.to_owned(),
        r#"{"error":{}}"#.to_owned(),
        format!("{body}{body}"),
        body.replace('"', "'"),
        format!("{}{}", body, " ".repeat(70 * 1024)),
        "<!DOCTYPE html><p>Welcome to the guest network</p>".to_owned(),
    ];
    if path == CALLS[0] {
        bodies.push(r#"{"id":null}"#.to_owned());
        bodies.push(body.replace('}', r#","id":"00000000-0000-4000-8000-000000000000"}"#));
    } else {
        bodies.push(r#"{"value":["planners"]}"#.to_owned());
        bodies.push(r#"{"value":[],"value":[]}"#.to_owned());
        bodies.push(body.replace("]}", r#"],"@odata.nextLink":"https://graph.microsoft.com/v1.0/next"}"#));
    }
    answers.extend(bodies.iter().map(|body| Some(json(body))));
    answers
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_of_another_form_never_counts() {
    let world = World::new().await;
    let good = good(&world);
    world.graph.set_limit(Duration::from_millis(1_500));
    let mut count = 0;
    for broken_path in CALLS {
        for answer in broken(&good(broken_path), broken_path) {
            let (good, shown) = (good.clone(), answer.clone());
            let server =
                raw(move |path| if path == broken_path { answer.clone() } else { Some(good(path)) }).await;
            world.graph.move_to(server);
            let refused = exchanged(&world).await;
            assert_eq!(refused.refusal().1, UNAVAILABLE.2, "{broken_path}: {shown:?}: {}", refused.json);
            assert_refused(&refused, UNAVAILABLE);
            count += 1;
        }
    }
    println!("{count} broken answers");
    world.graph.move_to(raw(move |path| Some(good(path))).await);
    assert_eq!(exchanged(&world).await.scope(), "heritage:read planning:read");
}

#[tokio::test]
async fn groups_do_not_count_before_graph_has_named_the_person_and_their_tenant_alone() {
    const OTHER: &str = "00000000-0000-4000-8000-000000000000";
    let world = World::new().await;
    let good = good(&world);
    let tenant = world.entra.registrations()[0].tenant_id;
    for (other_path, body) in [
        (CALLS[0], format!(r#"{{"id":"{OTHER}"}}"#)),
        (CALLS[0], format!(r#"{{"id":"{tenant}"}}"#)),
        (CALLS[1], r#"{"value":[]}"#.to_owned()),
        (CALLS[1], format!(r#"{{"value":[{{"id":"{OTHER}"}}]}}"#)),
        (CALLS[1], format!(r#"{{"value":[{{"id":"{tenant}"}},{{"id":"{OTHER}"}}]}}"#)),
        (CALLS[1], format!(r#"{{"value":[{{"id":"{tenant}"}},{{"id":"{tenant}"}}]}}"#)),
    ] {
        let (good, shown) = (good.clone(), body.clone());
        let late = move |path: &str| {
            if path != other_path {
                return Some(good(path));
            }
            // The groups are known long before.
            std::thread::sleep(Duration::from_millis(100));
            Some(json(&body))
        };
        world.graph.move_to(raw(late).await);
        let answer = exchanged(&world).await;
        assert_eq!(answer.refusal().1, "graph_token_mismatch", "{other_path}: {shown}: {}", answer.json);
        assert_invalid(&answer, "graph_token_mismatch");
    }
}

#[tokio::test]
async fn an_answer_that_is_held_outlives_an_outage_for_its_five_minutes() {
    let world = World::new().await;
    assert_eq!(exchanged(&world).await.status, 200);
    world.entra.behave(Behaviour::Down);
    world.clock.advance(299);
    assert_eq!(exchanged(&world).await.status, 200);
    world.clock.advance(1);
    assert_refused(&exchanged(&world).await, UNAVAILABLE);
}
