//! The authorizer's policies, evaluated as API Gateway does, also when they were cached for another route.

use entra_emulator::Person;
use pozi_auth::config::ResponseKind;
use pozi_tests::part;
use serde_json::{Value, json};

use super::{ALL, Api, REQUEST, RIVERBEND, STAGE, TOKEN};

/// Whether `policy` allows `arn` at `now`, as IAM evaluates it: `*` matches any text, slashes included.
fn allows(policy: &Value, arn: &str, now: u64) -> bool {
    let statement = &policy["policyDocument"]["Statement"][0];
    let until = &statement["Condition"]["DateLessThan"]["aws:EpochTime"];
    let is_current = until.is_null() || now < until.as_str().unwrap().parse().unwrap();
    let resources = statement["Resource"].as_array().unwrap();
    let matched = resources.iter().any(|pattern| matches(pattern.as_str().unwrap(), arn));
    statement["Effect"] == "Allow" && is_current && matched
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && matches(tail, &rest[at..]))
        }),
    }
}

#[tokio::test]
async fn a_policy_names_its_subject_and_has_the_sessions_claims() {
    let api = Api::with(ResponseKind::Policy).await;
    for (name, event) in ALL {
        let session = api.session("riverbend", Person::Editor).await;
        let policy = api.answer(event, &session).await.unwrap();
        let claims = part(&session, 1);
        assert_eq!(policy["principalId"], claims["sub"], "{name}");
        let context =
            json!({"sub": claims["sub"], "tid": claims["tid"], "scope": claims["scope"], "site": RIVERBEND});
        assert_eq!(policy["context"], context);
        assert_eq!(policy["policyDocument"]["Version"], "2012-10-17");
        assert_eq!(policy["policyDocument"]["Statement"][0]["Action"], "execute-api:Invoke");
    }
}

/// API Gateway caches the policy for the session and uses it for every route.
#[tokio::test]
async fn a_cached_policy_grants_no_more_on_another_route_method_or_stage_or_later() {
    let api = Api::with(ResponseKind::Policy).await;
    let session = api.session("riverbend", Person::Editor).await;
    let now = api.world.clock.unix_seconds();
    assert_eq!(part(&session, 1)["scope"], "assets:read assets:write heritage:read planning:read");
    for (_, event) in [REQUEST, TOKEN] {
        let policy = api.answer(event, &session).await.unwrap();
        for (path, allowed) in [
            ("GET/ows/planning/wms", true),
            ("HEAD/ows/planning/wms", true),
            ("GET/ows/planning", true),
            ("GET/ows/heritage/wfs3/collections", true),
            ("POST/ows/assets/wfs", true),
            ("DELETE/ows/assets/wfs3/collections/roads/items/1", true),
            ("POST/ows/planning/wfs", false),
            ("PUT/ows/heritage/x", false),
            ("GET/ows/parks/wms", false),
            ("GET/ows/planning2/wms", false),
            ("GET/ows/planning-secret/wms", false),
            ("GET/ows/Planning/wms", false),
            ("GET/ows/", false),
            ("GET/ows", false),
            ("GET/", false),
            ("GET/planning/wms", false),
            ("GET/x/ows/planning/wms", false),
            ("GET/ows/parks/ows/planning/wms", false),
            ("POST/ows/planning/ows/assets/wfs", false),
            ("GET/ows/parks/GET/ows/planning/wms", false),
            ("CONNECT/ows/assets/wms", false),
            ("*/ows/assets/wms", false),
            ("get/ows/planning/wms", false),
        ] {
            assert_eq!(allows(&policy, &format!("{STAGE}/{path}"), now), allowed, "{path}");
            assert!(!allows(&policy, &format!("{STAGE}2/{path}"), now), "another stage");
            assert!(
                !allows(&policy, &format!("{}x/live/{path}", &STAGE[..STAGE.len() - 5]), now),
                "another API"
            );
            assert!(!allows(&policy, &format!("{STAGE}/{path}"), now + 600), "after its end");
        }
    }
}

/// A policy depends on session, API and stage alone, not on the first route.
#[tokio::test]
async fn every_route_gets_the_same_policy_for_a_session() {
    let api = Api::with(ResponseKind::Policy).await;
    let session = api.session("riverbend", Person::Reader).await;
    let first = api.answer(TOKEN.1, &session).await.unwrap();
    for path in ["POST/ows/assets/wfs", "GET/", "GET/ows/parks/wms"] {
        let event =
            json!({"type": "TOKEN", "methodArn": format!("{STAGE}/{path}"), "authorizationToken": session});
        assert_eq!(api.answer_to(&event).await.unwrap(), first, "{path}");
    }
}
