//! Where in the directory a browser is, and the cookie by which it is known again.

use axum::{
    extract::{FromRequestParts, OriginalUri, Path},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::super::{EmulatedEntra, base::Base};

/// Where a request came in, and who is signed in there.
pub(super) struct Place {
    pub(super) tenant: String,
    pub(super) path: String,
    is_https: bool,
    pub(super) signed_in: Option<Uuid>,
}

impl Place {
    /// Browsers keep one cookie for all ports of a host: over https it has another name.
    const fn cookie_name(is_https: bool) -> &'static str {
        if is_https { "emulated-entra-https" } else { "emulated-entra" }
    }

    /// A cookie with the name of a sign-in.
    pub(super) fn cookie(&self, value: &str, more: &str) -> Option<HeaderValue> {
        let name = Self::cookie_name(self.is_https);
        // Only over https may a cookie go with requests that another site's page makes.
        let where_to = if self.is_https { "SameSite=None; Secure" } else { "SameSite=Lax" };
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; {where_to}{more}")).ok()
    }
}

impl FromRequestParts<EmulatedEntra> for Place {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, entra: &EmulatedEntra) -> Result<Self, Response> {
        let Path(tenant) =
            Path::<String>::from_request_parts(parts, entra).await.map_err(IntoResponse::into_response)?;
        let Ok(base) = Base::from_request_parts(parts, entra).await;
        let asked = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.path());
        let is_https = base.is_https();
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs = cookies.flat_map(|cookies| cookies.split("; ")).filter_map(|pair| pair.split_once('='));
        let mut own = pairs.filter(|(name, _)| *name == Self::cookie_name(is_https));
        let signed_in = own.find_map(|(_, value)| value.parse().ok());
        Ok(Self { tenant, path: asked.to_owned(), is_https, signed_in })
    }
}
