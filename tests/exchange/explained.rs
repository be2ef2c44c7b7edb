//! The explanation of an exchange: it allows what the exchange grants, says why, and refuses for the same reasons.

use entra_emulator::{
    Person::{AppOnly, Editor, Guest, NoGroups, Overage, Reader},
    TokenSpec, Version,
};
use pozi_tests::{Answer, InvalidToken, World, exchange_form, invalid_tokens};
use serde_json::{Value, json};

use super::{ask, assert_common_headers, assert_invalid};

const PLANNERS: &str = "02f1ea5a-8a90-454c-9ecb-df4562c6afd7";
const ADVISERS: &str = "e098abcd-8f18-43ca-b18e-0ef34b3eae31";
const CREW: &str = "c255979a-a241-40f1-99ac-e1ac9c94a934";
const OFFICERS: &str = "1f0ac082-247d-44fa-bcb6-667230cbf808";

/// Returns each catalogue's id, with reason and groups for reading and for writing.
fn reasons(answer: &Answer) -> Value {
    let of = |verdict: &Value| json!([verdict["because"], verdict["groups"]]);
    let catalogues = answer.json["catalogues"].as_array().unwrap();
    catalogues.iter().map(|one| json!([one["id"], of(&one["read"]), of(&one["write"])])).collect()
}

/// Returns the scope that an explanation allows.
fn allowed(answer: &Answer) -> String {
    let mut scope = Vec::new();
    for one in answer.json["catalogues"].as_array().unwrap() {
        for access in ["read", "write"] {
            if one[access]["allowed"] == true {
                scope.push(format!("{}:{access}", one["id"].as_str().unwrap()));
            }
        }
    }
    scope.sort();
    scope.join(" ")
}

/// Checks that an explanation's refusal is that of the exchange, with `detail` for the operator besides.
#[track_caller]
fn assert_same_but_for_detail(mut explained: Answer, exchanged: &Answer) {
    let members = explained.json.as_object_mut().unwrap();
    let detail = members.remove("detail").unwrap_or_default();
    assert!(detail.as_str().is_some_and(|detail| detail.len() > 8), "{detail}");
    // A key was sought a second time.
    if exchanged.refusal().1 != "unknown_key" {
        assert_eq!((explained.status, &explained.json), (exchanged.status, &exchanged.json));
    }
}

/// Returns the form for an explanation.
fn only_token(token: &str) -> String {
    format!("subject_token={token}")
}

#[tokio::test]
async fn each_catalogue_is_explained_with_the_deciding_groups() {
    let world = World::new().await;
    for (person, expected) in [
        (
            Reader,
            json!([
                ["planning", ["group", [PLANNERS]], ["nobody", []]],
                ["heritage", ["group", [PLANNERS]], ["nobody", []]],
                ["assets", ["not_in_group", [CREW]], ["not_in_group", [OFFICERS]]],
            ]),
        ),
        (
            Editor,
            json!([
                ["planning", ["group", [PLANNERS]], ["nobody", []]],
                ["heritage", ["group", [PLANNERS]], ["nobody", []]],
                ["assets", ["may_write", [OFFICERS]], ["group", [OFFICERS]]],
            ]),
        ),
        (
            NoGroups,
            json!([
                ["planning", ["not_in_group", [PLANNERS]], ["nobody", []]],
                ["heritage", ["not_in_group", [PLANNERS, ADVISERS]], ["nobody", []]],
                ["assets", ["not_in_group", [CREW]], ["not_in_group", [OFFICERS]]],
            ]),
        ),
    ] {
        let answer = world.explain(&only_token(&world.token(&ask("riverbend", person, Version::V1)))).await;
        assert_eq!((answer.status.as_u16(), &answer.json["site"]), (200, &json!("riverbend")));
        assert_common_headers(&answer);
        assert_eq!(reasons(&answer), expected, "{person}");
        assert_eq!(answer.json["catalogues"][0]["title"], "Planning and zoning");
        assert_eq!(
            answer.json["catalogues"][0]["write"]["sentence"],
            "Nobody may write this, because its list of writers in the site file is empty; if somebody should, add one of their groups to it."
        );
    }
}

#[tokio::test]
async fn an_explanation_allows_what_an_exchange_grants() {
    let world = World::new().await;
    for site in ["riverbend", "saltmarsh"] {
        for person in [Reader, Editor, NoGroups, Guest, Overage] {
            for version in [Version::V1, Version::V2] {
                let token = world.token(&ask(site, person, version));
                let granted = world.exchange(&token, &[]).await;
                let explained = world.explain(&only_token(&token)).await;
                assert_eq!(explained.status, 200, "{person}: {}", explained.json);
                assert_eq!(allowed(&explained), granted.scope(), "{site} {person} {version}");
                let overage = explained.json.to_string().contains(r#""because":"overage""#);
                assert_eq!(overage, granted.refusal().1 == "groups_overage", "{site} {person} {version}");
            }
        }
    }
}

#[tokio::test]
async fn a_refused_token_is_refused_for_the_same_reason() {
    let world = World::new().await;
    let mut count = 0;
    for InvalidToken { token, more, what, reason } in invalid_tokens(&world) {
        if more.is_empty() {
            let answer = world.explain(&only_token(&token)).await;
            assert_eq!(answer.refusal(), ("invalid_request", reason), "{what}");
            let exchanged = world.exchange(&token, &[]).await;
            assert_invalid(&exchanged, reason);
            assert_same_but_for_detail(answer, &exchanged);
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
    let daemon = world.token(&ask("riverbend", AppOnly, Version::V1));
    for form in [
        String::new(),
        "subject_token=".into(),
        "subject_token=a&subject_token=b".into(),
        format!("subject_token={}", "x".repeat(20_000)),
        format!("subject_token={}", "x".repeat(70_000)),
        "a=b&".repeat(101),
        only_token(&daemon),
    ] {
        let answer = world.explain(&form).await;
        let exchanged = world.post(&format!("{}&{form}", exchange_form("", &[])), &[]).await;
        assert_eq!(answer.refusal(), exchanged.refusal(), "{}", &form[..form.len().min(60)]);
        assert_same_but_for_detail(answer, &exchanged);
    }
}

#[tokio::test]
async fn only_the_local_service_explains() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    let mut request = pozi_tests::form_request(&only_token(&token), &[]);
    *request.uri_mut() = http::Uri::from_static("/local/explain");
    assert_eq!(world.send(request).await.status, 404);
}
