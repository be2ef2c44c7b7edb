//! What gets into the logs: one audit event an exchange, and nothing that could be used or that names a person.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

use std::{
    collections::{BTreeSet, HashSet},
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use entra_emulator::{Behaviour, Kind, Person, TokenAsk, Version};
use pozi_auth::{
    identifiers::TenantId,
    keyring::SigningAlgorithm,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    tenants::{RegistryError, SiteRegistry, TenantSites},
    timestamp::Timestamp,
};
use pozi_gate::{Gate, Routes};
use pozi_local::samples;
use pozi_tests::{
    Answer, NOW, PublishedDocument, World, exchange_form, form_request, part, send, spoilt_tokens,
};
use serde_json::{Value, json};
use tower::ServiceExt;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

/// Every line that this thread logs, at every level, as the service writes them: one JSON object each.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Begins to listen, until the guard is dropped. The runtime of a test runs everything on the test's own thread.
    fn listen() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_max_level(LevelFilter::TRACE)
            .with_writer(lines.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (lines, guard)
    }

    /// The lines since the last time.
    fn take(&self) -> Vec<Value> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn audits(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["target"] == pozi_auth::telemetry::AUDIT).collect()
}

/// The members of an audit event beside those of every line.
fn members(audit: &Value) -> BTreeSet<&str> {
    let of_every_line = ["timestamp", "level", "target", "message"];
    let members = audit.as_object().unwrap().keys().map(String::as_str);
    members.filter(|name| !of_every_line.contains(name)).collect()
}

const OF_EVERY_EXCHANGE: [&str; 5] = ["decision", "status", "keys_us", "sign_us", "total_us"];

#[tokio::test]
async fn a_granted_exchange_leaves_one_audit_event_that_says_who_could_see_what() {
    let world = World::new().await;
    let (lines, _guard) = Lines::listen();
    for version in [Version::V1, Version::V2] {
        let token = world.token(&TokenAsk { version, person: Person::Editor, ..TokenAsk::default() });
        let answer = world.exchange(&token, &[]).await;
        let lines = lines.take();
        let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
        let further =
            ["site", "tenant", "scope", "jti", "kid", "subject_token_sha256", "uti", "subject_token_kid"];
        assert_eq!(members(audit), OF_EVERY_EXCHANGE.into_iter().chain(further).collect());

        let (session, subject) = (part(answer.session(), 1), part(&token, 1));
        let hash = digest(&SHA256, token.as_bytes());
        let hex = hash.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        for (name, value) in [
            ("decision", json!("granted")),
            ("status", json!(200)),
            ("message", json!("token exchange")),
            ("level", json!("INFO")),
            ("site", json!("riverbend")),
            ("tenant", subject["tid"].clone()),
            ("scope", session["scope"].clone()),
            ("jti", session["jti"].clone()),
            ("kid", part(answer.session(), 0)["kid"].clone()),
            ("subject_token_sha256", json!(hex)),
            ("uti", subject["uti"].clone()),
            ("subject_token_kid", json!(world.entra.key_id())),
        ] {
            assert_eq!(audit[name], value, "{name}");
        }
        let micros = |name: &str| audit[name].as_u64().expect("a time is a number");
        assert!(micros("total_us") > 0 && micros("keys_us") + micros("sign_us") <= micros("total_us"));
    }
}

#[tokio::test]
async fn an_explanation_leaves_no_audit_event_since_nothing_is_granted() {
    let world = World::new().await;
    let (lines, _guard) = Lines::listen();
    let token = world.token(&TokenAsk::default());
    for (token, status) in [(token.as_str(), 200), ("a.b.c", 400)] {
        assert_eq!(world.explain(&format!("subject_token={token}")).await.status, status);
    }
    assert!(audits(&lines.take()).is_empty());
    world.exchange(&token, &[]).await;
    assert_eq!(audits(&lines.take()).len(), 1, "an exchange is seen here");
}

