//! What a browser's request says about where it is, and the cookie that keeps it signed in.

use axum::{
    extract::{FromRequestParts, OriginalUri, Path},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::super::{EmulatedEntra, base::Base};

/// The tenant and path of a request, and the id of the sign-in that its cookie names.
pub(super) struct BrowserRequest {
    pub(super) tenant: String,
    pub(super) path: String,
    is_https: bool,
    pub(super) sign_in: Option<Uuid>,
}

impl BrowserRequest {
    /// Browsers share cookies between the ports of a host, so https needs another name.
    const fn cookie_name(is_https: bool) -> &'static str {
        if is_https { "emulated-entra-https" } else { "emulated-entra" }
    }

    /// The cookie that holds `value`, with further `attributes`.
    pub(super) fn cookie(&self, value: &str, attributes: &str) -> Option<HeaderValue> {
        let name = Self::cookie_name(self.is_https);
        // Browsers send a cookie from another site's page only over https.
        let same_site = if self.is_https { "SameSite=None; Secure" } else { "SameSite=Lax" };
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; {same_site}{attributes}")).ok()
    }
}

impl FromRequestParts<EmulatedEntra> for BrowserRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, entra: &EmulatedEntra) -> Result<Self, Response> {
        let Path(tenant) =
            Path::<String>::from_request_parts(parts, entra).await.map_err(IntoResponse::into_response)?;
        let Ok(base) = Base::from_request_parts(parts, entra).await;
        let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.path());
        let is_https = base.is_https();
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs = cookies.flat_map(|cookies| cookies.split("; ")).filter_map(|pair| pair.split_once('='));
        let mut own = pairs.filter(|(name, _)| *name == Self::cookie_name(is_https));
        let sign_in = own.find_map(|(_, value)| value.parse().ok());
        Ok(Self { tenant, path: path.to_owned(), is_https, sign_in })
    }
}
