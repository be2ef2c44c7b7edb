//! Graph tokens that are not the person's own, valid one: none of them counts.

use entra_emulator::{
    EmulatedEntra, Kind,
    Person::{AppOnly, Editor, Guest, NoGroups, Overage, Reader},
    TokenSpec,
    Version::{self, V1, V2},
};
use pozi_tests::World;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask, assert_invalid};

const MISMATCH: &str = "graph_token_mismatch";
const REFUSED: &str = "graph_token_refused";
const MALFORMED: &str = "malformed_graph_token";

/// A change to the claims of a token.
type Change = Box<dyn FnOnce(&mut Value)>;

/// What a Graph token is, the token, and the reason for which it is refused.
type Try = (String, String, &'static str);

fn graph(site: &str, person: entra_emulator::Person, version: Version) -> TokenSpec {
    TokenSpec { kind: Kind::Graph, ..ask(site, person, version) }
}

/// The time by which the emulated Graph goes.
fn real_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Returns the person's own claims for Graph, as changed by `change`.
fn claims(world: &World, change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = world.entra.claims(&graph("riverbend", Overage, V1), real_now()).unwrap();
    change(&mut claims);
    claims
}

fn signed(entra: &EmulatedEntra, claims: &Value) -> String {
    let mut header = entra.header(V1);
    header["nonce"] = json!("n");
    entra.sign(&header, claims)
}

fn of_others(world: &World) -> Vec<Try> {
    let mut tries = Vec::new();
    for version in [V1, V2] {
        for (site, person) in [
            ("riverbend", Reader),
            ("riverbend", Editor),
            ("riverbend", Guest),
            ("riverbend", NoGroups),
            ("saltmarsh", Reader),
            ("saltmarsh", Editor),
            ("saltmarsh", Guest),
            ("saltmarsh", NoGroups),
            ("saltmarsh", Overage),
        ] {
            let ask = graph(site, person, version);
            tries.push((format!("of {person} at {site} in {version}"), world.graph_token(&ask), MISMATCH));
        }
        // As if another tenant's person had signed in with the same client.
        let client = world.entra.registrations()[0].client_id.to_string();
        let mut claims = world.entra.claims(&graph("saltmarsh", Overage, version), real_now()).unwrap();
        claims[if version == V1 { "appid" } else { "azp" }] = json!(client);
        tries.push((
            format!("of another tenant, same client, in {version}"),
            signed(&world.entra, &claims),
            MISMATCH,
        ));
    }
    tries
}

fn of_other_applications(world: &World) -> Vec<Try> {
    let other = Uuid::from_u128(0x0c0f_fee0).to_string();
    let mut tries = vec![
        (
            "of another client".to_owned(),
            signed(&world.entra, &claims(world, |claims| claims["appid"] = json!(other))),
            MISMATCH,
        ),
        (
            "of another client, in the words of version 2.0".to_owned(),
            signed(
                &world.entra,
                &claims(world, |claims| {
                    claims.as_object_mut().unwrap().remove("appid");
                    claims["azp"] = json!(other);
                }),
            ),
            MISMATCH,
        ),
    ];
    for (site, reason) in [("riverbend", REFUSED), ("saltmarsh", MISMATCH)] {
        for version in [V1, V2] {
            let token = world.graph_token(&graph(site, AppOnly, version));
            tries.push((format!("of the app of {site} itself in {version}"), token, reason));
        }
    }
    tries
}

fn out_of_time_or_scope(world: &World) -> Vec<Try> {
    let now = real_now();
    let changes: Vec<(&str, Change)> = vec![
        ("expired a second ago", Box::new(move |claims| claims["exp"] = json!(now - 1))),
        ("expired an hour ago", Box::new(move |claims| claims["exp"] = json!(now - 3_600))),
        ("without an end", Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("exp")))),
        ("of tomorrow", Box::new(move |claims| claims["nbf"] = json!(now + 86_400))),
        ("without User.Read", Box::new(|claims| claims["scp"] = json!("openid profile"))),
        ("with a similar scope", Box::new(|claims| claims["scp"] = json!("User.ReadBasic user.read"))),
        ("without a scope", Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("scp")))),
        ("of nobody", Box::new(|claims| claims["oid"] = json!(Uuid::from_u128(9).to_string()))),
        ("without a person", Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("oid")))),
        ("of an unknown tenant", Box::new(|claims| claims["tid"] = json!(Uuid::from_u128(9).to_string()))),
        ("for the key vault", Box::new(|claims| claims["aud"] = json!("https://vault.example"))),
        ("for Azure AD Graph", Box::new(|claims| claims["aud"] = json!("https://graph.windows.net"))),
        (
            "for a similar host",
            Box::new(|claims| claims["aud"] = json!("https://graph.microsoft.com.example")),
        ),
        ("for several", Box::new(|claims| claims["aud"] = json!(["https://graph.microsoft.com"]))),
    ];
    changes
        .into_iter()
        .map(|(what, change)| (what.to_owned(), signed(&world.entra, &claims(world, change)), REFUSED))
        .collect()
}