#[tokio::test]
async fn a_refused_exchange_leaves_one_audit_event_that_says_why() {
    let world = World::new().await;
    let (lines, _guard) = Lines::listen();
    let good = world.token(&TokenAsk::default());
    let about_the_token = ["subject_token_sha256", "tenant", "uti", "subject_token_kid"];
    for (more, token, reason, further) in [
        ([("subject_token_type", "x")], good.as_str(), "repeated_parameter", [].as_slice()),
        ([("scope", "")], "a.b.c", "malformed", &about_the_token[..1]),
        ([("audience", "lakeside")], &good, "unknown_target", &about_the_token),
        (
            [("scope", "assets:write")],
            &good,
            "scope_not_allowed",
            &[&about_the_token[..], &["site"]].concat(),
        ),
    ] {
        let answer = world.exchange(token, &more).await;
        let lines = lines.take();
        let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
        let of_refusals = ["reason", "detail"];
        let expected = OF_EVERY_EXCHANGE.into_iter().chain(of_refusals).chain(further.iter().copied());
        assert_eq!(members(audit), expected.collect(), "{reason}");
        assert_eq!((&audit["decision"], &audit["reason"]), (&json!("refused"), &json!(reason)));
        assert_eq!(audit["status"], answer.status.as_u16());
        assert_eq!(answer.refusal().1, reason);
    }
}

/// Windows of this many characters: long enough never to coincide, short enough to be useless.
const WINDOW: usize = 20;

/// Collects everything that must not be logged.
#[derive(Default)]
struct Secrets {
    tokens: Vec<String>,
    words: BTreeSet<String>,
}

