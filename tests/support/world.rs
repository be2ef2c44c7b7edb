//! The world that a test runs in: by default everything is well, and the test spoils one thing.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use entra_emulator::{EmulatedEntra, TokenAsk};
use http::{HeaderMap, Request, StatusCode, Uri, header::CONTENT_TYPE};
use pozi_auth::{
    adapters::SiteFiles,
    entra::{KEY_LIFETIMES, KeySetFetch, NoKeySetMemory, TenantKeys},
    keyring::{
        PUBLISHED_LIFETIMES, RING_LIFETIMES, RingSigner, RotationPolicy, RotationTimes, SigningAlgorithm,
        SoftwareKeys, establish,
    },
    oauth::{self, GRANT_TYPE},
    session::Issuer,
    sites::SiteFile,
    tenants::SiteRegistry,
    timestamp::Timestamp,
};
use pozi_local::{explain, samples};
use pozi_token_exchange::{Environment, TokenExchange};
use serde_json::Value;
use tower::ServiceExt;

use crate::{EmulatedKeySets, MemoryRing, SetClock};

/// The day that tests stand on, in seconds since the Unix epoch: 2027-01-15T08:00:00Z.
pub const NOW: u64 = 1_800_000_000;

/// The service with everything around it.
#[derive(Debug, Clone)]
pub struct World {
    /// Its clock.
    pub clock: SetClock,
    /// The emulated Entra.
    pub entra: EmulatedEntra,
    /// Where the service fetches Entra's keys.
    pub key_sets: EmulatedKeySets,
    /// The stored key ring.
    pub ring: MemoryRing,
    /// The policy by which [`World::rotate`] rotates.
    pub policy: RotationPolicy,
    /// The service's own URL.
    pub issuer: Issuer,
    /// The registered sites.
    pub sites: SiteFiles,
    router: Router,
    explain: Router,
}

/// A world's environment, with its registry and its source of Entra's keys.
struct Emulated<R, F>(PhantomData<(R, F)>);

impl<R: SiteRegistry, F: KeySetFetch> Environment for Emulated<R, F> {
    type Clock = SetClock;
    type Sites = R;
    type KeySets = F;
    type Memory = NoKeySetMemory;
    type Signing = RingSigner<MemoryRing, SoftwareKeys>;
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as JSON; null when it has none.
    pub json: Value,
    /// Its body to the byte.
    pub body: Vec<u8>,
}

impl World {
    /// The service with the sample sites, signing with ES256, its first key made.
    pub async fn new() -> Self {
        Self::with(&samples::site_files(), SigningAlgorithm::Es256).await
    }

    /// The service with these sites and this algorithm, its first key made.
    ///
    /// # Panics
    /// When a site file is faulty.
    pub async fn with(files: &[SiteFile], algorithm: SigningAlgorithm) -> Self {
        let world = Self::without_ring(files, algorithm);
        world.rotate().await;
        world
    }

