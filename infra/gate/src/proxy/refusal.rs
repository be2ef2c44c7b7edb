//! Why a request gets no answer from QGIS Server, and the one table from that reason to status, headers and text.

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

/// `Retry-After` of a busy catalogue, in seconds.
const BUSY_SECONDS: u64 = 2;

/// Why the gate answers instead of QGIS Server.
#[derive(Debug, thiserror::Error)]
pub enum ProxyRefusal {
    /// The path is not an address of a catalogue.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// There is an Entra token, but no session.
    #[error("only an Entra token arrived, in Authorization: a proxy on the way removes X-Pozi-Session")]
    SessionHeaderMissing,
    /// The session is missing, invalid, or does not allow this.
    #[error(transparent)]
    Access(#[from] Refusal),
    /// The gate does not understand or allow the request.
    #[error(transparent)]
    Request(#[from] RequestRefusal),
    /// The body is incomplete.
    #[error("the request's body is incomplete")]
    BodyIncomplete,
    /// The catalogue's layers are unknown.
    #[error(transparent)]
    Layers(#[from] LayersError),
    /// QGIS Server failed.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}

impl ProxyRefusal {
    /// Returns the reason as a stable code, for logs and clients.
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

    /// Returns the status of the answer.
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

    /// Returns `Retry-After` in seconds, if the same request may succeed then.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Access(refusal) => refusal.retry_after(),
            Self::Upstream(UpstreamError::Busy { .. }) => Some(BUSY_SECONDS),
            _ => None,
        }
    }

    /// Returns the answer. For errors that only an operator can fix, it points to the log.
    pub(super) fn response(&self) -> Response {
        let description = match self {
            Self::Layers(_) | Self::Upstream(_) => {
                "QGIS Server failed to answer; the gate's log says why".to_owned()
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
        match self.retry_after() {
            Some(seconds) => retry_after(response, seconds),
            None => response,
        }
    }
}