impl Secrets {
    /// Of a token: its payload and its signature. Of its claims: what names a person or a group.
    fn add(&mut self, token: &str, claims: &Value) {
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

    fn assert_absent_from(&self, lines: &[Value]) {
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

/// Every token of everybody at both sites.
fn asks() -> Vec<TokenAsk> {
    let mut asks = Vec::new();
    for site in ["riverbend", "saltmarsh"] {
        for person in Person::ALL {
            for (version, kind) in [
                (Version::V1, Kind::Access),
                (Version::V2, Kind::Access),
                (Version::V1, Kind::Id),
                (Version::V2, Kind::Id),
            ] {
                asks.push(TokenAsk { site: site.to_owned(), person, version, kind });
            }
        }
    }
    asks
}

#[tokio::test]
async fn no_token_name_address_or_group_is_ever_logged() {
    let world = World::new().await;
    let (lines, _guard) = Lines::listen();
    let mut secrets = Secrets::default();
    let mut expected = Vec::new();
    let mut seen = |token: &str, claims: &Value, answer: &Answer| {
        secrets.add(token, claims);
        secrets.add(answer.session(), &Value::Null);
        expected.push(if answer.status == 200 { "" } else { answer.refusal().1 }.to_owned());
    };
    for ask in asks() {
        let Some(claims) = world.entra.claims(&ask, NOW) else { continue };
        let token = world.entra.sign(&world.entra.header(ask.version), &claims);
        for more in [&[][..], &[("scope", "assets:write")], &[("audience", "lakeside")]] {
            seen(&token, &claims, &world.exchange(&token, more).await);
        }
    }
    for spoilt in spoilt_tokens(&world) {
        seen(&spoilt.token, &Value::Null, &world.exchange(&spoilt.token, spoilt.more).await);
    }
    let granted = world.exchange(&world.token(&TokenAsk::default()), &[]).await;
    let again = world.exchange(granted.session(), &[]).await;
    seen(granted.session(), &Value::Null, &again);
    seen(granted.session(), &Value::Null, &granted);

    let lines = lines.take();
    assert_eq!(audits(&lines).len(), expected.len(), "one audit event each");
    let mut audited: Vec<_> =
        audits(&lines).iter().map(|audit| audit["reason"].as_str().unwrap_or_default().to_owned()).collect();
    audited.sort_unstable();
    expected.sort_unstable();
    assert_eq!(audited, expected, "and each with the reason that was told");
    let (words, tokens) = (secrets.words.len(), secrets.tokens.len());
    assert!(
        words > 40 && tokens > 200,
        "there is something to look for: {words} words, {tokens} parts of tokens"
    );
    secrets.assert_absent_from(&lines);
}

#[tokio::test]
async fn trouble_is_logged_without_the_token_that_met_it() {
    let (lines, _guard) = Lines::listen();
    let mut secrets = Secrets::default();
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let world = World::new().await;
        world.entra.behave(behaviour);
        let token = world.token(&TokenAsk::default());
        secrets.add(&token, &part(&token, 1));
        assert_eq!(world.exchange(&token, &[]).await.refusal().1, "keys_unavailable");
    }
    let world = World::without_ring(&samples::site_files(), SigningAlgorithm::Es256);
    let token = world.token(&TokenAsk::default());
    secrets.add(&token, &part(&token, 1));
    assert_eq!(world.exchange(&token, &[]).await.refusal().1, "signing_unavailable");

    let lines = lines.take();
    assert_eq!(audits(&lines).len(), 3);
    let warnings: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 3, "each trouble is told once beside its audit event: {warnings:?}");
    secrets.assert_absent_from(&lines);
}

/// A registry that panics, or never answers.
#[derive(Clone, Copy)]
enum Registry {
    Panics,
    Hangs,
}

impl SiteRegistry for Registry {
    async fn sites_of(&self, _: TenantId, _: Timestamp) -> Result<Arc<TenantSites>, RegistryError> {
        match self {
            Self::Panics => panic!("the registry panics"),
            Self::Hangs => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn an_exchange_that_panics_or_whose_caller_goes_away_leaves_its_audit_event_too() {
    let world = World::new().await;
    let token = world.token(&TokenAsk::default());
    for (registry, patience, decision, reason) in [
        (Registry::Panics, Duration::from_mins(1), "refused", json!("internal_error")),
        (Registry::Hangs, Duration::from_millis(20), "abandoned", Value::Null),
    ] {
        let (lines, _guard) = Lines::listen();
        let router = world.exchange_with(registry, world.key_sets.clone());
        let asked = send(router, form_request(&exchange_form(&token, &[]), &[]));
        let answered = tokio::time::timeout(patience, asked).await.is_ok();
        assert_eq!(answered, decision == "refused");
        let lines = lines.take();
        let audits = audits(&lines);
        assert_eq!(audits.len(), 1, "{lines:?}");
        assert_eq!((&audits[0]["decision"], &audits[0]["reason"]), (&json!(decision), &reason));
        assert!(audits[0]["subject_token_sha256"].is_string() && audits[0]["tenant"].is_string());
    }
}

/// Whoever writes a token chooses what is in it; the log stays one object a line and of a bounded length.
#[tokio::test]
async fn what_a_stranger_writes_into_a_token_neither_forges_nor_floods_the_log() {
    let world = World::new().await;
    let (lines, _guard) = Lines::listen();
    let forged = format!(
        "x\n{{\"target\":\"{}\",\"decision\":\"granted\"}}\r\n\u{1b}[2J",
        pozi_auth::telemetry::AUDIT
    );
    let long = "y".repeat(5_000);
    for text in [forged, long] {
        for (in_header, name) in
            [(true, "kid"), (true, "alg"), (false, "uti"), (false, "aud"), (false, "iss")]
        {
            let mut header = world.entra.header(Version::V1);
            let mut claims = world.entra.claims(&TokenAsk::default(), NOW).unwrap();
            *if in_header { &mut header[name] } else { &mut claims[name] } = json!(text);
            let token = world.entra.sign_text(&header.to_string(), &claims.to_string());
            let answer = world.exchange(&token, &[]).await;
            let lines = lines.take();
            let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
            assert_eq!(audit["status"], answer.status.as_u16(), "{name}");
            assert!(audit.to_string().len() < 1_500, "{name}: {} characters", audit.to_string().len());
        }
    }
}

/// Of the gate: one line a decision, which leads to the exchange's event by `jti` and names nobody.
#[tokio::test]
async fn a_decision_of_the_gate_is_one_line_without_a_token_or_a_person() {
    let world = World::new().await;
    let session = world.exchange(&world.token(&TokenAsk::default()), &[]).await.session().to_owned();
    let keys = IssuerKeys::new(PublishedDocument::of(&world), ISSUER_KEY_LIFETIMES);
    let catalogues = ["planning", "assets"].map(|id| id.parse().unwrap());
    let site = "https://poziserver-riverbend.example/pozi/";
    let gate = Gate::new(world.issuer.clone(), site.into(), catalogues, keys);
    let router = pozi_gate::router(Routes { gate, clock: world.clock.clone(), site: site.into() });
    let mut secrets = Secrets::default();
    secrets.add(&session, &part(&session, 1));
    let claims = part(&session, 1);
    let (lines, _guard) = Lines::listen();
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
        let told: Vec<_> = lines.iter().filter(|line| line["target"] == "pozi::gate").collect();
        let [line] = told[..] else { panic!("not one line: {lines:?}") };
        assert_eq!(
            (&line["decision"], &line["reason"], &line["site"]),
            (&json!(decision), &reason, &json!(site))
        );
        let is_known = reason.is_null() || reason == "scope";
        assert_eq!(line["jti"], if is_known { claims["jti"].clone() } else { Value::Null });
        assert_eq!(line["subject_sha256"].is_string(), is_known);
        let named = if reason == "unknown_catalogue" { Value::Null } else { json!(catalogue) };
        assert_eq!(line["catalogue"], named);
        assert!(audits(&lines).is_empty(), "the audit trail is the exchange's");
        secrets.assert_absent_from(&lines);
    }
}
