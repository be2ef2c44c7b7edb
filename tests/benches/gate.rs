//! The gate's decisions and the authorizer compared with a bare ES256 verification of the same session, measured in the same
//! run with warm keys and a revocation document of 1,000 entries.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "beside_bare.rs"]
mod beside_bare;
#[path = "gate/decision.rs"]
mod decision;
#[path = "gate/growth.rs"]
mod growth;
#[path = "gate/revoked.rs"]
mod revoked;

use std::{hint::black_box, sync::Arc};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, StatusCode};
use pozi_auth::{config::AuthorizerConfig, session::SessionVerifier, sites::Access};
use pozi_authorizer::{Authorizer, Event};
use pozi_gate::{Gate, Routes};
use pozi_tests::{
    Published, World, WorldKeys,
    figures::{Aim, hand_in},
    riverbend_tenant,
    turns::Side,
};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use self::{
    beside_bare::{Row, measure},
    decision::{FEATURES, Fixture, MAP, selection, through_router},
};

const SITE: &str = "https://poziserver-riverbend.example/pozi/";

fn main() {
    // `cargo test --benches` also runs this program.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let world = runtime.block_on(World::new());
    let session = runtime.block_on(revoked::session_beside_revocations(&world));
    let key_set = runtime.block_on(world.get("/.well-known/jwks.json", &[])).json;
    let of_what = format!("bare ES256 verification of the same session, {} bytes", session.len());
    let fixture = Fixture::new(&world);
    let selection = selection();
    let rows = rows(&runtime, &world, &fixture, &session, &selection);
    let mut figures = measure(&of_what, bare(&session, &key_set), rows);
    figures.extend(growth::measure(&runtime));
    hand_in("gate", &figures);
}

fn rows<'a>(
    runtime: &'a Runtime,
    world: &World,
    fixture: &'a Fixture,
    session: &'a str,
    selection: &'a str,
) -> Vec<Row<'a>> {
    let decision = |query| fixture.decision(runtime, session, query);
    let told = |what, side| Row::time(what, Aim::Told, side);
    vec![
        Row::time("gate: decision on a map, session remembered", Aim::AtMost(5.0), decision(MAP)),
        Row::ratio("gate: decision on a map, new session", 1.15, fixture.first_decision(runtime, session)),
        Row::ratio("gate: /decide, headers to answer", 1.3, gate(runtime, world, session)),
        Row::ratio("authorizer: event to policy", 1.3, authorizer(runtime, world, session, "policy")),
        Row::ratio("authorizer: event to yes or no", 1.3, authorizer(runtime, world, session, "simple")),
        told("gate: a remembered session alone", fixture.remembered(runtime, session)),
        told("gate: decision on features by an expression", decision(FEATURES)),
        told("gate: decision on a selection of 31 KB", decision(selection)),
        told("gate: a map, request to answer", through_router(runtime, world, session)),
    ]
}

/// Verification of the session's signature, with the key and the signature already decoded.
fn bare<'a>(session: &'a str, key_set: &serde_json::Value) -> Side<'a> {
    let coordinate = |member: &str| decode(key_set["keys"][0][member].as_str().unwrap_or_default());
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    let (message, signature) = session.rsplit_once('.').expect("a JWS has a signature");
    let signature = decode(signature);
    Side::whole(move || {
        key.verify(black_box(message.as_bytes()), &signature).expect("the session verifies");
    })
}

/// Returns a verifier's caches of what `world` publishes.
fn keys(world: &World) -> Arc<WorldKeys> {
    Published::of(world).cached()
}

/// `/decide` from the request's headers through the router to the answer.
fn gate<'a>(runtime: &'a Runtime, world: &World, session: &'a str) -> Side<'a> {
    let catalogues = ["planning", "heritage", "assets"].map(|id| (id.parse().expect("an id"), Access::Read));
    let verifier = SessionVerifier::new(world.issuer.clone(), SITE.into(), riverbend_tenant(), keys(world));
    let gate = Gate::new(verifier, catalogues);
    let router = pozi_gate::router(Routes { gate, clock: world.clock.clone(), site: SITE.into() });
    Side::whole(move || {
        let request = Request::get("/decide")
            .header("x-pozi-catalogue", "planning")
            .header("x-pozi-method", "GET")
            .header("x-pozi-session", session)
            .body(Body::empty());
        let request = request.expect("the request is valid");
        let answer = runtime.block_on(router.clone().oneshot(request));
        assert_eq!(answer.unwrap_or_else(|never| match never {}).status(), StatusCode::NO_CONTENT);
    })
}

/// The authorizer from the bytes of an HTTP API's event to the bytes of the answer.
fn authorizer<'a>(runtime: &'a Runtime, world: &World, session: &str, response: &str) -> Side<'a> {
    let config = AuthorizerConfig::read(|name| {
        let value = match name {
            "POZI_ISSUER" => world.issuer.as_str(),
            "POZI_AUDIENCE" => SITE,
            "POZI_TENANT" => return Some(riverbend_tenant().to_string()),
            "POZI_RESPONSE" => response,
            "POZI_ROUTE_PREFIX" => "/ows/",
            _ => return None,
        };
        Some(value.to_owned())
    });
    let authorizer = Authorizer::new(config.expect("a configuration"), world.clock.clone(), keys(world));
    let event = include_str!("../events/authorizer-http-api-2.json").replace("@SESSION@", session);
    Side::whole(move || {
        let event: Event = serde_json::from_str(black_box(&event)).expect("an event");
        let answer = runtime.block_on(authorizer.answer(&event)).expect("an answer");
        black_box(serde_json::to_vec(&answer).expect("the answer is JSON"));
    })
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("the text is base64url")
}
