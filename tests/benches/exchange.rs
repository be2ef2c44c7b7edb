//! An exchange compared with its bare cryptography.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "beside_bare.rs"]
mod beside_bare;

use std::hint::black_box;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{TokenSpec, Version};
use http::StatusCode;
use pozi_auth::{entra::UnverifiedToken, oauth::ExchangeRequest};
use pozi_tests::{
    World, exchange_form,
    figures::{Aim, hand_in},
    repeated,
    turns::Side,
};

use self::beside_bare::{Row, measure};

fn main() {
    // `cargo test --benches` also runs this program.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let world = runtime.block_on(World::new());
    let token = world.token(&TokenSpec::default());
    let session = runtime.block_on(world.exchange(&token, &[])).session().to_owned();
    let form = exchange_form(&token, &[]);
    let unregistered = exchange_form(&token_of_unregistered_tenant(&world), &[]);
    // With warm caches, from the bytes of the form through the router to the bytes of the answer.
    let request = |form: &str, status| Side::whole(repeated(&runtime, world.router(), form.into(), status));
    let rows = vec![
        Row::ratio("exchange, form to answer", 1.2, request(&form, StatusCode::OK)),
        Row::time(
            "exchange: refusal of an unregistered tenant",
            Aim::Told,
            request(&unregistered, StatusCode::BAD_REQUEST),
        ),
        Row::time("exchange: refusal of an empty form", Aim::Told, request("", StatusCode::BAD_REQUEST)),
        Row::time(
            "exchange: of which reading the form",
            Aim::Told,
            Side::whole(|| drop(black_box(ExchangeRequest::parse(black_box(form.as_bytes()))))),
        ),
        Row::time(
            "exchange: of which reading the token",
            Aim::Told,
            Side::whole(|| drop(black_box(UnverifiedToken::parse(black_box(&token))))),
        ),
    ];
    let of_what = format!(
        "bare RSA-2048 verification of the token, {} bytes, and ES256 signature of the session, {} bytes",
        token.len(),
        session.len()
    );
    hand_in("exchange", &measure(&of_what, bare(&world, &token, &session), rows));
}

/// RSA-2048 verification of the subject token and an ES256 signature over the session.
fn bare<'a>(world: &World, token: &'a str, session: &'a str) -> Side<'a> {
    let key_set = world.entra.key_set(Version::V1);
    let [n, e] = ["n", "e"].map(|member| decode(key_set["keys"][0][member].as_str().unwrap_or_default()));
    let public = RsaPublicKeyComponents { n, e };
    let (signed, signature) = token.rsplit_once('.').expect("a JWS has a signature");
    let signature = decode(signature);
    let message = session.rsplit_once('.').expect("a JWS has a signature").0;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key can be made");
    let random = SystemRandom::new();
    Side::whole(move || {
        let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, black_box(signed.as_bytes()), &signature);
        verified.expect("the token verifies");
        black_box(pair.sign(&random, black_box(message.as_bytes())).expect("the key signs"));
    })
}

fn token_of_unregistered_tenant(world: &World) -> String {
    let mut claims =
        world.entra.claims(&TokenSpec::default(), world.clock.unix_seconds()).expect("there is a reader");
    claims["tid"] = uuid::Uuid::from_u128(7).to_string().into();
    world.entra.sign(&world.entra.header(Version::V1), &claims)
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("the text is base64url")
}