    /// The service before its first rotation: no ring is stored.
    ///
    /// # Panics
    /// When a site file is faulty.
    #[expect(
        clippy::expect_used,
        reason = "a world that cannot be built fails its test, which is what panics are for"
    )]
    pub fn without_ring(files: &[SiteFile], algorithm: SigningAlgorithm) -> Self {
        let sites = SiteFiles::of(files).expect("the test's site files are without fault");
        let mut all: Vec<_> = sites.all().collect();
        all.sort_by_key(|site| site.name.to_string());
        let entra = EmulatedEntra::new(all.into_iter().map(|site| samples::registration(site)).collect());
        let key_sets = EmulatedKeySets::of(entra.clone());
        let clock = SetClock::at(NOW);
        let ring = MemoryRing::default();
        let hours = |count: u64| Duration::from_secs(count * 3_600);
        let times = RotationTimes {
            publish_before: hours(3),
            sign_for: hours(24 * 7),
            keep_after: hours(26),
            held_by_consumers: hours(2),
            held_by_signers: RING_LIFETIMES.keep,
        };
        let policy = RotationPolicy::new(algorithm, times).expect("the test's policy is sound");
        let issuer: Issuer = "https://auth.example".parse().expect("the test's issuer is one");
        let exchange = Arc::new(TokenExchange::<Emulated<_, _>> {
            issuer: issuer.clone(),
            clock: clock.clone(),
            sites: sites.clone(),
            tenant_keys: TenantKeys::new(key_sets.clone(), KEY_LIFETIMES),
            signing: RingSigner::new(Arc::new(ring.clone()), SoftwareKeys, RING_LIFETIMES),
        });
        let jwks = pozi_jwks::router(
            &issuer,
            clock.clone(),
            Arc::new(ring.clone()),
            PUBLISHED_LIFETIMES,
            pozi_jwks::MAX_AGE,
        );
        let explain = explain::router(Arc::clone(&exchange));
        let router = pozi_token_exchange::router(exchange).merge(jwks);
        Self { clock, entra, key_sets, ring, policy, issuer, sites, router, explain }
    }

    /// The exchange alone, unfinished, of this world but for its registry and its source of Entra's keys.
    pub fn exchange_with<R: SiteRegistry, F: KeySetFetch>(&self, sites: R, fetch: F) -> Router {
        pozi_token_exchange::router(Arc::new(TokenExchange::<Emulated<R, F>> {
            issuer: self.issuer.clone(),
            clock: self.clock.clone(),
            sites,
            tenant_keys: TenantKeys::new(fetch, KEY_LIFETIMES),
            signing: RingSigner::new(Arc::new(self.ring.clone()), SoftwareKeys, RING_LIFETIMES),
        }))
    }

    /// Both functions, unfinished.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Runs one rotation of the service's own keys.
    ///
    /// # Panics
    /// When it fails.
    #[expect(clippy::expect_used, reason = "a ring in memory does not fail")]
    pub async fn rotate(&self) {
        let now = Timestamp::from_unix_seconds(self.clock.unix_seconds());
        establish(&self.ring, &SoftwareKeys, &self.policy, now)
            .await
            .expect("a ring in memory can be rotated");
    }

    /// A token as Entra issues it now.
    ///
    /// # Panics
    /// When there is no such site or person.
    #[expect(clippy::expect_used, reason = "a test that asks for nobody is wrong")]
    pub fn token(&self, ask: &TokenAsk) -> String {
        self.entra.token(ask, self.clock.unix_seconds()).expect("there is such a person")
    }

    /// Exchanges `subject_token`, with `more` parameters.
    pub async fn exchange(&self, subject_token: &str, more: &[(&str, &str)]) -> Answer {
        self.post(&exchange_form(subject_token, more), &[]).await
    }

    /// Asks, by `form`, what a token opens and why, as the service on localhost does it with the same exchange.
    pub async fn explain(&self, form: &str) -> Answer {
        let mut request = form_request(form, &[]);
        *request.uri_mut() = Uri::from_static("/local/explain");
        send(self.explain.clone(), request).await
    }

    /// Posts `form` to the token endpoint with `more` headers.
    pub async fn post(&self, form: &str, more: &[(&str, &str)]) -> Answer {
        self.send(form_request(form, more)).await
    }

    /// Gets `path` with `more` headers.
    ///
    /// # Panics
    /// When the test's own path or headers are none.
    #[expect(clippy::expect_used, reason = "a test whose request cannot be built is wrong")]
    pub async fn get(&self, path: &str, more: &[(&str, &str)]) -> Answer {
        let request =
            more.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::empty()).expect("the request is one")).await
    }

    /// Sends any request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router(), request).await
    }
}

/// Sends `request` to `router`, finished as every server of it finishes it.
pub async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = oauth::finish(router).oneshot(request).await.unwrap_or_else(|never| match never {});
    Answer::of(response).await
}

impl Answer {
    /// Takes `response` apart.
    ///
    /// # Panics
    /// When it breaks off, or is not JSON.
    #[expect(clippy::expect_used, reason = "every answer of the service is JSON or empty")]
    pub async fn of(response: http::Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let body: Vec<u8> = to_bytes(body, usize::MAX).await.expect("the answer has an end").into();
        let json = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).expect("the answer is JSON")
        };
        Self { status: head.status, headers: head.headers, json, body }
    }

    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// `error` and `reason` of a refusal.
    pub fn refusal(&self) -> (&str, &str) {
        (self.json["error"].as_str().unwrap_or_default(), self.json["reason"].as_str().unwrap_or_default())
    }

    /// The scope granted; empty in a refusal.
    pub fn scope(&self) -> &str {
        self.json["scope"].as_str().unwrap_or_default()
    }

    /// The session token; empty in a refusal.
    pub fn session(&self) -> &str {
        self.json["access_token"].as_str().unwrap_or_default()
    }
}

/// A form that asks to exchange `subject_token`, with `more` parameters.
pub fn exchange_form(subject_token: &str, more: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", GRANT_TYPE),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token", subject_token),
        ])
        .extend_pairs(more)
        .finish()
}

/// A POST of `form` to the token endpoint, with `more` headers.
///
/// # Panics
/// When the test's own headers are none.
#[expect(clippy::expect_used, reason = "a test whose request cannot be built is wrong")]
pub fn form_request(form: &str, more: &[(&str, &str)]) -> Request<Body> {
    let mut request =
        Request::post("/oauth2/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(Body::from(form.to_owned())).expect("the request is one")
}
