//! A gate for riverbend that verifies sessions with a world's keys, and requests to its `/decide`.

use std::sync::Arc;

use axum::{Router, body::Body};
use entra_emulator::{Person, TokenSpec};
use http::{HeaderValue, Request};
use pozi_auth::{
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    sites::{Access, CatalogueId},
};
use pozi_gate::{Gate, Routes, router};
use pozi_tests::{Answer, PublishedDocument, SetClock, World, riverbend_tenant};
use tower::ServiceExt;

pub(crate) const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";

/// A gate, and what it depends on.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) published: PublishedDocument,
    pub(crate) keys: Arc<IssuerKeys<PublishedDocument>>,
    router: Router,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::of(World::new().await)
    }

    pub(crate) fn of(world: World) -> Self {
        Self::with_downloads(world, Access::Read)
    }

    /// A site where a download of `planning` needs `access`.
    pub(crate) fn with_downloads(world: World, access: Access) -> Self {
        let published = PublishedDocument::of(&world);
        let keys = Arc::new(IssuerKeys::new(published.clone(), ISSUER_KEY_LIFETIMES));
        let router = gate(&world, Arc::clone(&keys), access);
        Self { world, published, keys, router }
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

fn gate(world: &World, keys: Arc<IssuerKeys<PublishedDocument>>, download: Access) -> Router {
    let catalogues = [("planning", download), ("heritage", Access::Read), ("assets", Access::Read)];
    let catalogues = catalogues.map(|(id, access)| (id.parse::<CatalogueId>().unwrap(), access));
    let gate = Gate::new(world.issuer.clone(), RIVERBEND.into(), riverbend_tenant(), catalogues, keys);
    let clock: SetClock = world.clock.clone();
    router(Routes { gate, clock, site: RIVERBEND.into() })
}
