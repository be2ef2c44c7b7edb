//! The authorizer, by the events that API Gateway really sends, and its policies as API Gateway evaluates them: also
//! when they were cached for one route and meet another.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use entra_emulator::{Person, TokenAsk};
use pozi_auth::{
    config::{AuthorizerConfig, ResponseKind},
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
};
use pozi_authorizer::{Authorizer, AuthorizerError, Event};
use pozi_tests::{PublishedDocument, SetClock, Trouble, World, part};
use serde_json::{Value, json};

macro_rules! event {
    ($name:literal) => {
        ($name, include_str!(concat!("events/authorizer-", $name, ".json")))
    };
}

const HTTP_2: (&str, &str) = event!("http-api-2");
const HTTP_1: (&str, &str) = event!("http-api-1");
const REQUEST: (&str, &str) = event!("rest-request");
const TOKEN: (&str, &str) = event!("rest-token");
const ALL: [(&str, &str); 4] = [HTTP_2, HTTP_1, REQUEST, TOKEN];

const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";

struct Api {
    world: World,
    published: PublishedDocument,
    authorizer: Authorizer<SetClock, IssuerKeys<PublishedDocument>>,
}

impl Api {
    async fn answering(response: ResponseKind) -> Self {
        let world = World::new().await;
        let published = PublishedDocument::of(&world);
        let kind = if response == ResponseKind::Simple { "simple" } else { "policy" };
        let config = AuthorizerConfig::read(|name| {
            let value = match name {
                "POZI_ISSUER" => world.issuer.as_str(),
                "POZI_AUDIENCE" => RIVERBEND,
                "POZI_RESPONSE" => kind,
                "POZI_ROUTE_PREFIX" => "/ows/",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let keys = IssuerKeys::new(published.clone(), ISSUER_KEY_LIFETIMES);
        let authorizer = Authorizer::new(config.unwrap(), world.clock.clone(), keys);
        Self { world, published, authorizer }
    }

    async fn session(&self, site: &str, person: Person) -> String {
        let ask = TokenAsk { site: site.into(), person, ..TokenAsk::default() };
        self.world.exchange(&self.world.token(&ask), &[]).await.session().to_owned()
    }

    async fn answer(&self, event: &str, session: &str) -> Result<Value, AuthorizerError> {
        self.answer_to(&serde_json::from_str(&event.replace("@SESSION@", session)).unwrap()).await
    }

    async fn answer_to(&self, event: &Value) -> Result<Value, AuthorizerError> {
        let event: Event = serde_json::from_value(event.clone()).unwrap();
        self.authorizer.answer(&event).await.map(|answer| serde_json::to_value(answer).unwrap())
    }
}

/// Whether `policy` lets `arn` through at `now`, as IAM evaluates one: a star is any text, slashes too.
fn allows(policy: &Value, arn: &str, now: u64) -> bool {
    let statement = &policy["policyDocument"]["Statement"][0];
    let until = &statement["Condition"]["DateLessThan"]["aws:EpochTime"];
    let counts = until.is_null() || now < until.as_str().unwrap().parse().unwrap();
    let resources = statement["Resource"].as_array().unwrap();
    let matched = resources.iter().any(|pattern| matches(pattern.as_str().unwrap(), arn));
    statement["Effect"] == "Allow" && counts && matched
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && matches(tail, &rest[at..]))
        }),
    }
}

const STAGE: &str = "arn:aws:execute-api:ap-southeast-2:123456789012:api0000000/live";

