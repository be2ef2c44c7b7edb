//! Everything that the gate does for a map except connections, from the request's head to the answer's, with a session that it
//! remembers.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use entra_emulator::TokenSpec;
use http::{Request, StatusCode};
use pozi_auth::adapters::SiteFiles;
use pozi_gate::{
    layers::source::LayerSource,
    proxy::{self, Proxy},
    settings::{Limits, PathStyle, Settings},
    upstream::{MapServer, QgisRequest, UpstreamError},
};
use pozi_local::samples;
use pozi_tests::{Published, World};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::work::Work;

pub(crate) const SITE: &str = "https://poziserver-riverbend.example/pozi/";
const MAP: &str = "/pozi/ows/planning/?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&FORMAT=image%2Fpng&TRANSPARENT=true&LAYERS=zones%2Coverlays&STYLES=&CRS=EPSG%3A3857&WIDTH=512&HEIGHT=512&BBOX=16140000%2C-4550000%2C16141000%2C-4549000&DPI=96";

pub(crate) fn work(runtime: Runtime, world: &World) -> Work {
    let token = world.token(&TokenSpec::default());
    let session = runtime.block_on(world.exchange(&token, &[])).session().to_owned();
    let server = Arc::new(InstantServer);
    let proxy = Proxy::new(
        world.clock.clone(),
        settings(),
        (world.issuer.clone(), Published::of(world).cached()),
        (Arc::new(LayerSource::new(Arc::clone(&server))), server),
        |_| Vec::new(),
    );
    let router = proxy::router(Arc::new(proxy));
    Box::new(move || {
        let request = Request::get(MAP).header("x-pozi-session", &session).body(Body::empty());
        let request = request.expect("the request is valid");
        let answer = runtime.block_on(router.clone().oneshot(request)).unwrap_or_else(|never| match never {});
        assert_eq!(answer.status(), StatusCode::OK);
    })
}

/// A map server that answers at once.
struct InstantServer;

impl MapServer for InstantServer {
    async fn send(&self, _: &str, _: QgisRequest) -> Result<Response, UpstreamError> {
        let picture = Response::builder().header("content-type", "image/png").body(Body::from("picture"));
        picture.map_err(UpstreamError::Unwritable)
    }
}

fn settings() -> Settings {
    let sites = SiteFiles::of(&samples::site_files()).expect("the sample sites are valid");
    let site = sites.all().find(|site| site.external_url.as_str() == SITE).expect("riverbend");
    Settings {
        public_url: SITE.into(),
        site: site.as_ref().clone(),
        base: "/pozi".into(),
        project_paths: PathStyle::Windows,
        limits: Limits::default(),
    }
}
