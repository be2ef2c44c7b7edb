//! Why a request gets no answer of QGIS Server, and the one table from that to status, headers and text.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header::ALLOW};

use crate::{
    answer::{challenged, refusal, retry_after},
    catalogue::PlaceError,
    layers::source::LayersError,
    refusal::Refusal,
    request::RequestRefusal,
    upstream::UpstreamError,
};

/// Seconds after which a busy catalogue may be asked again.
const RETRY_SECONDS: u64 = 2;

/// Why the gate answers in place of QGIS Server.
#[derive(Debug, thiserror::Error)]
pub enum ProxyRefusal {
    /// The path leads nowhere.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// There is an Entra token, and no session.
    #[error("something on the way removes X-Pozi-Session: only an Entra token arrived, in Authorization")]
    SessionHeaderMissing,
    /// The session is missing, does not count, or does not open this.
    #[error(transparent)]
    Access(#[from] Refusal),
    /// The request is not understood, or not allowed.
    #[error(transparent)]
    Request(#[from] RequestRefusal),
    /// The body broke off.
    #[error("the body broke off")]
    BodyIncomplete,
    /// The catalogue's layers cannot be had.
    #[error(transparent)]
    Layers(#[from] LayersError),
    /// QGIS Server does not answer.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}

impl ProxyRefusal {
    /// The reason as a word, for logs and clients. Stable.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Place(PlaceError::NoSuchPath) => "not_found",
            Self::Place(PlaceError::UnknownCatalogue) => "unknown_catalogue",
            Self::Place(PlaceError::UnknownProject) => "unknown_project",
            Self::Place(PlaceError::Contradiction) => "contradicting_catalogue",
            Self::SessionHeaderMissing => "session_header_missing",
            Self::Access(refusal) => refusal.reason(),
            Self::Request(refusal) => refusal.reason(),
            Self::BodyIncomplete => "body_incomplete",
            Self::Layers(_) => "layers_unavailable",
            Self::Upstream(error) => error.reason(),
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Place(_) => StatusCode::NOT_FOUND,
            Self::SessionHeaderMissing => StatusCode::UNAUTHORIZED,
            Self::Access(refusal) => refusal.status(),
            Self::Request(refusal) => refusal.status(),
            Self::BodyIncomplete => StatusCode::BAD_REQUEST,
            Self::Upstream(UpstreamError::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Upstream(UpstreamError::TimedOut { .. }) => StatusCode::GATEWAY_TIMEOUT,
            Self::Layers(_) | Self::Upstream(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// The answer. What only an operator can mend is told in the log, and here in general.
    pub(super) fn response(&self) -> Response {
        let description = match self {
            Self::Layers(_) | Self::Upstream(_) => {
                "QGIS Server did not answer as it should; the gate's log says why".to_owned()
            }
            _ => self.to_string(),
        };
        let parameter = if let Self::Request(refusal) = self { refusal.parameter() } else { None };
        let mut response = refusal(self.status(), self.reason(), &description, parameter);
        response = match self {
            Self::Access(refusal) => match refusal.challenge() {
                Some(challenge) => challenged(response, &challenge),
                None => response,
            },
            Self::SessionHeaderMissing => challenged(response, r#"Bearer realm="pozi""#),
            _ => response,
        };
        if let Self::Request(RequestRefusal::Method { allow }) = self {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            response = retry_after(response, RETRY_SECONDS);
        }
        response
    }
}
