//! A decision of the gate: finding the catalogue, checking the session, parsing the request and writing it for QGIS Server.

use std::{hint::black_box, sync::Arc};

use axum::{Router, body::Body, response::Response};
use criterion::{BatchSize, Criterion};
use http::{Method, Request, StatusCode};
use pozi_auth::{
    adapters::SiteFiles,
    session::SessionVerifier,
    sites::{Access, Catalogue, Site},
    timestamp::Clock,
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
use pozi_tests::{World, WorldKeys, riverbend_tenant};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use super::{SITE, keys};

const PATH: &str = "/pozi/ows/planning/";
pub(crate) const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&FORMAT=image%2Fpng&TRANSPARENT=true&LAYERS=zones%2Coverlays&STYLES=&CRS=EPSG%3A3857&WIDTH=512&HEIGHT=512&BBOX=16140000%2C-4550000%2C16141000%2C-4549000&DPI=96";
const FEATURES: &str = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&SRSNAME=EPSG%3A3857&EXP_FILTER=intersects(%40geometry%2C%20buffer(geom_from_wkt('POLYGON((16140000%20-4550000%2C16141000%20-4550000%2C16141000%20-4549000%2C16140000%20-4550000))')%2C%20-0.00001))%20AND%20%22status%22%20ILIKE%20'%25open%25'";
/// The size of a large selection in bytes.
const SELECTION: usize = 31 * 1024;

/// A session cache that is still empty.
type EmptyCache = Sessions<WorldKeys>;

/// What every decision needs.
struct Fixture {
    settings: Settings,
    catalogues: Catalogues,
}

/// A map server that answers at once.
struct InstantServer;

impl MapServer for InstantServer {
    async fn send(&self, _: &str, _: QgisRequest) -> Result<Response, UpstreamError> {
        let picture = Response::builder().header("content-type", "image/png").body(Body::from("picture"));
        picture.map_err(UpstreamError::Unwritable)
    }
}

pub(crate) fn measure(criterion: &mut Criterion, runtime: &Runtime, world: &World, session: &str) {
    let settings = settings();
    let fixture = Fixture { catalogues: Catalogues::new(&settings), settings };
    let now = world.clock.now();
    let keys = keys(world);
    // Made once: what it takes to make one must not leave the processor's caches cold for what is measured.
    let verifier =
        SessionVerifier::new(world.issuer.clone(), SITE.into(), riverbend_tenant(), Arc::clone(&keys));
    let sessions = || -> EmptyCache { Sessions::new(verifier.clone(), Arc::clone(&keys)) };
    let cache = sessions();
    let cached_session = || runtime.block_on(cache.verify(black_box(session), now)).expect("it verifies");
    cached_session();
    criterion.bench_function("session-cached", |bencher| bencher.iter(cached_session));
    criterion.bench_function("session-new", |bencher| {
        let verify = |sessions: &mut EmptyCache| runtime.block_on(sessions.verify(session, now)).is_ok();
        bencher.iter_batched_ref(sessions, verify, BatchSize::PerIteration);
    });
    let selection = selection();
    for (name, query) in [("map", MAP), ("features", FEATURES), ("selection", &selection)] {
        criterion.bench_function(&format!("decision-{name}"), |bencher| {
            bencher.iter(|| {
                assert!(cached_session().allows(&fixture.planning().id, Access::Read));
                fixture.parse_and_write(black_box(query))
            });
        });
    }
    criterion.bench_function("decision-map-new", |bencher| {
        let decide = |sessions: &mut EmptyCache| {
            let session = runtime.block_on(sessions.verify(session, now)).expect("it verifies");
            assert!(session.allows(&fixture.planning().id, Access::Read));
            fixture.parse_and_write(black_box(MAP))
        };
        bencher.iter_batched_ref(sessions, decide, BatchSize::PerIteration);
    });
    through_router(criterion, runtime, world, session);
}

/// Measures everything that the gate does for a map except connections, from the request's head to the answer's.
fn through_router(criterion: &mut Criterion, runtime: &Runtime, world: &World, session: &str) {
    let router = router(settings(), world);
    let request = || {
        let request = Request::get(format!("{PATH}?{MAP}")).header("x-pozi-session", session);
        request.body(Body::empty()).expect("the request is valid")
    };
    criterion.bench_function("router-map", |bencher| {
        let answer = |request| {
            let answer: Result<Response, std::convert::Infallible> =
                runtime.block_on(router.clone().oneshot(request));
            let answer = answer.unwrap_or_else(|never| match never {});
            assert_eq!(answer.status(), StatusCode::OK);
            answer
        };
        bencher.iter_batched(request, answer, BatchSize::SmallInput);
    });
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
fn selection() -> String {
    let mut query = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER=%22number%22%20IN%20(100000".to_owned();
    let mut number = 100_001;
    while query.len() < SELECTION {
        query.push_str("%2C");
        query.push_str(&number.to_string());
        number += 1;
    }
    query + ")"
}
