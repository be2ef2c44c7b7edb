//! What a probe finds at services that are well, new, down, or open to everybody.

use http::{Response, StatusCode};
use pozi_auth::{
    adapters::SystemClock,
    fetch::FetchError,
    keyring::RotationRequest,
    tenants::{Holder, SiteHistory},
    timestamp::Clock,
};
use pozi_prober::{Failure, Half, ProbeReport, ProbeRequest, Prober};
use pozi_rotate_keys::Refreshed;
use pozi_tests::{Fleet, PROBE_TENANT};
use serde_json::{Value, json};

use super::{InTests, Routes, Spoil, prober};

const DUE: ProbeRequest = ProbeRequest::Due {};
const TOKEN: &str = "/oauth2/token";
const KEY_SET: &str = "/.well-known/jwks.json";
const REVOCATIONS: &str = "/.well-known/pozi-revocations";
const REFUSALS: [&str; 4] =
    ["a token for another application", "a person in no group", "a spoiled signature", "an expired token"];

async fn run(prober: &Prober<InTests>) -> ProbeReport {
    prober.run(&DUE, SystemClock.now()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_well_passes_every_check_and_nothing_is_asked_of_entra() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let prober = prober(&fleet, Routes::of(&fleet)).await;
    for _ in 0..2 {
        let report = run(&prober).await;
        assert_eq!((report.passes(), report.checks, report.failures), (true, 7, vec![]));
    }
    let site = Holder { tenant: PROBE_TENANT, site: "pozi-prober".to_owned() };
    assert_eq!(fleet.store().history(&site).await.unwrap().len(), 1, "its site is stored once");
    let done = fleet.rotate(&RotationRequest::Due).await.unwrap();
    assert_eq!(done.key_sets, Refreshed { kept: 4, failed: 0 }, "of the two councils");
    let asked = fleet.entra.take_seen();
    assert!(asked.iter().all(|seen| !format!("{seen:?}").contains(&PROBE_TENANT.to_string())), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_service_without_keys_is_neither_well_nor_a_failure() {
    let Some(fleet) = Fleet::without_ring().await else { return };
    let prober = prober(&fleet, Routes::of(&fleet)).await;
    let report = run(&prober).await;
    assert_eq!(report, ProbeReport { has_keys: false, checks: 0, failures: vec![] });
    assert!(!report.passes());
}

/// Returns the token endpoint's answers with `member` as `value`, if they have it.
fn with(path: &str, answer: Response<Vec<u8>>, member: &str, value: Value) -> Response<Vec<u8>> {
    if path != TOKEN {
        return answer;
    }
    let mut body: Value = serde_json::from_slice(answer.body()).unwrap();
    if let Some(member) = body.get_mut(member) {
        *member = value;
    }
    answer.map(|_| body.to_string().into_bytes())
}

fn with_status(status: u16, body: &Value) -> Response<Vec<u8>> {
    Response::builder().status(status).body(body.to_string().into_bytes()).unwrap()
}

/// Failed checks: their halves, what was checked, and what was found.
type Failures = Vec<(Half, &'static str, &'static str)>;

fn half(half: Half, actual: &'static str) -> impl Fn(&'static str) -> (Half, &'static str, &'static str) {
    move |check| (half, check, actual)
}

/// Answers of services that are not well, and what a probe finds at each.
fn ailing() -> Vec<(&'static str, Spoil, Failures)> {
    let exchange = |check, actual| vec![(Half::Exchange, check, actual)];
    let refusals = |half_of: Half, actual| REFUSALS.into_iter().map(half(half_of, actual));
    let all = |actual| exchange("a valid token", actual).into_iter().chain(refusals(Half::Exchange, actual));
    vec![
        (
            "grants everything",
            |path, answer| match answer.status() {
                StatusCode::BAD_REQUEST if path == TOKEN => Ok(with_status(200, &json!({}))),
                _ => Ok(answer),
            },
            refusals(Half::Refusal, "status 200").collect(),
        ),
        (
            "refuses for another reason",
            |path, answer| Ok(with(path, answer, "reason", json!("unknown_tenant"))),
            refusals(Half::Refusal, "unknown_tenant").collect(),
        ),
        (
            "is out of order",
            |path, answer| {
                Ok(if path == TOKEN {
                    with_status(500, &json!({"reason": "internal_error"}))
                } else {
                    answer
                })
            },
            all("internal_error").collect(),
        ),
        (
            "does not answer",
            |path, answer| if path == TOKEN { Err(FetchError::TimedOut("late".into())) } else { Ok(answer) },
            all("no whole answer in time: late").collect(),
        ),
        (
            "opens more",
            |path, answer| Ok(with(path, answer, "scope", json!("probe:write"))),
            exchange("a valid token", "a Bearer session for probe:read"),
        ),
        (
            "names another time",
            |path, answer| Ok(with(path, answer, "expires_in", json!(3_600))),
            exchange("a valid token", "its session lives for 60 s"),
        ),
        (
            "hands out something else",
            |path, answer| Ok(with(path, answer, "access_token", json!("a.b.c"))),
            exchange("a valid token", "its session is refused: the header is not base64url without padding"),
        ),
    ]
}

/// Documents of services that are not well, and what a probe finds at each.
fn ailing_documents() -> Vec<(&'static str, Spoil, Failures)> {
    let exchange = |check, actual| vec![(Half::Exchange, check, actual)];
    vec![
        (
            "publishes no revocation document",
            |path, answer| Ok(if path == REVOCATIONS { with_status(404, &json!({"reason": "not_found"})) } else { answer }),
            [
                exchange("the revocation document", "not_found"),
                exchange("a valid token", "its session is refused: no revocation document of the last 86400 s is known, and the site is closed then; check that this machine reaches the service"),
            ]
            .concat(),
        ),
        (
            "publishes no keys",
            |path, answer| Ok(if path == KEY_SET { with_status(200, &json!({"keys": []})) } else { answer }),
            [
                exchange("the key set", "none of the 0 keys is one that the service publishes"),
                exchange("the revocation document", "no key to verify it with"),
                exchange("a valid token", "its session is refused: the issuer's keys are unavailable"),
            ]
            .concat(),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ailment_is_found_by_its_half() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let routes = Routes::of(&fleet);
    let mut prober = prober(&fleet, routes.clone()).await;
    for (ailment, spoil, expected) in ailing().into_iter().chain(ailing_documents()) {
        prober.service = routes.spoiled(spoil);
        let report = run(&prober).await;
        let found = report
            .failures
            .iter()
            .map(|Failure { half, check, actual, .. }| (*half, *check, actual.as_str()));
        assert_eq!(found.collect::<Vec<_>>(), expected, "a service that {ailment}");
        assert!(!report.passes());
    }
}

/// A key set from elsewhere: the session is not of any key in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_an_unpublished_key_is_found() {
    let (Some(fleet), Some(other)) = (Fleet::sealed().await, Fleet::sealed().await) else { return };
    let mut prober = prober(&fleet, Routes::of(&fleet)).await;
    let mixed = fleet.exchange().merge(other.jwks());
    prober.service = Routes { router: pozi_auth::oauth::finish(mixed), ..Routes::of(&fleet) };
    let report = run(&prober).await;
    let found: Vec<_> = report.failures.iter().map(|failure| failure.check).collect();
    assert_eq!(found, ["the revocation document", "a valid token"], "{report:?}");
    assert_eq!(report.failures[1].actual, "its session is refused: the issuer publishes no such key");
}
