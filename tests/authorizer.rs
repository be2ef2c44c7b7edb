//! The Lambda authorizer, with events as API Gateway sends them.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "authorizer/policies.rs"]
mod policies;
#[path = "authorizer/revocations.rs"]
mod revocations;

use std::sync::Arc;

use entra_emulator::{Person, TokenSpec};
use pozi_auth::config::{AuthorizerConfig, ResponseKind};
use pozi_authorizer::{Authorizer, AuthorizerError, Event};
use pozi_tests::{Outage, Published, SetClock, World, WorldKeys, part, riverbend_tenant};
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

const STAGE: &str = "arn:aws:execute-api:ap-southeast-2:123456789012:api0000000/live";
const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";

/// An authorizer, and the service that issues the sessions.
struct Api {
    world: World,
    published: Published,
    authorizer: Authorizer<SetClock, Arc<WorldKeys>>,
}

impl Api {
    async fn with(response: ResponseKind) -> Self {
        Self::with_variables(response, &[]).await
    }

    async fn with_variables(response: ResponseKind, more: &[(&str, &str)]) -> Self {
        let world = World::new().await;
        let published = Published::of(&world);
        let authorizer = Self::authorizer(&world, response, more, published.cached());
        Self { world, published, authorizer }
    }

    fn authorizer(
        world: &World,
        response: ResponseKind,
        more: &[(&str, &str)],
        keys: Arc<WorldKeys>,
    ) -> Authorizer<SetClock, Arc<WorldKeys>> {
        let kind = if response == ResponseKind::Simple { "simple" } else { "policy" };
        let config = AuthorizerConfig::read(|name| {
            if let Some((_, value)) = more.iter().find(|(variable, _)| *variable == name) {
                return Some((*value).to_owned());
            }
            let value = match name {
                "POZI_ISSUER" => world.issuer.as_str(),
                "POZI_AUDIENCE" => RIVERBEND,
                "POZI_TENANT" => return Some(riverbend_tenant().to_string()),
                "POZI_RESPONSE" => kind,
                "POZI_ROUTE_PREFIX" => "/ows/",
                _ => return None,
            };
            Some(value.to_owned())
        });
        Authorizer::new(config.unwrap(), world.clock.clone(), keys)
    }

    async fn session(&self, site: &str, person: Person) -> String {
        let ask = TokenSpec { site: site.into(), person, ..TokenSpec::default() };
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

#[tokio::test]
async fn a_simple_answer_is_for_the_catalogue_and_method_of_its_route() {
    let api = Api::with(ResponseKind::Simple).await;
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
        event["routeArn"] = format!("{STAGE}/{method}/ows/{}", catalogue.as_str().unwrap_or("x")).into();
        event["pathParameters"] =
            if catalogue.is_null() { Value::Null } else { json!({ "catalogue": catalogue }) };
        let answer = api.answer_to(&event).await.unwrap();
        assert_eq!(answer["isAuthorized"], may, "{method} {catalogue}");
        assert_eq!(answer.get("context").is_some(), may);
    }
    let rest = api.answer(REQUEST.1, &reader).await.unwrap();
    assert!(rest["policyDocument"].is_object(), "REST APIs have no simple answers");
}

/// RFC 6750 §3; RFC 9068 §4; RFC 9700 §2.3.
#[tokio::test]
async fn an_invalid_session_is_refused_by_either_kind_of_api() {
    for kind in [ResponseKind::Simple, ResponseKind::Policy] {
        let api = Api::with(kind).await;
        let good = api.session("riverbend", Person::Reader).await;
        let (header, claims) = (part(&good, 0), part(&good, 1));
        let mut jwt = header.clone();
        jwt["typ"] = json!("JWT");
        let mut without_algorithm = header.clone();
        without_algorithm["alg"] = json!("none");
        let mut expired = claims.clone();
        expired["exp"] = json!(api.world.clock.unix_seconds());
        let mut of_another_tenant = claims.clone();
        of_another_tenant["tid"] = json!("28b1e556-f621-4edd-873b-d1d60bc6d8de");
        let entra = api.world.token(&TokenSpec::default());
        for (what, token) in [
            ("none", String::new()),
            ("rubbish", "a.b.c".into()),
            ("two", format!("{good},{good}")),
            ("Entra's", entra),
            ("another site's", api.session("saltmarsh", Person::Reader).await),
            ("another tenant's", api.world.signed(&header, &of_another_tenant).await),
            ("typ", api.world.signed(&jwt, &claims).await),
            ("alg", api.world.signed(&without_algorithm, &claims).await),
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
                "REST APIs answer 401 to exactly this message"
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
async fn a_repeated_session_header_is_refused() {
    let api = Api::with(ResponseKind::Policy).await;
    let session = api.session("riverbend", Person::Reader).await;
    let mut event: Value = serde_json::from_str(&REQUEST.1.replace("@SESSION@", &session)).unwrap();
    event["multiValueHeaders"]["X-Pozi-Session"] = json!([session, session]);
    assert_eq!(api.answer_to(&event).await, Err(AuthorizerError::Unauthorized));
}

#[tokio::test]
async fn unavailable_keys_are_an_error_which_is_not_cached() {
    let api = Api::with(ResponseKind::Simple).await;
    api.published.keys.fail_with(Outage::Unavailable);
    let session = api.session("riverbend", Person::Reader).await;
    for (name, event) in ALL {
        assert_eq!(api.answer(event, &session).await, Err(AuthorizerError::KeysUnavailable), "{name}");
    }
    api.published.keys.recover();
    api.world.clock.advance(30);
    assert_eq!(api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"], true);
    api.published.keys.fail_with(Outage::Unavailable);
    api.world.clock.advance(23 * 3_600);
    let session = api.session("riverbend", Person::Reader).await;
    assert_eq!(
        api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"],
        true,
        "the last good key set is used"
    );
}
