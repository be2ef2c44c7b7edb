//! The steps of one request:
//!
//! ```text
//! HTTP ─► catalogue ─► session ─► MapRequest ─► allowed? ─► rewritten ─► QGIS ─► answer ─► HTTP
//! ```

mod body;
mod log;
mod refusal;
mod token;

use std::{borrow::Cow, collections::HashMap, sync::Arc, time::Instant};

use axum::{Router, body::Body, extract::State, handler::Handler as _, response::Response};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE},
    request::Parts,
};
use pozi_auth::{
    session::{Issuer, SessionKeySource, SessionVerifier, VerifiedSession},
    sites::{Access, Catalogue, CatalogueId},
    timestamp::Clock,
};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

pub use self::refusal::ProxyRefusal;
use self::{body::read_body, log::Trail};
use crate::{
    answer::{Cors, Interface, Links, api_accept, compression, preflight, rebuild, refusal, without_body},
    catalogue::{Catalogues, Place, PlaceError, segments},
    layers::source::LayerSource,
    request::{Context, Incoming, Keys, MapRequest, Parameters, RequestRefusal},
    sessions::Sessions,
    settings::Settings,
    upstream::MapServer,
};

/// What handles requests, rebuilt for each configuration. `K` is the source of the issuer's keys, `M` is QGIS Server.
#[derive(Debug)]
pub struct Proxy<C, K, M> {
    clock: C,
    settings: Settings,
    catalogues: Catalogues,
    links: HashMap<CatalogueId, Links>,
    cors: Cors,
    sessions: Sessions<K>,
    layers: Arc<LayerSource<M>>,
    upstream: Arc<M>,
}

/// Answers every path with `proxy`.
pub fn router<C: Clock, K: SessionKeySource + 'static, M: MapServer>(proxy: Arc<Proxy<C, K, M>>) -> Router {
    let panics = CatchPanicLayer::custom(|_| {
        refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "internal error; the gate's log has the details",
            None,
        )
    });
    let answering = answer_request::<C, K, M>.with_state(proxy);
    // One service instead of layers of the router, which would each be boxed and cloned for every request.
    let service = ServiceBuilder::new().layer(panics).layer(compression()).service(answering);
    Router::new().fallback_service(service)
}

async fn answer_request<C: Clock, K: SessionKeySource + 'static, M: MapServer>(
    State(proxy): State<Arc<Proxy<C, K, M>>>,
    request: Request<Body>,
) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    if let Some(answer) = preflight(&parts.method, &parts.headers, &proxy.cors) {
        return answer;
    }
    let mut trail = Trail::default();
    let outcome = proxy.handle(&parts, body, &mut trail).await;
    trail.log(&outcome, started.elapsed());
    let mut answer = outcome.unwrap_or_else(|refusal| refusal.response());
    proxy.cors.allow(&parts.headers, &mut answer);
    if parts.method == Method::HEAD { without_body(answer) } else { answer }
}

impl<C: Clock, K: SessionKeySource, M: MapServer> Proxy<C, K, M> {
    /// Creates a proxy for the catalogues of `settings`, and sessions of `issuer` that `keys` verify. `own` returns the
    /// addresses that the QGIS Server of a catalogue uses for itself.
    pub fn new(
        clock: C,
        settings: Settings,
        (issuer, keys): (Issuer, Arc<K>),
        (layers, upstream): (Arc<LayerSource<M>>, Arc<M>),
        own: impl Fn(&Catalogue) -> Vec<String>,
    ) -> Self {
        let verifier = SessionVerifier::of_site(issuer, &settings.site, Arc::clone(&keys));
        let links = settings.site.catalogues.iter().map(|catalogue| {
            let links = Links::new(
                &address(&settings, catalogue),
                &own(catalogue),
                &catalogue.project,
                catalogue.id.as_str(),
            );
            (catalogue.id.clone(), links)
        });
        Self {
            clock,
            catalogues: Catalogues::new(&settings),
            links: links.collect(),
            cors: Cors::new(settings.site.origins.clone()),
            sessions: Sessions::new(verifier, keys),
            settings,
            layers,
            upstream,
        }
    }

