//! The service with everything around it, valid by default; a test changes one thing.

use std::{
    marker::PhantomData,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Router, body::Body};
use entra_emulator::{EmulatedEntra, Kind, TokenSpec};
use http::{Request, Uri};
use pozi_auth::{
    adapters::SiteFiles,
    entra::{ApplicationTokenCache, GroupResolver, KEY_LIFETIMES, KeySetFetch, NoKeySetMemory, TenantKeys},
    keyring::{
        PUBLISHED_LIFETIMES, RING_LIFETIMES, RingSigner, Rotation, RotationPolicy, RotationRequest,
        RotationTimes, SigningAlgorithm, SoftwareKeys,
    },
    revocation::{LIST_LIFETIMES, RevocationList, Revoked, RotationError, carry_out},
    session::Issuer,
    sites::SiteFile,
    tenants::SiteRegistry,
    timestamp::Clock,
};
use pozi_local::{explain, samples};
use pozi_token_exchange::{Environment, Limits, Rates, Revocations, TokenExchange, UNLIMITED};

use crate::{
    Answer, EmulatedGraph, EmulatedKeySets, EmulatedTokenEndpoint, MemoryCredentials, MemoryRevocations,
    MemoryRing, SetClock, exchange_form, form_request, send,
};

/// The time at which tests begin, in seconds since the Unix epoch: 2027-01-15T08:00:00Z.
pub const NOW: u64 = 1_800_000_000;

/// The service with everything around it.
#[derive(Debug, Clone)]
pub struct World {
    /// The clock.
    pub clock: SetClock,
    /// The emulated Entra.
    pub entra: EmulatedEntra,
    /// Where the service fetches Entra's keys.
    pub key_sets: EmulatedKeySets,
    /// Where the service asks about groups that tokens do not list.
    pub graph: EmulatedGraph,
    /// The stored credentials of app registrations.
    pub credentials: MemoryCredentials,
    /// The stored key ring.
    pub ring: MemoryRing,
    /// The revocation list.
    pub revocations: MemoryRevocations,
    /// The policy by which [`World::rotate`] rotates.
    pub policy: RotationPolicy,
    /// The service's own URL.
    pub issuer: Issuer,
    /// The registered sites.
    pub sites: SiteFiles,
    router: Router,
    explain: Router,
}

/// The exchange's environment, with a choice of registry and source of Entra's keys.
struct Emulated<R, F>(PhantomData<(R, F)>);

impl<R: SiteRegistry, F: KeySetFetch> Environment for Emulated<R, F> {
    type Clock = SetClock;
    type Sites = R;
    type KeySets = F;
    type Memory = NoKeySetMemory;
    type Graph = EmulatedGraph;
    type Applications = ApplicationTokenCache<MemoryCredentials, EmulatedTokenEndpoint>;
    type Signing = RingSigner<MemoryRing, SoftwareKeys>;
    type Revocations = MemoryRevocations;
}

impl World {
    /// The service with the sample sites and a first ES256 key.
    pub async fn new() -> Self {
        Self::with(&samples::site_files(), SigningAlgorithm::Es256).await
    }

    /// The service with these sites and a first key of this algorithm.
    pub async fn with(files: &[SiteFile], algorithm: SigningAlgorithm) -> Self {
        let world = Self::without_ring(files, algorithm);
        world.rotate().await;
        world
    }

    /// The service with the sample sites and a first ES256 key, as `issuer`.
    pub async fn of_issuer(issuer: &str) -> Self {
        let issuer = issuer.parse().expect("the test's issuer is valid");
        let world = Self::build(&samples::site_files(), SigningAlgorithm::Es256, issuer);
        world.rotate().await;
        world
    }

    /// The service before its first rotation: no key ring is stored.
    pub fn without_ring(files: &[SiteFile], algorithm: SigningAlgorithm) -> Self {
        let issuer = "https://auth.example".parse().expect("the test's issuer is valid");
        Self::build(files, algorithm, issuer)
    }

