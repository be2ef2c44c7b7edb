//! The gates of the sample sites, as `make run` starts them.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
};
use entra_emulator::{Person, TokenSpec};
use http::{Method, Request};
use pozi_auth::sites::Site;
use pozi_local::{
    gates::Gates,
    maps::{self, Qgis},
};
use pozi_tests::{Answer, Published, World, install_qgis};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const BASE: &str = "http://localhost:8080";

/// The gates of all sample sites, and the service whose sessions they accept.
pub(crate) struct Maps {
    pub(crate) world: World,
    pub(crate) sites: Vec<Arc<Site>>,
    router: Router,
    pub(crate) state: TempDir,
}

impl Maps {
    /// Starts with QGIS Server; `None` if it is not installed.
    pub(crate) async fn with_qgis() -> Option<Self> {
        if install_qgis() { Some(Self::start(maps::PROGRAM).await) } else { None }
    }

    /// Starts without QGIS Server: allowed requests get a 502.
    pub(crate) async fn without_qgis() -> Self {
        Self::start("/nonexistent/qgis_mapserv.fcgi").await
    }

    async fn start(program: &str) -> Self {
        let world = World::new().await;
        let state = tempfile::tempdir().unwrap();
        let sites: Vec<_> = world.sites.all().cloned().collect();
        let gates = Gates {
            clock: world.clock.clone(),
            issuer: world.issuer.clone(),
            keys: Published::of(&world).cached(),
            base: BASE.to_owned(),
            state: state.path().to_owned(),
            qgis: Qgis::new(program, state.path().join("qgis"), false),
        };
        let router = gates.router(&sites).unwrap();
        Self { world, sites, router, state }
    }

    pub(crate) async fn session(&self, site: &str, person: Person) -> String {
        let ask = TokenSpec { site: site.into(), person, ..TokenSpec::default() };
        let answer = self.world.exchange(&self.world.token(&ask), &[]).await;
        assert!(!answer.session().is_empty(), "{:?}", answer.json);
        answer.session().to_owned()
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body: Vec<u8> = to_bytes(body, usize::MAX).await.unwrap().into();
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, json, body }
    }

    pub(crate) async fn get(&self, path: &str, session: &str) -> Answer {
        self.send(Method::GET, path, &[("x-pozi-session", session)], "").await
    }

    /// Returns the text at `path`, which must be allowed.
    pub(crate) async fn text(&self, path: &str, session: &str) -> String {
        let answer = self.get(path, session).await;
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.status, 200, "{path}: {text}");
        text
    }

    pub(crate) fn titles(&self) -> Vec<&str> {
        let catalogues = self.sites.iter().flat_map(|site| &site.catalogues);
        catalogues.map(|catalogue| catalogue.title.as_str()).collect()
    }
}
