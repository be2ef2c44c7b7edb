//! Why a request gets no answer of QGIS Server, and the one table from that to status, headers and text.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::{
    answer::{self, AnswerError},
    catalogue::PlaceError,
    layers::LayersError,
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
    /// QGIS Server's answer cannot be passed on.
    #[error(transparent)]
    Answer(#[from] AnswerError),
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
            Self::Answer(error) => error.reason(),
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
            Self::Layers(_) | Self::Upstream(_) | Self::Answer(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// The answer. What only an operator can mend is told in the log, and here in general.
    pub(super) fn response(&self) -> Response {
        let description = match self {
            Self::Layers(_) | Self::Upstream(_) | Self::Answer(_) => {
                "QGIS Server did not answer as it should; the gate's log says why".to_owned()
            }
            _ => self.to_string(),
        };
        let parameter = if let Self::Request(refusal) = self { refusal.parameter() } else { None };
        let mut response = answer::refusal(self.status(), self.reason(), &description, parameter);
        let challenge = match self {
            Self::Access(refusal) => refusal.challenge(),
            Self::SessionHeaderMissing => Some(r#"Bearer realm="pozi""#.to_owned()),
            _ => None,
        };
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Self::Request(RequestRefusal::Method { allow }) = self {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_SECONDS.into());
        }
        response
    }
}