#[tokio::test]
async fn a_policy_says_who_it_is_and_lets_just_the_granted_through() {
    let api = Api::answering(ResponseKind::Policy).await;
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

/// The same policy, cached for the session, meets every other route.
#[tokio::test]
async fn a_cached_policy_does_not_widen_on_another_route_method_stage_or_day() {
    let api = Api::answering(ResponseKind::Policy).await;
    let session = api.session("riverbend", Person::Editor).await;
    let now = api.world.clock.unix_seconds();
    assert_eq!(part(&session, 1)["scope"], "assets:read assets:write heritage:read planning:read");
    for (_, event) in [REQUEST, TOKEN] {
        let policy = api.answer(event, &session).await.unwrap();
        for (path, may) in [
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
            assert_eq!(allows(&policy, &format!("{STAGE}/{path}"), now), may, "{path}");
            assert!(!allows(&policy, &format!("{STAGE}2/{path}"), now), "another stage");
            assert!(
                !allows(&policy, &format!("{}x/live/{path}", &STAGE[..STAGE.len() - 5]), now),
                "another API"
            );
            assert!(!allows(&policy, &format!("{STAGE}/{path}"), now + 600), "after its end");
        }
    }
}

/// A policy is a function of session, API and stage: whatever route asked first, it is the same.
#[tokio::test]
async fn every_route_gets_the_same_policy_for_a_session() {
    let api = Api::answering(ResponseKind::Policy).await;
    let session = api.session("riverbend", Person::Reader).await;
    let first = api.answer(TOKEN.1, &session).await.unwrap();
    for path in ["POST/ows/assets/wfs", "GET/", "GET/ows/parks/wms"] {
        let event =
            json!({"type": "TOKEN", "methodArn": format!("{STAGE}/{path}"), "authorizationToken": session});
        assert_eq!(api.answer_to(&event).await.unwrap(), first, "{path}");
    }
}

#[tokio::test]
async fn a_simple_answer_is_about_the_one_catalogue_and_method_of_its_route() {
    let api = Api::answering(ResponseKind::Simple).await;
    let (reader, editor) =
        (api.session("riverbend", Person::Reader).await, api.session("riverbend", Person::Editor).await);
    for (session, catalogue, method, may) in [
        (&reader, json!("planning"), "GET", true),
        (&reader, json!("planning"), "HEAD", true),
        (&reader, json!("planning"), "POST", false),
        (&reader, json!("planning"), "get", false),
        (&reader, json!("planning"), "TRACE", false),
        (&reader, json!("assets"), "GET", false),
        (&reader, json!("Planning"), "GET", false),
        (&reader, json!("planning/../assets"), "GET", false),
        (&reader, Value::Null, "GET", false),
        (&editor, json!("assets"), "POST", true),
        (&editor, json!("assets"), "DELETE", true),
        (&editor, json!("planning"), "DELETE", false),
    ] {
        let mut event: Value = serde_json::from_str(&HTTP_2.1.replace("@SESSION@", session)).unwrap();
        event["routeArn"] = format!("{STAGE}/{method}/ows/{catalogue}").into();
        event["pathParameters"] =
            if catalogue.is_null() { Value::Null } else { json!({ "catalogue": catalogue }) };
        let answer = api.answer_to(&event).await.unwrap();
        assert_eq!(answer["isAuthorized"], may, "{method} {catalogue}");
        assert_eq!(answer.get("context").is_some(), may);
    }
    let rest = api.answer(REQUEST.1, &reader).await.unwrap();
    assert!(rest["policyDocument"].is_object(), "REST APIs know no simple answer");
}

#[tokio::test]
async fn a_session_that_does_not_count_opens_nothing_at_either_kind_of_api() {
    for kind in [ResponseKind::Simple, ResponseKind::Policy] {
        let api = Api::answering(kind).await;
        let good = api.session("riverbend", Person::Reader).await;
        let (header, claims) = (part(&good, 0), part(&good, 1));
        let mut jwt = header.clone();
        jwt["typ"] = json!("JWT");
        let mut none = header.clone();
        none["alg"] = json!("none");
        let mut expired = claims.clone();
        expired["exp"] = json!(api.world.clock.unix_seconds());
        let entra = api.world.token(&TokenAsk::default());
        for (what, token) in [
            ("none", String::new()),
            ("rubbish", "a.b.c".into()),
            ("two", format!("{good},{good}")),
            ("Entra's", entra),
            ("another site's", api.session("saltmarsh", Person::Reader).await),
            ("typ", api.world.signed(&jwt, &claims).await),
            ("alg", api.world.signed(&none, &claims).await),
            ("expired", api.world.signed(&header, &expired).await),
        ] {
            for (name, event) in [REQUEST, TOKEN] {
                assert_eq!(
                    api.answer(event, &token).await,
                    Err(AuthorizerError::Unauthorized),
                    "{name} {what}"
                );
            }
            assert_eq!(
                AuthorizerError::Unauthorized.to_string(),
                "Unauthorized",
                "REST APIs answer 401 to this word alone"
            );
            for (name, event) in [HTTP_2, HTTP_1] {
                let answer = api.answer(event, &token).await.unwrap();
                let is_simple = kind == ResponseKind::Simple && name == HTTP_2.0;
                let refused = if is_simple {
                    answer == json!({"isAuthorized": false})
                } else {
                    answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"
                        && answer.get("context").is_none()
                };
                assert!(refused, "{name} {what}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn a_session_in_two_headers_of_one_name_is_none() {
    let api = Api::answering(ResponseKind::Policy).await;
    let session = api.session("riverbend", Person::Reader).await;
    let mut event: Value = serde_json::from_str(&REQUEST.1.replace("@SESSION@", &session)).unwrap();
    event["multiValueHeaders"]["X-Pozi-Session"] = json!([session, session]);
    assert_eq!(api.answer_to(&event).await, Err(AuthorizerError::Unauthorized));
}

#[tokio::test]
async fn an_outage_of_the_keys_is_an_error_that_nobody_caches() {
    let api = Api::answering(ResponseKind::Simple).await;
    api.published.is_in(Some(Trouble::Down));
    let session = api.session("riverbend", Person::Reader).await;
    for (name, event) in ALL {
        assert_eq!(api.answer(event, &session).await, Err(AuthorizerError::KeysUnavailable), "{name}");
    }
    api.published.is_in(None);
    api.world.clock.advance(30);
    assert_eq!(api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"], true);
    api.published.is_in(Some(Trouble::Down));
    api.world.clock.advance(23 * 3_600);
    let session = api.session("riverbend", Person::Reader).await;
    assert_eq!(api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"], true, "last known good");
}
