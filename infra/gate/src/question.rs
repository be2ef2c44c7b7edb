//! The question that another gateway asks at `/decide`: may this session read, download or write this catalogue? Headers are read
//! strictly, so that a misconfigured gateway, or a client that adds a header of its own, is refused.

use std::str::FromStr;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use pozi_auth::sites::{Access, CatalogueId};

/// Set by the gateway: the catalogue that it matched.
pub const CATALOGUE: &str = "x-pozi-catalogue";
/// Set by the gateway: the method of the original request.
pub const METHOD: &str = "x-pozi-method";
/// Set by the gateway: `read`, the default, `download`, or `write`.
pub const ACCESS: &str = "x-pozi-access";
/// Sent by the client: its session. It is preferred to `Authorization`, which Application Proxy uses.
pub const SESSION: &str = "x-pozi-session";

/// A parsed question.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    /// The catalogue that the gateway matched.
    pub catalogue: CatalogueId,
    /// The access that is wanted.
    pub access: Access,
}

/// Why a question is refused before the session is verified. The cause is almost always the gateway's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuestionRefusal {
    /// The gateway named no catalogue.
    #[error("the gateway sent no X-Pozi-Catalogue")]
    NoCatalogue,
    /// The catalogue is not configured.
    #[error("X-Pozi-Catalogue names no catalogue of this gate")]
    UnknownCatalogue,
    /// The gateway named no method.
    #[error("the gateway sent no X-Pozi-Method")]
    NoMethod,
    /// The access is none that there is.
    #[error("X-Pozi-Access must be read, download or write")]
    UnknownAccess,
    /// A method that may have a body, for access that only reads.
    #[error("X-Pozi-Method must be GET or HEAD for read and download access")]
    MethodNotForReading,
    /// A repeated header.
    #[error("{0} occurs more than once")]
    Repeated(&'static str),
    /// A header that is not visible ASCII.
    #[error("{0} holds characters other than visible ASCII")]
    Unreadable(&'static str),
}

impl Question {
    /// Parses the gateway's headers. Read and download access allow only `GET` and `HEAD`, because QGIS Server reads the body
    /// of any other method; write access allows every method.
    pub fn parse(headers: &HeaderMap) -> Result<Self, QuestionRefusal> {
        let catalogue = only(headers, CATALOGUE)?.ok_or(QuestionRefusal::NoCatalogue)?;
        let catalogue = CatalogueId::from_str(catalogue).map_err(|_| QuestionRefusal::UnknownCatalogue)?;
        let access = match only(headers, ACCESS)? {
            None | Some("read") => Access::Read,
            Some("download") => Access::Download,
            Some("write") => Access::Write,
            Some(_) => return Err(QuestionRefusal::UnknownAccess),
        };
        let method =
            only(headers, METHOD)?.filter(|method| !method.is_empty()).ok_or(QuestionRefusal::NoMethod)?;
        if access != Access::Write && !matches!(method, "GET" | "HEAD") {
            return Err(QuestionRefusal::MethodNotForReading);
        }
        Ok(Self { catalogue, access })
    }
}

/// The client's session: `X-Pozi-Session`, else a bearer token (RFC 6750 §2.1). An empty header counts as absent, and so does
/// `Authorization` with another scheme.
pub(crate) fn session(headers: &HeaderMap) -> Result<Option<&str>, QuestionRefusal> {
    if let Some(session) = only(headers, SESSION)?.filter(|session| !session.is_empty()) {
        return Ok(Some(session));
    }
    let Some(value) = only(headers, AUTHORIZATION.as_str())? else { return Ok(None) };
    let bearer = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(bearer.map(|(_, token)| token.trim_matches(' ')).filter(|token| !token.is_empty()))
}

/// The only value of a header. Repeated headers are refused: the gateway and the gate could each read a different one.
fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, QuestionRefusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            HeaderValue::to_str(value).map(Some).map_err(|_| QuestionRefusal::Unreadable(name))
        }
        (Some(_), Some(_)) => Err(QuestionRefusal::Repeated(name)),
    }
}
