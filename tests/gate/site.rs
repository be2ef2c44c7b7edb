//! A gate for riverbend that verifies sessions with a world's keys, and requests to its `/decide`.

use std::sync::Arc;

use axum::{Router, body::Body};
use entra_emulator::{Person, TokenSpec};
use http::{HeaderValue, Request};
use pozi_auth::{session::RevocationLimit, sites::Site as SiteRules};
use pozi_gate::{Gate, Health, Routes, Watched, router};
use pozi_tests::{Answer, Published, SetClock, World, WorldKeys};
use tower::ServiceExt;

pub(crate) const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";

/// A gate, and what it depends on.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) published: Published,
    pub(crate) keys: Arc<WorldKeys>,
    rules: SiteRules,
    router: Router,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::of(World::new().await)
    }

    pub(crate) fn of(world: World) -> Self {
        let published = Published::of(&world);
        let keys = published.cached();
        Self::with(world, published, keys)
    }

    /// A gate that uses `keys`, which it fetches from `published`.
    pub(crate) fn with(world: World, published: Published, keys: Arc<WorldKeys>) -> Self {
        let rules = riverbend(&world);
        let router = gate(&world, &rules, Arc::clone(&keys));
        Self { world, published, keys, rules, router }
    }

    /// Returns the gate after a reload with other `rules` of riverbend.
    pub(crate) fn reloaded(self, rules: &SiteRules) -> Self {
        let router = gate(&self.world, rules, Arc::clone(&self.keys));
        Self { rules: rules.clone(), router, ..self }
    }

    /// Returns the gate's health, with the limit of its site file.
    pub(crate) fn health(&self) -> Health {
        let limit = RevocationLimit::of(&self.rules);
        Health::new(self.world.clock.clone(), Arc::clone(&self.keys), move || limit, Watched::default())
    }

    /// Gets a session for `person` at riverbend.
    pub(crate) async fn session(&self, person: Person) -> String {
        self.session_at("riverbend", person).await
    }

    pub(crate) async fn session_at(&self, site: &str, person: Person) -> String {
        let ask = TokenSpec { site: site.into(), person, ..TokenSpec::default() };
        let answer = self.world.exchange(&self.world.token(&ask), &[]).await;
        assert!(!answer.session().is_empty(), "{:?}", answer.json);
        answer.session().to_owned()
    }

    /// Sends a question with only these headers.
    pub(crate) async fn ask(&self, headers: &[(&str, &str)]) -> Answer {
        self.ask_bytes(headers.iter().map(|(name, value)| (*name, value.as_bytes()))).await
    }

    pub(crate) async fn ask_bytes<'a>(&self, headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Answer {
        let mut request = Request::get("/decide");
        for (name, value) in headers {
            request = request.header(name, HeaderValue::from_bytes(value).unwrap());
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// Asks whether `session` may read `catalogue`, as a well-configured gateway does.
    pub(crate) async fn reads(&self, catalogue: &str, session: &str) -> Answer {
        self.ask(&[("x-pozi-catalogue", catalogue), ("x-pozi-method", "GET"), ("x-pozi-session", session)])
            .await
    }
}

/// Riverbend's site file.
pub(crate) fn riverbend(world: &World) -> SiteRules {
    let rules = world.sites.all().find(|site| site.external_url.as_str() == RIVERBEND);
    SiteRules::clone(rules.unwrap())
}

pub(crate) fn gate(world: &World, rules: &SiteRules, keys: Arc<WorldKeys>) -> Router {
    let gate = Gate::of_site(world.issuer.clone(), rules, keys);
    let clock: SetClock = world.clock.clone();
    router(Routes { gate, clock, site: RIVERBEND.into() })
}