fn for_other_audiences(world: &World) -> Vec<Try> {
    let mut tries = Vec::new();
    for version in [V1, V2] {
        for kind in [Kind::Access, Kind::Id] {
            let ask = TokenSpec { kind, ..ask("riverbend", Overage, version) };
            let token = world.entra.token(&ask, real_now()).unwrap();
            tries.push((format!("the person's own {kind} token in {version}"), token, REFUSED));
        }
    }
    tries
}

fn forged(world: &World) -> Vec<Try> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let good = signed(&world.entra, &claims(world, |_| ()));
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let stranger = EmulatedEntra::new(world.entra.registrations().to_vec());
    let readers = world.graph_token(&graph("riverbend", Reader, V1));
    let of_reader = readers.rsplit_once('.').unwrap().1;
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let flipped = format!("{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    let as_consumer = world.entra.sign_as_consumer_tenant(&world.entra.header(V1), &claims(world, |_| ()));
    let try_of = |what: &str, token: String, reason| (what.to_owned(), token, reason);
    vec![
        try_of("signed by a stranger", signed(&stranger, &claims(world, |_| ())), REFUSED),
        try_of("signed by the tenant of personal accounts", as_consumer, REFUSED),
        try_of("with another signature", format!("{header}.{payload}.{of_reader}"), REFUSED),
        try_of("with a changed signature", format!("{header}.{payload}.{flipped}"), REFUSED),
        try_of("without a signature", format!("{header}.{payload}."), REFUSED),
        try_of("with alg none", format!("{none}.{payload}."), REFUSED),
        try_of("without its last part", format!("{header}.{payload}"), REFUSED),
        try_of("a word", "opaque".to_owned(), REFUSED),
        try_of("three words", "a.b.c".to_owned(), REFUSED),
        try_of("with a space", format!("{good} "), MALFORMED),
        try_of("with its scheme", format!("Bearer {good}"), MALFORMED),
        try_of("with a line break and another header", format!("{good}\r\nX-Ms-Client: a"), MALFORMED),
        try_of("too large", "a".repeat(16 * 1024 + 1), MALFORMED),
    ]
}

#[tokio::test]
async fn a_token_that_is_not_the_persons_own_valid_one_never_counts() {
    let world = World::new().await;
    let tries = [
        of_others(&world),
        of_other_applications(&world),
        out_of_time_or_scope(&world),
        for_other_audiences(&world),
        forged(&world),
    ]
    .concat();
    assert!(tries.len() >= 40, "{}", tries.len());
    let subject = world.token(&ask("riverbend", Overage, V1));
    for (what, token, reason) in &tries {
        let answer = world.exchange(&subject, &[("graph_token", token)]).await;
        assert_eq!(answer.refusal(), ("invalid_request", *reason), "{what}: {}", answer.json);
        assert_invalid(&answer, reason);
        assert!(!String::from_utf8_lossy(&answer.body).contains(token.as_str()), "{what} is shown");
    }
    println!("{} tokens that do not count", tries.len());
    assert_invalid(&world.exchange(&subject, &[]).await, "groups_overage");
    let own = world.graph_token(&ask("riverbend", Overage, V1));
    let answer = world.exchange(&subject, &[("graph_token", &own)]).await;
    assert_eq!(answer.scope(), "heritage:read planning:read", "the person's own counts: {}", answer.json);
}
