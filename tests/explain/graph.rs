//! A person whose groups Microsoft Graph is asked about.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::IntoResponse,
    routing::post,
};
use entra_emulator::{Behaviour, Person, TokenSpec};
use pozi_tests::{NOW, served};
use serde_json::{Value, json};

use super::Desk;

const PATH: &str = "/graph/v1.0/users/{person}/checkMemberGroups";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// Returns the object id of riverbend's `person`.
fn object(desk: &Desk, person: Person) -> String {
    let claims = desk.service.entra.claims(&TokenSpec { person, ..TokenSpec::default() }, NOW).unwrap();
    claims["oid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn graph_says_what_a_token_would_open_and_also_of_a_person_in_too_many_groups() {
    let desk = Desk::new().await;
    for person in [Person::Reader, Person::Editor, Person::NoGroups, Person::Guest] {
        let token = desk.service.token(&TokenSpec { person, ..TokenSpec::default() });
        let answer = desk.exchange(&token).await;
        let output = desk.explain(&["--person", &object(&desk, person), "--graph"]).await.unwrap();
        assert_eq!(output.json()["scope"].as_str().unwrap_or_default(), answer.scope(), "{person}");
        assert_eq!(output.json()["reason"].as_str().unwrap_or_default(), answer.refusal().1, "{person}");
        super::assert_keeps_to_itself(&output, "");
    }
    let output = desk.explain(&["--person", &object(&desk, Person::Overage), "--graph"]).await.unwrap();
    assert_eq!(output.json()["scope"], "heritage:read planning:read");
    assert!(
        output.plain().contains("no nested ones if Token configuration emits only groups assigned"),
        "{}",
        output.plain()
    );
}

#[tokio::test]
async fn an_error_of_graph_is_a_sentence_with_the_fix_and_never_no_groups() {
    let refusing = |status: StatusCode, headers: HeaderMap, body: &'static str| {
        Router::new().route(PATH, post(move || async move { (status, headers, body).into_response() }))
    };
    let wait = HeaderMap::from_iter([(RETRY_AFTER, "17".parse().unwrap())]);
    let mut desk = Desk::new().await;
    for (status, headers, body, words) in [
        (
            401,
            HeaderMap::new(),
            "",
            "it has expired, or is for another service; get a new one with `az account get-access-token",
        ),
        (403, HeaderMap::new(), "", "needs User.ReadBasic.All and GroupMember.Read.All"),
        (404, HeaderMap::new(), "", "no person with this object ID (404); compare it with Users"),
        (429, wait, "", "asks to wait 17 seconds (429)"),
        (429, HeaderMap::new(), "", "asks to wait (429)"),
        (503, HeaderMap::new(), "", "a problem of its own (503)"),
        (302, HeaderMap::new(), "", "status 302, which is not expected"),
        (400, HeaderMap::new(), "", "status 400, which is not expected"),
        (200, HeaderMap::new(), "<html>Welcome to the guest network</html>", "not a list of group IDs"),
        (200, HeaderMap::new(), r#"{"value": ["planners"]}"#, "not a list of group IDs"),
        (200, HeaderMap::new(), r#"{"error": {}}"#, "not a list of group IDs"),
    ] {
        desk.login = served(refusing(StatusCode::from_u16(status).unwrap(), headers, body)).await;
        let error = desk.explain(&["--person", NOBODY, "--graph"]).await.unwrap_err();
        assert!(error.contains(words), "{status}: {error}");
    }
    desk.login = "http://127.0.0.1:9".parse().unwrap();
    let error = desk.explain(&["--person", NOBODY, "--graph"]).await.unwrap_err();
    assert!(error.starts_with("Microsoft Graph cannot be reached; check the network"), "{error}");
    for (token, words) in
        [(None, "az login --tenant TENANT-ID"), (Some("a\nb"), "characters that no token has")]
    {
        desk.graph_token = token.map(str::to_owned);
        let error = desk.explain(&["--person", NOBODY, "--graph"]).await.unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_slow_graph_is_given_up_after_ten_seconds() {
    let desk = Desk::new().await;
    desk.service.entra.behave(Behaviour::Slow(Duration::from_secs(30)));
    let error = desk.explain(&["--person", NOBODY, "--graph"]).await.unwrap_err();
    assert_eq!(error, "Microsoft Graph did not answer within 10 seconds; try again");
}

/// What the emulated Graph was asked.
#[derive(Clone, Default)]
struct Calls {
    asked: Arc<Mutex<Vec<Vec<String>>>>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Calls {
    /// Answers that the person is in every second group asked about, and in one that was not.
    fn router(&self) -> Router {
        let calls = self.clone();
        Router::new()
            .route(PATH, post(move |Json(body): Json<Value>| async move { calls.answer(&body).await }))
    }

    async fn answer(&self, body: &Value) -> Json<Value> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let groups: Vec<String> =
            body["groupIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        let own: Vec<_> = groups
            .iter()
            .filter(|id| id.ends_with(['0', '2', '4', '6', '8']))
            .chain([&NOBODY.to_owned()])
            .cloned()
            .collect();
        self.asked.lock().unwrap().push(groups);
        self.running.fetch_sub(1, Ordering::SeqCst);
        Json(json!({ "value": own }))
    }
}

#[tokio::test]
async fn only_the_sites_groups_are_asked_about_twenty_at_a_time_and_four_calls_at_once() {
    let mut desk = Desk::new().await;
    let ids: BTreeSet<String> =
        (1..=230).map(|number| format!("00000000-0000-4000-8000-0000000{number:05}")).collect();
    let text = pozi_local::samples::site_files().remove(0).text;
    let listed = ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ");
    let (head, _) = text.split_once("[[catalogue]]").unwrap();
    let catalogue =
        format!("[[catalogue]]\nid = \"a\"\ntitle = \"A\"\nproject = \"C:/a.qgz\"\nread = [{listed}]\n");
    fs::write(desk.file("riverbend.toml"), format!("{head}{catalogue}")).unwrap();
    let calls = Calls::default();
    desk.login = served(calls.router()).await;
    let output = desk.explain(&["--person", NOBODY, "--graph"]).await.unwrap();
    let asked = calls.asked.lock().unwrap().clone();
    assert!(asked.len() == 12 && asked.iter().all(|groups| groups.len() <= 20), "{}", asked.len());
    assert_eq!(asked.into_iter().flatten().collect::<BTreeSet<_>>(), ids);
    assert_eq!(calls.most.load(Ordering::SeqCst), 4);
    let groups = output.json()["catalogues"][0]["read"]["groups"].as_array().unwrap();
    assert_eq!(groups.iter().filter(|group| group["membership"] == "has").count(), 115);
    assert!(output.plain().contains("and 218 groups more"), "{}", output.plain());
}
