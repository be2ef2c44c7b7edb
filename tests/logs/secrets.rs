//! No tokens and no personal data are logged.

use std::collections::{BTreeSet, HashSet};

use entra_emulator::{Behaviour, Kind, Person, TokenSpec, Version};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_local::samples;
use pozi_tests::{Answer, NOW, World, invalid_tokens, part};
use serde_json::Value;

use super::{Lines, audits};

/// The length of the parts of tokens to look for: long enough not to occur by chance, too short to be of use.
const WINDOW: usize = 20;

/// Everything that must not be logged.
#[derive(Default)]
pub(crate) struct Secrets {
    tokens: Vec<String>,
    words: BTreeSet<String>,
}

impl Secrets {
    /// Adds a token's payload and signature, and the claims that name a person or a group.
    pub(crate) fn add(&mut self, token: &str, claims: &Value) {
        self.tokens.extend(token.split('.').skip(1).map(str::to_owned));
        let personal = [
            "name",
            "given_name",
            "family_name",
            "upn",
            "unique_name",
            "email",
            "preferred_username",
            "ipaddr",
            "oid",
            "sub",
        ];
        let groups = claims["groups"].as_array().into_iter().flatten();
        let words = personal.iter().map(|name| &claims[*name]).chain(groups).filter_map(Value::as_str);
        self.words.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
    }

    pub(crate) fn assert_absent_from(&self, lines: &[Value]) {
        let text = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let logged: HashSet<&[u8]> = text.as_bytes().windows(WINDOW).collect();
        for part in &self.tokens {
            let found = part.as_bytes().windows(WINDOW).find(|window| logged.contains(window));
            assert_eq!(found.map(String::from_utf8_lossy), None, "a part of a token was logged");
        }
        for word in &self.words {
            let found = text.lines().find(|line| line.contains(word));
            assert_eq!(found, None, "`{word}` was logged");
        }
    }
}

/// Every kind of token, for every person at both sites.
fn asks() -> Vec<TokenSpec> {
    let mut asks = Vec::new();
    for site in ["riverbend", "saltmarsh"] {
        for person in Person::ALL {
            for (version, kind) in [
                (Version::V1, Kind::Access),
                (Version::V2, Kind::Access),
                (Version::V1, Kind::Id),
                (Version::V2, Kind::Id),
            ] {
                asks.push(TokenSpec { site: site.to_owned(), person, version, kind });
            }
        }
    }
    asks
}

/// RFC 9700 §4.9.3.
#[tokio::test]
async fn no_token_name_address_or_group_is_logged() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let mut secrets = Secrets::default();
    let mut expected = Vec::new();
    let mut record = |token: &str, claims: &Value, answer: &Answer| {
        secrets.add(token, claims);
        secrets.add(answer.session(), &Value::Null);
        expected.push(if answer.status == 200 { "" } else { answer.refusal().1 }.to_owned());
    };
    for ask in asks() {
        let Some(claims) = world.entra.claims(&ask, NOW) else { continue };
        let token = world.entra.sign(&world.entra.header(ask.version), &claims);
        for more in [&[][..], &[("scope", "assets:write")], &[("audience", "lakeside")]] {
            record(&token, &claims, &world.exchange(&token, more).await);
        }
    }
    for invalid in invalid_tokens(&world) {
        record(&invalid.token, &Value::Null, &world.exchange(&invalid.token, invalid.more).await);
    }
    let granted = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    let again = world.exchange(granted.session(), &[]).await;
    record(granted.session(), &Value::Null, &again);
    record(granted.session(), &Value::Null, &granted);

    let lines = lines.take();
    assert_eq!(audits(&lines).len(), expected.len(), "one audit event each");
    let mut audited: Vec<_> =
        audits(&lines).iter().map(|audit| audit["reason"].as_str().unwrap_or_default().to_owned()).collect();
    audited.sort_unstable();
    expected.sort_unstable();
    assert_eq!(audited, expected, "and each with the reason of its answer");
    let (words, tokens) = (secrets.words.len(), secrets.tokens.len());
    assert!(words > 40 && tokens > 200, "too little to look for: {words} words, {tokens} parts of tokens");
    secrets.assert_absent_from(&lines);
}

/// RFC 9700 §4.9.3.
#[tokio::test]
async fn a_token_in_the_wrong_parameter_or_header_is_not_logged() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let mut secrets = Secrets::default();
    let token = world.token(&TokenSpec::default());
    secrets.add(&token, &part(&token, 1));
    let usual = ["grant_type", "subject_token", "subject_token_type", "requested_token_type"];
    for name in usual.into_iter().chain(["scope", "audience", "resource", token.as_str()]) {
        for value in [token.clone(), format!("Bearer {token}")] {
            let pairs = pozi_tests::exchange_form(&token, &[]);
            let pairs = form_urlencoded::parse(pairs.as_bytes()).filter(|(other, _)| other != name);
            let mut form = form_urlencoded::Serializer::new(String::new());
            let form = form.extend_pairs(pairs).append_pair(name, &value).append_pair(name, &value).finish();
            let single = form.rsplit_once('&').map(|(single, _)| single.to_owned()).unwrap();
            for form in [form, single] {
                world.post(&form, &[]).await;
                world.post(&form, &[("origin", &token)]).await;
            }
        }
    }
    let mut other_media = pozi_tests::form_request("", &[]);
    other_media.headers_mut().insert("content-type", token.parse().unwrap());
    world.send(other_media).await;
    let lines = lines.take();
    assert_eq!(audits(&lines).len(), 8 * 2 * 2 * 2 + 1);
    secrets.assert_absent_from(&lines);
}

#[tokio::test]
async fn an_outage_is_logged_without_the_token() {
    let (lines, _guard) = Lines::capture();
    let mut secrets = Secrets::default();
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let world = World::new().await;
        world.entra.behave(behaviour);
        let token = world.token(&TokenSpec::default());
        secrets.add(&token, &part(&token, 1));
        assert_eq!(world.exchange(&token, &[]).await.refusal().1, "keys_unavailable");
    }
    let world = World::without_ring(&samples::site_files(), SigningAlgorithm::Es256);
    let token = world.token(&TokenSpec::default());
    secrets.add(&token, &part(&token, 1));
    assert_eq!(world.exchange(&token, &[]).await.refusal().1, "signing_unavailable");

    let lines = lines.take();
    assert_eq!(audits(&lines).len(), 3);
    let warnings: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 3, "each outage is logged once beside its audit event: {warnings:?}");
    secrets.assert_absent_from(&lines);
}
