//! The walk of one request:
//!
//! ```text
//! HTTP ─► catalogue ─► session ─► MapRequest ─► allowed? ─► written anew ─► QGIS ─► answer ─► HTTP
//! ```

mod body;
mod log;
mod refusal;
mod token;

use std::{sync::Arc, time::Instant};

use axum::{Router, body::Body, extract::State, response::Response, routing::any};
use http::{HeaderMap, Method, Request, StatusCode, Uri, header::ORIGIN, request::Parts};
use pozi_auth::{
    ports::{Clock, SessionKeySource},
    session::{Issuer, SessionVerifier, VerifiedSession},
    sites::{Access, Catalogue},
};
use tower_http::catch_panic::CatchPanicLayer;

use self::{body::read_body, log::Trail};
pub use self::refusal::ProxyRefusal;
use crate::{
    answer::{self, AnswerKind, Links, accepted, compression, cors},
    catalogue::{Catalogues, Place, PlaceError, segments},
    layers::{LayerSource, Layers},
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
    sessions: Sessions<K>,
    layers: Arc<LayerSource<M>>,
    upstream: Arc<M>,
}

/// Answers every path with `proxy`.
pub fn router<C: Clock, K: SessionKeySource + 'static, M: MapServer>(proxy: Arc<Proxy<C, K, M>>) -> Router {
    Router::new()
        .fallback(any(answer_request::<C, K, M>))
        .with_state(proxy)
        .layer(compression())
        .layer(CatchPanicLayer::custom(|_| answer::internal_error()))
}

async fn answer_request<C: Clock, K: SessionKeySource + 'static, M: MapServer>(
    State(proxy): State<Arc<Proxy<C, K, M>>>,
    request: Request<Body>,
) -> Response {
    let started = Instant::now();
    let origin = request.headers().get(ORIGIN).cloned();
    let is_head = request.method() == Method::HEAD;
    let mut trail = Trail::default();
    let outcome = if request.method() == Method::OPTIONS {
        Ok(cors::preflight(request.headers()))
    } else {
        proxy.walk(request, &mut trail).await
    };
    trail.log(&outcome, started.elapsed());
    let mut response = outcome.unwrap_or_else(|refusal| refusal.response());
    cors::allow(&proxy.settings.site, origin.as_ref(), &mut response);
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

impl<C: Clock, K: SessionKeySource, M: MapServer> Proxy<C, K, M> {
    /// Walks requests for the catalogues of `settings`, with sessions that `issuer` minted and `keys` verify.
    pub fn new(clock: C, settings: Settings, issuer: Issuer, keys: Arc<K>, layers: Arc<LayerSource<M>>, upstream: Arc<M>) -> Self {
        let audience = settings.site.external_url.as_str().to_owned();
        let verifier = SessionVerifier::new(issuer, audience, Arc::clone(&keys));
        let (catalogues, sessions) = (Catalogues::new(&settings), Sessions::new(verifier, keys));
        Self { clock, settings, catalogues, sessions, layers, upstream }
    }

    async fn walk(&self, request: Request<Body>, trail: &mut Trail) -> Result<Response, ProxyRefusal> {
        let (parts, body) = request.into_parts();
        let (segments, mut query) = read_target(&parts.uri)?;
        let map = query.take("MAP");
        let Place::Catalogue(catalogue, rest) = self.catalogues.place(&segments, map.as_deref())? else {
            return Ok(resource_check());
        };
        trail.record_catalogue(&catalogue.id);
        let session = self.session(&parts.headers).await?;
        trail.record_session(&session);
        // Before the body is read: a session that opens nothing here costs nothing more.
        require(&session, catalogue, Access::Read)?;
        let body = read_body(body, self.settings.limits.body_bytes).await?;
        let asked = self.parse(&parts, &rest, query, &body, catalogue)?;
        trail.record_operation(asked.operation());
        require(&session, catalogue, asked.access())?;
        let asked = self.resolved(asked, catalogue).await?;
        let links = Links::new(&self.settings, catalogue);
        let written = asked.write().with_public_url(links.external_base());
        let answered = self.upstream.send(&catalogue.id, &catalogue.project, written).await?;
        answer::public(answered, &links, AnswerKind::of(&asked)).await.map_err(ProxyRefusal::from)
    }

    async fn session(&self, headers: &HeaderMap) -> Result<Arc<VerifiedSession>, ProxyRefusal> {
        let token = token::session(headers)?;
        let verified = self.sessions.verify(token.text, self.clock.now()).await;
        verified.map_err(|refusal| token.refusal(refusal))
    }

    fn parse(
        &self,
        parts: &Parts,
        rest: &[String],
        query: Parameters,
        body: &[u8],
        catalogue: &Catalogue,
    ) -> Result<MapRequest, RequestRefusal> {
        let incoming = Incoming { method: &parts.method, rest, query, body, accept: accepted(&parts.headers) };
        MapRequest::parse(incoming, &Context { catalogue, limits: &self.settings.limits })
    }

    /// The request with the real names of the fields that it names, where it names any.
    async fn resolved(&self, mut asked: MapRequest, catalogue: &Catalogue) -> Result<MapRequest, ProxyRefusal> {
        if asked.needs_layers() {
            let layers: Arc<Layers> = self.layers.layers(&catalogue.id, &catalogue.project, self.clock.now()).await?;
            asked.resolve(&layers)?;
        }
        Ok(asked)
    }
}

/// The path's segments and the query. A path of OGC API Features tells its parameters apart by case.
fn read_target(uri: &Uri) -> Result<(Vec<String>, Parameters), ProxyRefusal> {
    let segments = segments(uri.path()).ok_or(PlaceError::NoSuchPath)?;
    let is_features = segments.iter().any(|segment| segment.starts_with("wfs3") || segment.starts_with("ogcapi"));
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

/// The Web App asks this before anybody signs in, to see whether the server is there.
fn resource_check() -> Response {
    answer::json(StatusCode::OK, &serde_json::json!({ "title": "Pozi Server", "links": [] }))
}
