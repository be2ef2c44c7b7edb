//! `GET /maps/{site}/{catalogue}`: a map of a catalogue, for whom the site's gate lets through; what a gateway and a Pozi
//! Server are in earnest. The picture is QGIS Server's, where that is installed.

mod cgi;
mod colour;
mod land;
mod qgis;
mod sample;
mod sheet;
mod view;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{
        HeaderMap, HeaderValue, Method, Request, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::Response,
    routing::get,
};
use pozi_auth::{
    oauth::{self, RequestRefusal},
    sites::{CatalogueId, SiteName},
};
use pozi_gate::{ACCESS, CATALOGUE, METHOD, SESSION};
use serde_json::json;
use tower::ServiceExt;

pub(crate) use self::qgis::drawn_by;
pub use self::qgis::{NotPrepared, Qgis, qgis_is_installed};
use self::view::View;

/// The gate of every site.
pub type Gates = HashMap<SiteName, Router>;

/// The route: `gates` decide, `qgis` draws. Without it, who is let through gets nothing to see (204).
pub fn router(gates: Gates, qgis: Option<Qgis>) -> Router {
    let maps = Arc::new(Maps { gates, qgis });
    Router::new().route("/maps/{site}/{catalogue}", get(map)).with_state(maps)
}

struct Maps {
    gates: Gates,
    qgis: Option<Qgis>,
}

async fn map(
    State(maps): State<Arc<Maps>>,
    Path((site, catalogue)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let (Ok(site), Ok(catalogue)) = (site.parse::<SiteName>(), catalogue.parse::<CatalogueId>()) else {
        return oauth::refuse(&RequestRefusal::NotFound.refusal());
    };
    let Some(gate) = maps.gates.get(&site) else {
        return oauth::refuse(&RequestRefusal::NotFound.refusal());
    };
    let decision = decide(gate.clone(), &catalogue, &method, &headers).await;
    if !decision.status().is_success() {
        return decision;
    }
    let view = match View::parse(query.as_deref().unwrap_or_default()) {
        Ok(view) => view,
        Err(problem) => return refused(StatusCode::BAD_REQUEST, problem.reason()),
    };
    let Some(qgis) = &maps.qgis else { return answer(StatusCode::NO_CONTENT, Body::empty()) };
    match qgis.draw(&site, &catalogue, &view).await {
        Ok(png) => with_type(answer(StatusCode::OK, png.into()), "image/png"),
        Err(problem) => {
            tracing::warn!(site = site.as_str(), catalogue = catalogue.as_str(), %problem, "a map was not drawn");
            refused(StatusCode::BAD_GATEWAY, "qgis_failed")
        }
    }
}

/// Asks `gate` as a gateway does: for the catalogue of the path, and with the client's session or sessions alone.
async fn decide(gate: Router, catalogue: &CatalogueId, method: &Method, headers: &HeaderMap) -> Response {
    let mut question = Request::get("/decide")
        .header(CATALOGUE, catalogue.as_str())
        .header(METHOD, method.as_str())
        .header(ACCESS, "read");
    for session in headers.get_all(SESSION) {
        question = question.header(SESSION, session);
    }
    let Ok(question) = question.body(Body::empty()) else {
        return oauth::refuse(&RequestRefusal::Internal.refusal());
    };
    gate.oneshot(question).await.unwrap_or_else(|never| match never {})
}

fn refused(status: StatusCode, reason: &str) -> Response {
    with_type(answer(status, json!({ "reason": reason }).to_string().into()), "application/json")
}

/// An answer that nobody keeps: the next request may be another person's.
fn answer(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_type(mut response: Response, kind: &'static str) -> Response {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