    /// Also accepts the `name` of each pair as `MAP` of that catalogue, if clients know the project by another path
    /// than QGIS Server does.
    #[must_use]
    pub fn with_project_names<'a>(
        mut self,
        names: impl IntoIterator<Item = (&'a CatalogueId, &'a str)>,
    ) -> Self {
        self.catalogues = names
            .into_iter()
            .fold(self.catalogues, |catalogues, (id, name)| catalogues.with_project_name(id, name));
        self
    }

    async fn handle(&self, parts: &Parts, body: Body, trail: &mut Trail) -> Result<Response, ProxyRefusal> {
        let (segments, mut query) = read_target(&parts.uri)?;
        let map = query.take("MAP");
        let Place::Catalogue(catalogue, rest) = self.catalogues.place(&segments, map.as_deref())? else {
            return Ok(resource_check());
        };
        trail.catalogue = Some(catalogue.id.clone());
        let session = self.session(&parts.headers).await?;
        trail.session = Some(Arc::clone(&session));
        let context = Context { catalogue, limits: &self.settings.limits };
        // Before the body is read, so that a session without access costs as little as possible.
        trail.require(&session, &context, Access::Read)?;
        let body = read_body(body, self.settings.limits.body_bytes).await?;
        let request = parse(parts, rest, query, &body, &context)?;
        trail.operation = Some(request.operation());
        trail.require(&session, &context, request.access(&context))?;
        let request = self.resolve(request, catalogue).await?;
        let rewritten = request.write().with_public_url(address(&self.settings, catalogue));
        let response = self.upstream.send(&catalogue.project, rewritten).await?;
        Ok(self.rebuild(response, &request, catalogue).await)
    }

    async fn rebuild(&self, response: Response, request: &MapRequest, catalogue: &Catalogue) -> Response {
        let interface = match request {
            MapRequest::Features(_) => Interface::Api,
            _ => Interface::WebService,
        };
        match self.links.get(&catalogue.id) {
            Some(links) => rebuild(response, interface, links).await,
            None => {
                refusal(StatusCode::NOT_FOUND, "unknown_catalogue", "this site has no such catalogue", None)
            }
        }
    }

    async fn session(&self, headers: &HeaderMap) -> Result<Arc<VerifiedSession>, ProxyRefusal> {
        let token = token::session(headers)?;
        let verified = self.sessions.verify(token.text, self.clock.now()).await;
        verified.map_err(|refusal| token.refusal(refusal))
    }

    /// Replaces the published names of fields in the request with their real ones.
    async fn resolve(
        &self,
        mut request: MapRequest,
        catalogue: &Catalogue,
    ) -> Result<MapRequest, ProxyRefusal> {
        if request.needs_layers() {
            let (id, project) = (catalogue.id.as_str(), &catalogue.project);
            request.resolve(&*self.layers.layers(id, project, self.clock.now()).await?)?;
        }
        Ok(request)
    }
}

/// Returns the path's segments and the query. Parameters of OGC API Features are case-sensitive.
fn read_target(uri: &Uri) -> Result<(Vec<Cow<'_, str>>, Parameters), ProxyRefusal> {
    let segments = segments(uri.path()).ok_or(PlaceError::NoSuchPath)?;
    let is_features =
        segments.iter().any(|segment| segment.starts_with("wfs3") || segment.starts_with("ogcapi"));
    let keys = if is_features { Keys::Features } else { Keys::Ows };
    Ok((segments, Parameters::read(uri.query().unwrap_or_default().as_bytes(), keys)?))
}

fn parse(
    parts: &Parts,
    rest: &[Cow<'_, str>],
    query: Parameters,
    body: &[u8],
    context: &Context<'_>,
) -> Result<MapRequest, RequestRefusal> {
    let accept = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let incoming = Incoming { method: &parts.method, rest, query, body, accept: Some(api_accept(accept)) };
    MapRequest::parse(incoming, context)
}

/// Returns the public URL of a catalogue.
fn address(settings: &Settings, catalogue: &Catalogue) -> String {
    format!("{}ows/{}/", settings.public_url, catalogue.id)
}

/// Answers the Web App, which checks that the server is up before anyone signs in.
fn resource_check() -> Response {
    let mut answer = Response::new(Body::from(r#"{"title":"Pozi Server","links":[]}"#));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
