//! The base URL of the directory, taken from each request.

use std::convert::Infallible;

use axum::{
    Extension, Router,
    extract::{FromRequestParts, OriginalUri},
    http::{header, request::Parts, uri::Authority},
};
use tower_http::cors::CorsLayer;

/// The router for an https server, with CORS for pages of any origin, as Entra allows.
pub fn over_https(router: Router) -> Router {
    router.layer(CorsLayer::permissive()).layer(Extension(Https))
}

/// Marks requests that came over https.
#[derive(Debug, Clone, Copy)]
struct Https;

/// The base URL by which the client reached the directory, which can be nested anywhere and listen on any port.
pub(super) struct Base(pub(super) String);

impl Base {
    /// Whether the request came over https.
    pub(super) fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = named.or_else(|| parts.uri.authority().map(Authority::as_str));
        let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.path());
        let prefix = path.strip_suffix(parts.uri.path()).unwrap_or_default();
        let scheme = if parts.extensions.get::<Https>().is_some() { "https" } else { "http" };
        Ok(Self(format!("{scheme}://{}{prefix}", host.unwrap_or("localhost"))))
    }
}
