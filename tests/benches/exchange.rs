//! An exchange compared with its bare cryptography, measured in the same run so that the machine's speed cancels out in the
//! ratios of `docs/performance.md`.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "median.rs"]
mod median;

use std::{hint::black_box, time::Duration};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::Criterion;
use entra_emulator::{TokenSpec, Version};
use http::StatusCode;
use pozi_auth::{entra::UnverifiedToken, oauth::ExchangeRequest};
use pozi_tests::{
    World, exchange_form,
    figures::{Aim, Figure, hand_in},
    repeated,
};
use tokio::runtime::Runtime;

use self::median::median;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .sample_size(60)
        .configure_from_args();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let world = runtime.block_on(World::new());
    let token = world.token(&TokenSpec::default());
    let session = runtime.block_on(world.exchange(&token, &[])).session().to_owned();

    // Bare before and after, so that changes of the machine's speed affect both sides.
    bare(&mut criterion, "bare-before", &world, &token, &session);
    request(&mut criterion, "exchange", &runtime, &world, exchange_form(&token, &[]), StatusCode::OK);
    bare(&mut criterion, "bare-after", &world, &token, &session);
    let unregistered = exchange_form(&token_of_unregistered_tenant(&world), &[]);
    request(&mut criterion, "unregistered-tenant", &runtime, &world, unregistered, StatusCode::BAD_REQUEST);
    request(&mut criterion, "empty-form", &runtime, &world, String::new(), StatusCode::BAD_REQUEST);
    let form = exchange_form(&token, &[]);
    criterion.bench_function("form", |bencher| {
        bencher.iter(|| ExchangeRequest::parse(black_box(form.as_bytes())));
    });
    criterion.bench_function("token", |bencher| bencher.iter(|| UnverifiedToken::parse(black_box(&token))));
    criterion.final_summary();
    // The benchmarks may only have been listed, or filtered out.
    if let Some(figures) = figures(token.len(), session.len()) {
        hand_in("exchange", &figures);
    }
}

/// Measures RSA-2048 verification of the subject token and an ES256 signature over the session.
fn bare(criterion: &mut Criterion, name: &str, world: &World, token: &str, session: &str) {
    let key_set = world.entra.key_set(Version::V1);
    let [n, e] = ["n", "e"].map(|member| decode(key_set["keys"][0][member].as_str().unwrap_or_default()));
    let public = RsaPublicKeyComponents { n, e };
    let (signed, signature) = token.rsplit_once('.').expect("a JWS has a signature");
    let signature = decode(signature);
    let message = session.rsplit_once('.').expect("a JWS has a signature").0;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key can be made");
    let random = SystemRandom::new();
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let verified =
                public.verify(&RSA_PKCS1_2048_8192_SHA256, black_box(signed.as_bytes()), &signature);
            verified.expect("the token verifies");
            black_box(pair.sign(&random, black_box(message.as_bytes())).expect("the key signs"))
        });
    });
}

/// Measures a request with warm caches.
fn request(
    criterion: &mut Criterion,
    name: &str,
    runtime: &Runtime,
    world: &World,
    form: String,
    status: StatusCode,
) {
    let request = repeated(runtime, world.router(), form, status);
    criterion.bench_function(name, |bencher| bencher.iter(&request));
}

fn token_of_unregistered_tenant(world: &World) -> String {
    let mut claims =
        world.entra.claims(&TokenSpec::default(), world.clock.unix_seconds()).expect("there is a reader");
    claims["tid"] = uuid::Uuid::from_u128(7).to_string().into();
    world.entra.sign(&world.entra.header(Version::V1), &claims)
}

/// Returns the figures of this run; `token` and `session` are sizes in bytes.
fn figures(token: usize, session: usize) -> Option<Vec<Figure>> {
    let bare = f64::midpoint(median("bare-before")?, median("bare-after")?);
    let beside = format!(
        "bare RSA-2048 verification of the token, {token} bytes, and ES256 signature of the session, {session} bytes: {bare:.1} µs"
    );
    let exchange = median("exchange")? / bare;
    let told = |name: &str, what: &str| {
        Some(Figure::new(format!("exchange: {what}"), Aim::Told, median(name)?, "µs").beside(&*beside))
    };
    let figures = [
        Some(
            Figure::new("exchange, form to answer ÷ bare", Aim::AtMost(1.2), exchange, "×").beside(&*beside),
        ),
        told("unregistered-tenant", "refusal of an unregistered tenant"),
        told("empty-form", "refusal of an empty form"),
        told("form", "of which reading the form"),
        told("token", "of which reading the token"),
    ];
    Some(figures.into_iter().flatten().collect())
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("the text is base64url")
}
