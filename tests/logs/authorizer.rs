//! The log line of a decision of the authorizer.

use std::sync::Arc;

use entra_emulator::TokenSpec;
use pozi_auth::{config::AuthorizerConfig, keyring::SigningAlgorithm};
use pozi_authorizer::{Authorizer, Event};
use pozi_tests::{Published, SetClock, World, WorldKeys, part, riverbend_tenant, riverbend_with};
use serde_json::{Value, json};

use super::{Lines, secrets::Secrets};

const EVENT: &str = include_str!("../events/authorizer-http-api-2.json");

fn authorizer(
    world: &World,
    audience: &str,
    minimum_revision: Option<&str>,
) -> Authorizer<SetClock, Arc<WorldKeys>> {
    let config = AuthorizerConfig::read(|name| match name {
        "POZI_ISSUER" => Some(world.issuer.to_string()),
        "POZI_AUDIENCE" => Some(audience.to_owned()),
        "POZI_TENANT" => Some(riverbend_tenant().to_string()),
        "POZI_ROUTE_PREFIX" => Some("/ows/".to_owned()),
        "POZI_MINIMUM_REVISION" => minimum_revision.map(str::to_owned),
        _ => None,
    });
    Authorizer::new(config.unwrap(), world.clock.clone(), Published::of(world).cached())
}

/// An administrator sees at INFO why a session is refused, and without the session.
#[tokio::test]
async fn a_decision_of_the_authorizer_is_one_line_with_the_real_reason() {
    let world = World::new().await;
    let session = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
    let (own, other) =
        ("https://PoziServer-riverbend.example/pozi", "https://poziserver-saltmarsh.example/pozi/");
    let (header, mut claims) = (part(&session, 0), part(&session, 1));
    let mut secrets = Secrets::default();
    secrets.add(&session, &claims);
    let mut unknown = header.clone();
    unknown["kid"] = json!("unknown");
    let unknown = world.signed(&unknown, &claims).await;
    claims["exp"] = json!(world.clock.unix_seconds());
    let expired = world.signed(&header, &claims).await;
    let planning = "GET/ows/planning/wms";
    let (lines, _guard) = Lines::capture();
    for (audience, token, path, reason, detail) in [
        (own, session.as_str(), planning, None, None),
        (own, "", planning, Some("no_session"), Some("the request has no session")),
        (own, &session[1..], planning, Some("malformed"), None),
        (own, &expired, planning, Some("expired"), Some("expired")),
        (own, &unknown, planning, Some("unknown_key"), Some("the issuer publishes no such key")),
        (other, &session, planning, Some("audience_mismatch"), Some("meant for another site")),
        (own, &session, "GET/ows/assets/wms", Some("scope"), None),
        (own, &session, "TRACE/ows/planning/wms", Some("method"), None),
        (own, &session, "GET/ows/planning/%2e%2e/x", Some("path"), None),
    ] {
        let authorizer = authorizer(&world, audience, None);
        let catalogue = if path.contains("assets") { "\"assets\"" } else { "\"planning\"" };
        let event =
            EVENT.replace("@SESSION@", token).replace(planning, path).replace("\"planning\"", catalogue);
        let event: Event = serde_json::from_str(&event).unwrap();
        let _answer = authorizer.answer(&event).await;
        let lines = lines.take();
        let decisions: Vec<_> = lines.iter().filter(|line| line["target"] == "pozi::authorizer").collect();
        let [line] = decisions[..] else { panic!("not one line: {lines:?}") };
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["decision"], if reason.is_none() { "allowed" } else { "refused" });
        assert_eq!(line["reason"], json!(reason), "{line}");
        assert!(detail.is_none_or(|detail| line["detail"] == detail), "{line}");
        let is_valid = matches!(reason, None | Some("scope" | "method" | "path"));
        assert_eq!(line["jti"], if is_valid { part(&session, 1)["jti"].clone() } else { Value::Null });
        secrets.assert_absent_from(&lines);
    }
}

#[tokio::test]
async fn a_decision_that_the_rules_would_have_refused_or_of_an_older_revision_says_so() {
    let file = riverbend_with("enforcement = \"observe until 2027-02-01\"");
    let world = World::with(&[file], SigningAlgorithm::Es256).await;
    let session = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
    let own = "https://poziserver-riverbend.example/pozi/";
    let (lines, _guard) = Lines::capture();
    for (catalogue, minimum_revision, decision, reason, observed) in [
        ("planning", None, "allowed", None, None),
        ("planning", Some("1"), "allowed", None, None),
        ("assets", None, "allowed", None, Some("would_be_refused")),
        ("assets", Some("2"), "refused", Some("policy_outdated"), None),
    ] {
        let event = EVENT.replace("@SESSION@", &session);
        let event = event.replace("GET/ows/planning/wms", &format!("GET/ows/{catalogue}/wms"));
        let event = event.replace("\"planning\"", &format!("\"{catalogue}\""));
        let event: Event = serde_json::from_str(&event).unwrap();
        let _answer = authorizer(&world, own, minimum_revision).answer(&event).await;
        let lines = lines.take();
        let line = lines.iter().find(|line| line["target"] == "pozi::authorizer").unwrap();
        let found = (&line["decision"], &line["reason"], &line["observed"]);
        assert_eq!(found, (&json!(decision), &json!(reason), &json!(observed)), "{catalogue}");
    }
}
