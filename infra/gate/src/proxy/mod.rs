//! The walk of one request:
//!
//! ```text
//! HTTP ─► catalogue ─► session ─► MapRequest ─► allowed? ─► written anew ─► QGIS ─► answer ─► HTTP
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
    refusal::Refusal,
    request::{Context, Incoming, Keys, MapRequest, Parameters, RequestRefusal},
    sessions::Sessions,
    settings::Settings,
    upstream::MapServer,
};

/// Everything that a request is walked through, made anew with each configuration. `K` are the issuer's keys, `M` is QGIS
/// Server.
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
            "the gate failed; its log says where",
            None,
        )
    });
    let answering = answer_request::<C, K, M>.with_state(proxy);
    // One service, and not layers of the router, each of which would be boxed and cloned for every request.
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
    let outcome = proxy.walk(&parts, body, &mut trail).await;
    trail.log(&outcome, started.elapsed());
    let mut answer = outcome.unwrap_or_else(|refusal| refusal.response());
    proxy.cors.allow(&parts.headers, &mut answer);
    if parts.method == Method::HEAD { without_body(answer) } else { answer }
}

impl<C: Clock, K: SessionKeySource, M: MapServer> Proxy<C, K, M> {
    /// Walks requests for the catalogues of `settings`, with sessions that `issuer` minted and `keys` verify. `own` says by
    /// which addresses the QGIS Server of a catalogue knows itself.
    pub fn new(
        clock: C,
        settings: Settings,
        (issuer, keys): (Issuer, Arc<K>),
        (layers, upstream): (Arc<LayerSource<M>>, Arc<M>),
        own: impl Fn(&Catalogue) -> Vec<String>,
    ) -> Self {
        let audience = settings.site.external_url.as_str().to_owned();
        let verifier = SessionVerifier::new(issuer, audience, Arc::clone(&keys));
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

    /// Takes the `name` of each pair in a `MAP` for the project of that catalogue too: what clients know it by, where QGIS
    /// Server opens it by another path.
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

    async fn walk(&self, parts: &Parts, body: Body, trail: &mut Trail) -> Result<Response, ProxyRefusal> {
        let (segments, mut query) = read_target(&parts.uri)?;
        let map = query.take("MAP");
        let Place::Catalogue(catalogue, rest) = self.catalogues.place(&segments, map.as_deref())? else {
            return Ok(resource_check());
        };
        trail.record_catalogue(&catalogue.id);
        let session = self.session(&parts.headers).await?;
        trail.record_session(Arc::clone(&session));
        // Before the body is read: a session that opens nothing here costs nothing more.
        require(&session, catalogue, Access::Read)?;
        let body = read_body(body, self.settings.limits.body_bytes).await?;
        let asked = self.parse(parts, rest, query, &body, catalogue)?;
        trail.record_operation(asked.operation());
        require(&session, catalogue, asked.access())?;
        let asked = self.resolved(asked, catalogue).await?;
        let written = asked.write().with_public_url(address(&self.settings, catalogue));
        let answered = self.upstream.send(&catalogue.project, written).await?;
        Ok(self.rebuilt(answered, &asked, catalogue).await)
    }

    async fn rebuilt(&self, answered: Response, asked: &MapRequest, catalogue: &Catalogue) -> Response {
        let interface = match asked {
            MapRequest::Features(_) => Interface::Api,
            _ => Interface::WebService,
        };
        match self.links.get(&catalogue.id) {
            Some(links) => rebuild(answered, interface, links).await,
            None => refusal(
                StatusCode::NOT_FOUND,
                "unknown_catalogue",
                "the catalogue is not one of this site's",
                None,
            ),
        }
    }

    async fn session(&self, headers: &HeaderMap) -> Result<Arc<VerifiedSession>, ProxyRefusal> {
        let token = token::session(headers)?;
        let verified = self.sessions.verify(token.text, self.clock.now()).await;
        verified.map_err(|refusal| token.refusal(refusal))
    }

    fn parse(
        &self,
        parts: &Parts,
        rest: &[Cow<'_, str>],
        query: Parameters,
        body: &[u8],
        catalogue: &Catalogue,
    ) -> Result<MapRequest, RequestRefusal> {
        let accept = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        let incoming =
            Incoming { method: &parts.method, rest, query, body, accept: Some(api_accept(accept)) };
        MapRequest::parse(incoming, &Context { catalogue, limits: &self.settings.limits })
    }

    /// The request with the real names of the fields that it names, where it names any.
    async fn resolved(
        &self,
        mut asked: MapRequest,
        catalogue: &Catalogue,
    ) -> Result<MapRequest, ProxyRefusal> {
        if asked.needs_layers() {
            let (id, project) = (catalogue.id.as_str(), &catalogue.project);
            asked.resolve(&*self.layers.layers(id, project, self.clock.now()).await?)?;
        }
        Ok(asked)
    }
}

/// The path's segments and the query. A path of OGC API Features tells its parameters apart by case.
fn read_target(uri: &Uri) -> Result<(Vec<Cow<'_, str>>, Parameters), ProxyRefusal> {
    let segments = segments(uri.path()).ok_or(PlaceError::NoSuchPath)?;
    let is_features =
        segments.iter().any(|segment| segment.starts_with("wfs3") || segment.starts_with("ogcapi"));
    let keys = if is_features { Keys::Features } else { Keys::Ows };
    Ok((segments, Parameters::read(uri.query().unwrap_or_default().as_bytes(), keys)?))
}

fn require(session: &VerifiedSession, catalogue: &Catalogue, access: Access) -> Result<(), Refusal> {
    if session.allows(&catalogue.id, access) {
        Ok(())
    } else {
        Err(Refusal::Scope(catalogue.id.clone(), access))
    }
}

/// The address that clients know a catalogue by.
fn address(settings: &Settings, catalogue: &Catalogue) -> String {
    format!("{}ows/{}/", settings.public_url, catalogue.id)
}

/// The Web App asks this before anybody signs in, to see whether the server is there.
fn resource_check() -> Response {
    let mut answer = Response::new(Body::from(r#"{"title":"Pozi Server","links":[]}"#));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