    fn build(files: &[SiteFile], algorithm: SigningAlgorithm, issuer: Issuer) -> Self {
        let sites = SiteFiles::of(files).expect("the test's site files are valid");
        let mut all: Vec<_> = sites.all().collect();
        all.sort_by_key(|site| site.name.to_string());
        let entra = EmulatedEntra::new(all.into_iter().map(|site| samples::registration(site)).collect());
        let key_sets = EmulatedKeySets::of(entra.clone());
        let graph = EmulatedGraph::of(entra.clone());
        let credentials = MemoryCredentials::default();
        let clock = SetClock::at(NOW);
        let (ring, revocations) = (MemoryRing::default(), MemoryRevocations::default());
        let hours = |count: u64| Duration::from_secs(count * 3_600);
        let times = RotationTimes {
            publish_before: hours(3),
            sign_for: hours(24 * 7),
            keep_after: hours(26),
            held_by_consumers: hours(2),
            held_by_signers: RING_LIFETIMES.keep,
        };
        let policy = RotationPolicy::new(algorithm, times).expect("the test's policy is valid");
        let exchange = Arc::new(TokenExchange::<Emulated<_, _>> {
            issuer: issuer.clone(),
            clock: clock.clone(),
            sites: sites.clone(),
            tenant_keys: TenantKeys::new(key_sets.clone(), KEY_LIFETIMES),
            groups: resolver(&graph, &credentials),
            limits: Limits::new(UNLIMITED),
            signing: RingSigner::new(Arc::new(ring.clone()), SoftwareKeys, RING_LIFETIMES),
            revocations: Revocations::new(Arc::new(revocations.clone()), LIST_LIFETIMES),
            probe_tenant: None,
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
        Self {
            clock,
            entra,
            key_sets,
            graph,
            credentials,
            ring,
            revocations,
            policy,
            issuer,
            sites,
            router,
            explain,
        }
    }

    /// Returns the exchange's router with another registry and source of Entra's keys, without [`pozi_auth::oauth::finish`].
    pub fn exchange_with<R: SiteRegistry, F: KeySetFetch>(&self, sites: R, fetch: F) -> Router {
        self.exchange_at(sites, fetch, UNLIMITED)
    }

    /// Returns the exchange's router with other rates.
    pub fn exchange_limited(&self, rates: Rates) -> Router {
        self.exchange_at(self.sites.clone(), self.key_sets.clone(), rates)
    }

    fn exchange_at<R: SiteRegistry, F: KeySetFetch>(&self, sites: R, fetch: F, rates: Rates) -> Router {
        pozi_token_exchange::router(Arc::new(TokenExchange::<Emulated<R, F>> {
            issuer: self.issuer.clone(),
            clock: self.clock.clone(),
            sites,
            tenant_keys: TenantKeys::new(fetch, KEY_LIFETIMES),
            groups: resolver(&self.graph, &self.credentials),
            limits: Limits::new(rates),
            signing: RingSigner::new(Arc::new(self.ring.clone()), SoftwareKeys, RING_LIFETIMES),
            revocations: Revocations::new(Arc::new(self.revocations.clone()), LIST_LIFETIMES),
            probe_tenant: None,
        }))
    }

    /// Returns the router of token-exchange and jwks, without [`pozi_auth::oauth::finish`].
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Rotates the service's own keys once.
    pub async fn rotate(&self) {
        self.run(&RotationRequest::Establish).await.expect("the keys are rotated");
    }

    /// Runs rotation once, as `request` asks.
    pub async fn run(&self, request: &RotationRequest) -> Result<Rotation, RotationError> {
        let stores = (&self.ring, &self.revocations);
        carry_out(stores, &SoftwareKeys, &self.policy, request, self.clock.now()).await
    }

    /// Revokes `revoked` now.
    pub fn revoke(&self, revoked: Revoked) {
        let enter = |list: &RevocationList| list.enter(revoked, "a test", self.clock.now());
        self.revocations.change(|list| enter(list).expect("the list has room"));
    }

    /// A token as Entra issues it now.
    pub fn token(&self, ask: &TokenSpec) -> String {
        self.entra.token(ask, self.clock.unix_seconds()).expect("the site and the person exist")
    }

    /// The Graph token of the person of `ask` as Entra issues it now, by this machine's clock: the emulated Graph goes by that.
    pub fn graph_token(&self, ask: &TokenSpec) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let ask = TokenSpec { kind: Kind::Graph, ..ask.clone() };
        self.entra.token(&ask, now).expect("the site and the person exist")
    }

    /// Exchanges `subject_token`, with `more` parameters.
    pub async fn exchange(&self, subject_token: &str, more: &[(&str, &str)]) -> Answer {
        self.post(&exchange_form(subject_token, more), &[]).await
    }

    /// Posts `form` to the explanation, which the local service has beside the same exchange.
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
    pub async fn get(&self, path: &str, more: &[(&str, &str)]) -> Answer {
        let request =
            more.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::empty()).expect("the request is valid")).await
    }

    /// Sends any request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router(), request).await
    }
}

fn resolver(
    graph: &EmulatedGraph,
    credentials: &MemoryCredentials,
) -> GroupResolver<EmulatedGraph, ApplicationTokenCache<MemoryCredentials, EmulatedTokenEndpoint>> {
    let endpoint = EmulatedTokenEndpoint(graph.clone());
    GroupResolver::with_applications(graph.clone(), ApplicationTokenCache::new(credentials.clone(), endpoint))
}
