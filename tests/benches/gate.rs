//! The gate's decisions and the authorizer compared with a bare ES256 verification of the same session, measured in the same
//! run with warm keys and a revocation document of 1,000 entries.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "gate/decision.rs"]
mod decision;
#[path = "gate/growth.rs"]
mod growth;
#[path = "median.rs"]
mod median;
#[path = "gate/revoked.rs"]
mod revoked;

use std::{hint::black_box, sync::Arc, time::Duration};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::Criterion;
use http::{Request, StatusCode};
use pozi_auth::{config::AuthorizerConfig, session::SessionVerifier, sites::Access, timestamp::Clock};
use pozi_authorizer::{Authorizer, Event};
use pozi_gate::{Gate, Routes};
use pozi_tests::{
    Published, World, WorldKeys,
    figures::{Aim, Figure, hand_in},
    riverbend_tenant,
};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use self::median::median;

const SITE: &str = "https://poziserver-riverbend.example/pozi/";

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .sample_size(60)
        .configure_from_args();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let world = runtime.block_on(World::new());
    let session = runtime.block_on(revoked::session_beside_revocations(&world));
    let key_set = runtime.block_on(world.get("/.well-known/jwks.json", &[])).json;

    // Bare before and after, so that changes of the machine's speed affect both sides.
    bare(&mut criterion, "es256-before", &session, &key_set);
    decision::measure(&mut criterion, &runtime, &world, &session);
    gate(&mut criterion, &runtime, &world, &session);
    authorizer(&mut criterion, &runtime, &world, &session, "policy");
    authorizer(&mut criterion, &runtime, &world, &session, "simple");
    verifier(&mut criterion, &runtime, &world, &session);
    bare(&mut criterion, "es256-after", &session, &key_set);
    criterion.final_summary();
    // The benchmarks may only have been listed, or filtered out.
    if let Some(mut figures) = figures(session.len()) {
        figures.extend(growth::measure(&runtime));
        hand_in("gate", &figures);
    }
}

/// Measures a verification of the session's signature, with the key and the signature already decoded.
fn bare(criterion: &mut Criterion, name: &str, session: &str, key_set: &serde_json::Value) {
    let coordinate = |member: &str| decode(key_set["keys"][0][member].as_str().unwrap_or_default());
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    let (message, signature) = session.rsplit_once('.').expect("a JWS has a signature");
    let signature = decode(signature);
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| key.verify(black_box(message.as_bytes()), &signature).expect("the session verifies"));
    });
}

/// Returns a verifier's caches of what `world` publishes.
fn keys(world: &World) -> Arc<WorldKeys> {
    Published::of(world).cached()
}

/// Measures `/decide` from the request's headers through the router to the answer.
fn gate(criterion: &mut Criterion, runtime: &Runtime, world: &World, session: &str) {
    let catalogues = ["planning", "heritage", "assets"].map(|id| (id.parse().expect("an id"), Access::Read));
    let verifier = SessionVerifier::new(world.issuer.clone(), SITE.into(), riverbend_tenant(), keys(world));
    let gate = Gate::new(verifier, catalogues);
    let router = pozi_gate::router(Routes { gate, clock: world.clock.clone(), site: SITE.into() });
    criterion.bench_function("gate", |bencher| {
        bencher.iter(|| {
            let request = Request::get("/decide")
                .header("x-pozi-catalogue", "planning")
                .header("x-pozi-method", "GET")
                .header("x-pozi-session", session)
                .body(Body::empty());
            let request = request.expect("the request is valid");
            let answer = runtime.block_on(router.clone().oneshot(request));
            assert_eq!(answer.unwrap_or_else(|never| match never {}).status(), StatusCode::NO_CONTENT);
        });
    });
}

/// Measures the authorizer from the bytes of an HTTP API's event to the bytes of the answer.
fn authorizer(criterion: &mut Criterion, runtime: &Runtime, world: &World, session: &str, response: &str) {
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
    criterion.bench_function(&format!("authorizer-{response}"), |bencher| {
        bencher.iter(|| {
            let event: Event = serde_json::from_str(black_box(&event)).expect("an event");
            let answer = runtime.block_on(authorizer.answer(&event)).expect("an answer");
            black_box(serde_json::to_vec(&answer).expect("the answer is JSON"))
        });
    });
}

/// Measures the session verifier that both use.
fn verifier(criterion: &mut Criterion, runtime: &Runtime, world: &World, session: &str) {
    let verifier = SessionVerifier::new(world.issuer.clone(), SITE.into(), riverbend_tenant(), keys(world));
    let now = world.clock.now();
    criterion.bench_function("verifier", |bencher| {
        bencher.iter(|| runtime.block_on(verifier.verify(black_box(session), now)).expect("it verifies"));
    });
}

/// Returns the figures of this run; `session` is the size of the session in bytes.
fn figures(session: usize) -> Option<Vec<Figure>> {
    let bare = f64::midpoint(median("es256-before")?, median("es256-after")?);
    let beside = format!("bare ES256 verification of the same session, {session} bytes: {bare:.1} µs");
    let time = |name: &str, what: &str, aim| {
        Some(Figure::new(format!("gate: {what}"), aim, median(name)?, "µs").beside(&*beside))
    };
    let ratio = |name: &str, what: &str, limit| {
        let figure = Figure::new(format!("{what} ÷ bare"), Aim::AtMost(limit), median(name)? / bare, "×");
        Some(figure.beside(&*beside))
    };
    let figures = [
        time("decision-map", "decision on a map, session remembered", Aim::AtMost(5.0)),
        ratio("decision-map-new", "gate: decision on a map, new session", 1.15),
        ratio("gate", "gate: /decide, headers to answer", 1.3),
        ratio("authorizer-policy", "authorizer: event to policy", 1.3),
        ratio("authorizer-simple", "authorizer: event to yes or no", 1.3),
        time("session-cached", "a remembered session alone", Aim::Told),
        time("decision-features", "decision on features by an expression", Aim::Told),
        time("decision-selection", "decision on a selection of 31 KB", Aim::Told),
        time("router-map", "a map, request to answer", Aim::Told),
    ];
    Some(figures.into_iter().flatten().collect())
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("the text is base64url")
}
