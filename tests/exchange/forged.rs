//! A token that is not signed by its tenant learns nothing about what is registered there.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{
    Person::Reader,
    Version::{self, V1, V2},
};
use pozi_auth::{keyring::SigningAlgorithm, sites::SiteFile};
use pozi_local::samples;
use pozi_tests::{NOW, World, exchange_form};
use serde_json::{Value, json};

use super::{RIVERBEND, SALTMARSH, ask};

const CLIENT: &str = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee";
const FURTHER_CLIENT: &str = "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6";
const UNREGISTERED: &str = "11111111-2222-4333-8444-555555555555";

/// Riverbend with a further client, and a second site in its tenant.
fn sites() -> Vec<SiteFile> {
    let mut riverbend = samples::site_files().remove(0);
    let further = format!("further_client_ids = [\"{FURTHER_CLIENT}\"]\norigins = [");
    riverbend.text = riverbend.text.replace("origins = [", &further);
    let depot = riverbend
        .text
        .replace("name = \"riverbend\"", "name = \"depot\"")
        .replace("poziserver-riverbend", "poziserver-depot")
        .replace("c3890382", "c3890383");
    vec![riverbend, SiteFile { name: "depot.toml".to_owned(), text: depot }]
}

/// A way to forge a token of these claims.
type Forge = fn(&World, Version, &Value) -> String;

/// Replaces the signature.
fn with_a_made_up_signature(world: &World, version: Version, claims: &Value) -> String {
    let token = world.entra.sign(&world.entra.header(version), claims);
    let signed = token.rsplit_once('.').map(|(signed, _)| signed).unwrap_or_default();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode([7; 256]))
}

/// Names a key that the tenant does not publish.
fn with_an_unknown_key(world: &World, version: Version, claims: &Value) -> String {
    let mut header = world.entra.header(version);
    header["kid"] = json!("made up");
    world.entra.sign_text(&header.to_string(), &claims.to_string())
}

/// Signs with the key of personal accounts.
fn with_the_key_of_personal_accounts(world: &World, version: Version, claims: &Value) -> String {
    world.entra.sign_as_consumer_tenant(&world.entra.header(version), claims)
}

/// Sends every combination of audience, client, target and origin, registered and not, and returns the number of them.
async fn assert_all_answers_are_equal(world: &World, version: Version, forge: Forge, reason: &str) -> usize {
    let client_claim = if version == V1 { "appid" } else { "azp" };
    let mut claims = world.entra.claims(&ask("riverbend", Reader, version), NOW).unwrap();
    // The first answers differ: without the keys, and without a pause before the next fetch.
    for _ in 0..2 {
        world.exchange(&forge(world, version, &claims), &[]).await;
    }
    let targets: [&[(&str, &str)]; 8] = [
        &[],
        &[("audience", "riverbend")],
        &[("audience", "lakeside")],
        &[("resource", RIVERBEND)],
        &[("resource", SALTMARSH)],
        &[("resource", "https://poziserver-depot.example/pozi/")],
        &[("audience", "riverbend"), ("audience", "depot")],
        &[("scope", "planning:read")],
    ];
    let origins = ["", "https://riverbend.enterprise.example", "https://evil.example"];
    let mut first = None;
    let mut tried = 0;
    for audience in [RIVERBEND, CLIENT, FURTHER_CLIENT, UNREGISTERED, SALTMARSH] {
        for client in [CLIENT, FURTHER_CLIENT, UNREGISTERED] {
            (claims["aud"], claims[client_claim]) = (json!(audience), json!(client));
            let token = forge(world, version, &claims);
            for (target, origin) in targets.iter().flat_map(|target| origins.map(|origin| (target, origin))) {
                let headers = [("origin", origin)];
                let headers = if origin.is_empty() { &[][..] } else { &headers[..] };
                let answer = world.post(&exchange_form(&token, target), headers).await;
                assert_eq!(answer.refusal().1, reason, "{audience} {client} {target:?} {origin}");
                let answer = (answer.status, answer.headers, answer.body);
                assert_eq!(*first.get_or_insert_with(|| answer.clone()), answer, "{target:?} {origin}");
                tried += 1;
            }
            let explained = world.explain(&format!("subject_token={token}")).await;
            assert_eq!(explained.refusal().1, reason, "{audience} {client}");
        }
    }
    tried
}

/// RFC 7519 §11.1.
#[tokio::test]
async fn a_forged_token_gets_one_answer_whatever_site_client_or_origin_it_names() {
    for version in [V1, V2] {
        let forgeries: [(Forge, &str); 3] = [
            (with_a_made_up_signature, "bad_signature"),
            (with_an_unknown_key, "unknown_key"),
            (
                with_the_key_of_personal_accounts,
                if version == V1 { "unknown_key" } else { "key_issuer_mismatch" },
            ),
        ];
        for (forge, reason) in forgeries {
            let world = World::with(&sites(), SigningAlgorithm::Es256).await;
            assert_eq!(assert_all_answers_are_equal(&world, version, forge, reason).await, 360);
        }
    }
}
