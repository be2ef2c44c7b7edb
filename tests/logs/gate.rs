//! The log line of a decision of the gate.

use axum::Router;
use entra_emulator::TokenSpec;
use pozi_auth::{keyring::SigningAlgorithm, session::SessionVerifier, sites::Access};
use pozi_gate::{Gate, Routes, config::UpstreamConfig, settings::Limits};
use pozi_tests::{Published, RunningGate, World, part, riverbend_tenant, riverbend_with};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceExt;

use super::{Lines, audits, secrets::Secrets};

const SITE: &str = "https://poziserver-riverbend.example/pozi/";

/// Returns the gate of two of riverbend's catalogues.
fn gate(world: &World) -> Router {
    let keys = Published::of(world).cached();
    let catalogues = ["planning", "assets"].map(|id| (id.parse().unwrap(), Access::Read));
    let verifier = SessionVerifier::new(world.issuer.clone(), SITE.into(), riverbend_tenant(), keys);
    let gate = Gate::new(verifier, catalogues);
    pozi_gate::router(Routes { gate, clock: world.clock.clone(), site: SITE.into() })
}

/// The `jti` leads to the audit event of the exchange.
/// RFC 9700 §4.9.3.
#[tokio::test]
async fn a_decision_of_the_gate_is_one_line_without_tokens_and_personal_data() {
    let world = World::new().await;
    let session = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
    let router = gate(&world);
    let mut secrets = Secrets::default();
    secrets.add(&session, &part(&session, 1));
    let claims = part(&session, 1);
    let (lines, _guard) = Lines::capture();
    for (catalogue, token, decision, reason) in [
        ("planning", session.as_str(), "allowed", Value::Null),
        ("assets", &session, "refused", json!("scope")),
        ("planning", &session[1..], "refused", json!("malformed")),
        ("roads\"}", &session, "refused", json!("unknown_catalogue")),
    ] {
        let request = http::Request::get("/decide")
            .header("x-pozi-catalogue", catalogue)
            .header("x-pozi-method", "GET")
            .header("x-pozi-session", token);
        let request = request.body(axum::body::Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap();
        let lines = lines.take();
        let decisions: Vec<_> = lines.iter().filter(|line| line["target"] == "pozi::gate").collect();
        let [line] = decisions[..] else { panic!("not one line: {lines:?}") };
        assert_eq!(
            (&line["decision"], &line["reason"], &line["site"]),
            (&json!(decision), &reason, &json!(SITE))
        );
        let is_known = reason.is_null() || reason == "scope";
        assert_eq!(line["jti"], if is_known { claims["jti"].clone() } else { Value::Null });
        assert_eq!(line["subject_sha256"].is_string(), is_known);
        let named = if reason == "unknown_catalogue" { Value::Null } else { json!(catalogue) };
        assert_eq!(line["catalogue"], named);
        assert_eq!(line["observed"], Value::Null);
        assert!(audits(&lines).is_empty(), "only exchanges write audit events");
        secrets.assert_absent_from(&lines);
    }
}

#[tokio::test]
async fn a_decision_that_the_rules_would_have_refused_says_so() {
    let file = riverbend_with("enforcement = \"observe until 2027-02-01\"");
    let world = World::with(&[file], SigningAlgorithm::Es256).await;
    let session = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
    let router = gate(&world);
    let (lines, _guard) = Lines::capture();
    for (catalogue, access, decision, observed) in [
        ("planning", "read", "allowed", Value::Null),
        ("planning", "write", "refused", Value::Null),
        ("assets", "read", "allowed", json!("would_be_refused")),
        ("assets", "write", "allowed", json!("would_be_refused")),
    ] {
        let request = http::Request::get("/decide")
            .header("x-pozi-catalogue", catalogue)
            .header("x-pozi-method", "GET")
            .header("x-pozi-access", access)
            .header("x-pozi-session", &session);
        router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        let lines = lines.take();
        let line = lines.iter().find(|line| line["target"] == "pozi::gate").unwrap();
        assert_eq!((&line["decision"], &line["observed"]), (&json!(decision), &observed), "{catalogue}");
    }
}

/// Whatever QGIS Server does then: here it cannot be reached.
#[tokio::test]
async fn a_map_that_the_rules_would_have_refused_says_so() {
    let file = riverbend_with("enforcement = \"observe until 2027-02-01\"");
    let site = file.compile().unwrap();
    let world = World::with(&[file], SigningAlgorithm::Es256).await;
    let session = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
    let nowhere = UpstreamConfig::FastCgi { address: "127.0.0.1:9".into() };
    let servers = RunningGate::servers(&site, &nowhere);
    let gate = RunningGate::start(&world, &site, Limits::default(), servers).await;
    let (lines, _guard) = Lines::capture();
    for (catalogue, observed) in [("planning", Value::Null), ("assets", json!("would_be_refused"))] {
        let request = format!(
            "GET /pozi/ows/{catalogue}/?SERVICE=WMS&REQUEST=GetCapabilities HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nX-Pozi-Session: {session}\r\n\r\n"
        );
        let mut client = TcpStream::connect(gate.address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        client.read_to_end(&mut Vec::new()).await.unwrap();
        let lines = lines.take();
        let line = lines.iter().find(|line| line["message"] == "a request was decided").unwrap();
        let found = ["decision", "reason", "catalogue", "operation", "observed"].map(|name| &line[name]);
        let expected = [
            json!("refused"),
            json!("qgis_unreachable"),
            json!(catalogue),
            json!("GetCapabilities"),
            observed,
        ];
        assert_eq!(found.map(Value::clone), expected);
    }
}
