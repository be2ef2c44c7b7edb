//! What the gateway asks: may this session do that with this catalogue? Only headers are read, each strictly: a gateway
//! that is set up wrongly, or a client that slips in a header of its own, ends in a refusal.

use std::str::FromStr;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use pozi_auth::sites::{Access, CatalogueId};

/// Set by the gateway: the catalogue that it matched.
pub const CATALOGUE: &str = "x-pozi-catalogue";
/// Set by the gateway: the method of the request that it holds back.
pub const METHOD: &str = "x-pozi-method";
/// Set by the gateway: `read` or `write`, by the location; absent is `read`.
pub const ACCESS: &str = "x-pozi-access";
/// Sent by the client: its session. It comes before `Authorization`, which belongs to Application Proxy.
pub const SESSION: &str = "x-pozi-session";

/// A question, parsed.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    /// The catalogue, as the gateway matched it.
    pub catalogue: CatalogueId,
    /// What is to be done with it.
    pub access: Access,
}

/// What is wrong with the question, before anybody looks at the session: almost always the gateway's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuestionRefusal {
    /// The gateway names no catalogue.
    #[error("the gateway named no catalogue")]
    NoCatalogue,
    /// The catalogue is not on the list of the configuration.
    #[error("the catalogue is not one of this gate's")]
    UnknownCatalogue,
    /// The gateway does not say the method.
    #[error("the gateway named no method")]
    NoMethod,
    /// Neither reading nor writing.
    #[error("the gateway asked for an access that is neither read nor write")]
    UnknownAccess,
    /// A method that may carry a body, where only reading is.
    #[error("only GET and HEAD read")]
    MethodNotForReading,
    /// A header came more than once.
    #[error("{0} came more than once")]
    Repeated(&'static str),
    /// A header is not visible ASCII.
    #[error("{0} is not visible ASCII")]
    Unreadable(&'static str),
}

impl Question {
    /// Reads the gateway's headers. A location for reading takes the methods `GET` and `HEAD` alone, since QGIS Server
    /// reads whatever body comes with another; one for writing takes every method.
    pub fn parse(headers: &HeaderMap) -> Result<Self, QuestionRefusal> {
        let catalogue = only(headers, CATALOGUE)?.ok_or(QuestionRefusal::NoCatalogue)?;
        let catalogue = CatalogueId::from_str(catalogue).map_err(|_| QuestionRefusal::UnknownCatalogue)?;
        let access = match only(headers, ACCESS)? {
            None | Some("read") => Access::Read,
            Some("write") => Access::Write,
            Some(_) => return Err(QuestionRefusal::UnknownAccess),
        };
        let method =
            only(headers, METHOD)?.filter(|method| !method.is_empty()).ok_or(QuestionRefusal::NoMethod)?;
        if access == Access::Read && !matches!(method, "GET" | "HEAD") {
            return Err(QuestionRefusal::MethodNotForReading);
        }
        Ok(Self { catalogue, access })
    }
}

/// The session that the client sent: in `X-Pozi-Session`, else as a bearer token (RFC 6750 §2.1). An empty header counts
/// as none, and so does `Authorization` with another scheme, which is somebody else's.
pub(crate) fn session(headers: &HeaderMap) -> Result<Option<&str>, QuestionRefusal> {
    if let Some(session) = only(headers, SESSION)?.filter(|session| !session.is_empty()) {
        return Ok(Some(session));
    }
    let Some(value) = only(headers, AUTHORIZATION.as_str())? else { return Ok(None) };
    let bearer = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(bearer.map(|(_, token)| token.trim_matches(' ')).filter(|token| !token.is_empty()))
}

/// The one value of a header. Of two, the gateway and the gate could each believe another one.
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
