//! Where the directory is, as the one who asks sees it.

use std::convert::Infallible;

use axum::{
    Extension, Router,
    extract::{FromRequestParts, OriginalUri},
    http::{header, request::Parts, uri::Authority},
};
use tower_http::cors::CorsLayer;

/// The same paths for a server that speaks https, and to pages of any origin: Entra's do.
pub fn over_https(router: Router) -> Router {
    router.layer(CorsLayer::permissive()).layer(Extension(Https))
}

/// Marks requests that came over https.
#[derive(Debug, Clone, Copy)]
struct Https;

/// Where the directory is, as the one who asks sees it: so it can be nested anywhere and listen on any port.
pub(super) struct Base(pub(super) String);

impl Base {
    /// Whether it was asked over https.
    pub(super) fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = named.or_else(|| parts.uri.authority().map(Authority::as_str));
        let asked = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.path());
        let prefix = asked.strip_suffix(parts.uri.path()).unwrap_or_default();
        let scheme = if parts.extensions.get::<Https>().is_some() { "https" } else { "http" };
        Ok(Self(format!("{scheme}://{}{prefix}", host.unwrap_or("localhost"))))
    }
}
