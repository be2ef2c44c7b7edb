//! A decision of the gate: finding the catalogue, checking the session, parsing the request and writing it for QGIS Server.

use std::{hint::black_box, sync::Arc, time::Instant};

use axum::{Router, body::Body, response::Response};
use http::{Method, Request, StatusCode};
use pozi_auth::{
    adapters::SiteFiles,
    session::{SessionVerifier, VerifiedSession},
    sites::{Access, Catalogue, Site},
    timestamp::{Clock, Timestamp},
};
use pozi_gate::{
    catalogue::{Catalogues, Place, segments},
    layers::source::LayerSource,
    proxy::{self, Proxy},
    request::{Context, Incoming, Keys, MapRequest, Parameters},
    sessions::Sessions,
    settings::{Limits, PathStyle, Settings},
    upstream::{MapServer, QgisRequest, UpstreamError},
};
use pozi_local::samples;
use pozi_tests::{World, WorldKeys, riverbend_tenant, turns::Side};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use super::{SITE, keys};

const PATH: &str = "/pozi/ows/planning/";
pub(crate) const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&FORMAT=image%2Fpng&TRANSPARENT=true&LAYERS=zones%2Coverlays&STYLES=&CRS=EPSG%3A3857&WIDTH=512&HEIGHT=512&BBOX=16140000%2C-4550000%2C16141000%2C-4549000&DPI=96";
pub(crate) const FEATURES: &str = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&SRSNAME=EPSG%3A3857&EXP_FILTER=intersects(%40geometry%2C%20buffer(geom_from_wkt('POLYGON((16140000%20-4550000%2C16141000%20-4550000%2C16141000%20-4549000%2C16140000%20-4550000))')%2C%20-0.00001))%20AND%20%22status%22%20ILIKE%20'%25open%25'";
/// The size of a large selection in bytes.
const SELECTION: usize = 31 * 1024;

/// What every decision needs.
pub(crate) struct Fixture {
    settings: Settings,
    catalogues: Catalogues,
    verifier: SessionVerifier<Arc<WorldKeys>>,
    keys: Arc<WorldKeys>,
    now: Timestamp,
}

/// A map server that answers at once.
struct InstantServer;

impl MapServer for InstantServer {
    async fn send(&self, _: &str, _: QgisRequest) -> Result<Response, UpstreamError> {
        let picture = Response::builder().header("content-type", "image/png").body(Body::from("picture"));
        picture.map_err(UpstreamError::Unwritable)
    }
}

impl Fixture {
    pub(crate) fn new(world: &World) -> Self {
        let settings = settings();
        let keys = keys(world);
        let verifier =
            SessionVerifier::new(world.issuer.clone(), SITE.into(), riverbend_tenant(), Arc::clone(&keys));
        Self { catalogues: Catalogues::new(&settings), settings, verifier, keys, now: world.clock.now() }
    }

    /// A remembered session alone.
    pub(crate) fn remembered<'a>(&'a self, runtime: &'a Runtime, session: &'a str) -> Side<'a> {
        let sessions = self.no_sessions();
        Side::whole(move || drop(self.verified(runtime, &sessions, session)))
    }

    /// A decision on `query` with a remembered session.
    pub(crate) fn decision<'a>(&'a self, runtime: &'a Runtime, session: &'a str, query: &'a str) -> Side<'a> {
        let sessions = self.no_sessions();
        Side::whole(move || self.decide(runtime, &sessions, session, query))
    }

    /// A decision on a map with a session that is seen for the first time.
    pub(crate) fn first_decision<'a>(&'a self, runtime: &'a Runtime, session: &'a str) -> Side<'a> {
        Side::part(move || {
            let sessions = self.no_sessions();
            let begun = Instant::now();
            self.decide(runtime, &sessions, session, MAP);
            begun.elapsed()
        })
    }

    fn no_sessions(&self) -> Sessions<WorldKeys> {
        Sessions::new(self.verifier.clone(), Arc::clone(&self.keys))
    }

    fn verified(
        &self,
        runtime: &Runtime,
        sessions: &Sessions<WorldKeys>,
        session: &str,
    ) -> Arc<VerifiedSession> {
        runtime.block_on(sessions.verify(black_box(session), self.now)).expect("it verifies")
    }

    fn decide(&self, runtime: &Runtime, sessions: &Sessions<WorldKeys>, session: &str, query: &str) {
        let session = self.verified(runtime, sessions, session);
        assert!(session.allows(&self.planning().id, Access::Read));
        black_box(self.parse_and_write(black_box(query)));
    }
}

/// Everything that the gate does for a map except connections, from the request's head to the answer's.
pub(crate) fn through_router<'a>(runtime: &'a Runtime, world: &World, session: &'a str) -> Side<'a> {
    let router = router(settings(), world);
    Side::part(move || {
        let request = Request::get(format!("{PATH}?{MAP}")).header("x-pozi-session", session);
        let request = request.body(Body::empty()).expect("the request is valid");
        let begun = Instant::now();
        let answer = runtime.block_on(router.clone().oneshot(request));
        let passed = begun.elapsed();
        assert_eq!(answer.unwrap_or_else(|never| match never {}).status(), StatusCode::OK);
        passed
    })
}

/// Returns the gate with `settings`, in front of a server that answers at once.
pub(crate) fn router(settings: Settings, world: &World) -> Router {
    let server = Arc::new(InstantServer);
    let proxy = Proxy::new(
        world.clock.clone(),
        settings,
        (world.issuer.clone(), keys(world)),
        (Arc::new(LayerSource::new(Arc::clone(&server))), server),
        |_| Vec::new(),
    );
    proxy::router(Arc::new(proxy))
}

impl Fixture {
    fn planning(&self) -> &Catalogue {
        &self.settings.site.catalogues[0]
    }

    /// Parses `query` and returns the request for QGIS Server, without replacing field names, which depends on the project.
    fn parse_and_write(&self, query: &str) -> QgisRequest {
        let segments = segments(black_box(PATH)).expect("a path");
        let mut query = Parameters::read(query.as_bytes(), Keys::Ows).expect("a query");
        let map = query.take("MAP");
        let place = self.catalogues.place(&segments, map.as_deref());
        let Ok(Place::Catalogue(catalogue, rest)) = place else { unreachable!("the catalogue is there") };
        let incoming = Incoming { method: &Method::GET, rest, query, body: &[], accept: None };
        let context = Context { catalogue, limits: &self.settings.limits };
        MapRequest::parse(incoming, &context).expect("the request is valid").write()
    }
}

fn settings() -> Settings {
    let sites = SiteFiles::of(&samples::site_files()).expect("the sample sites are valid");
    let site = sites.all().find(|site| site.external_url.as_str() == SITE).expect("riverbend");
    settings_of(site.as_ref().clone())
}

/// Returns the settings of a gate of `site`.
pub(crate) fn settings_of(site: Site) -> Settings {
    Settings {
        public_url: SITE.into(),
        site,
        base: "/pozi".into(),
        project_paths: PathStyle::Windows,
        limits: Limits::default(),
    }
}

/// Returns a selection of features by their numbers, as a Web App sends it.
pub(crate) fn selection() -> String {
    let mut query = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER=%22number%22%20IN%20(100000".to_owned();
    let mut number = 100_001;
    while query.len() < SELECTION {
        query.push_str("%2C");
        query.push_str(&number.to_string());
        number += 1;
    }
    query + ")"
}
