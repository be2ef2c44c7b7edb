//! What the gateway asks: may this session do that with this catalogue? Only headers are read, each strictly: a gateway
//! that is set up wrongly, or a client that slips in a header of its own, ends in a refusal.

use std::str::FromStr;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use pozi_auth::sites::{Access, CatalogueId};

use crate::refusal::AskedRefusal;

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
pub struct Asked {
    /// The catalogue, as the gateway matched it.
    pub catalogue: CatalogueId,
    /// What is to be done with it.
    pub access: Access,
}

impl Asked {
    /// Reads the gateway's headers. A location for reading takes the methods `GET` and `HEAD` alone, since QGIS Server
    /// reads whatever body comes with another; one for writing takes every method.
    pub fn parse(headers: &HeaderMap) -> Result<Self, AskedRefusal> {
        let catalogue = only(headers, CATALOGUE)?.ok_or(AskedRefusal::NoCatalogue)?;
        let catalogue = CatalogueId::from_str(catalogue).map_err(|_| AskedRefusal::UnknownCatalogue)?;
        let access = match only(headers, ACCESS)? {
            None | Some("read") => Access::Read,
            Some("write") => Access::Write,
            Some(_) => return Err(AskedRefusal::UnknownAccess),
        };
        let method =
            only(headers, METHOD)?.filter(|method| !method.is_empty()).ok_or(AskedRefusal::NoMethod)?;
        if access == Access::Read && !matches!(method, "GET" | "HEAD") {
            return Err(AskedRefusal::MethodNotForReading);
        }
        Ok(Self { catalogue, access })
    }
}

/// The session that the client sent: in `X-Pozi-Session`, else as a bearer token (RFC 6750 §2.1). An empty header counts
/// as none, and so does `Authorization` with another scheme, which is somebody else's.
pub(crate) fn session(headers: &HeaderMap) -> Result<Option<&str>, AskedRefusal> {
    if let Some(session) = only(headers, SESSION)?.filter(|session| !session.is_empty()) {
        return Ok(Some(session));
    }
    let Some(value) = only(headers, AUTHORIZATION.as_str())? else { return Ok(None) };
    let bearer = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(bearer.map(|(_, token)| token.trim_matches(' ')).filter(|token| !token.is_empty()))
}

/// The one value of a header. Of two, the gateway and the gate could each believe another one.
fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, AskedRefusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            HeaderValue::to_str(value).map(Some).map_err(|_| AskedRefusal::Unreadable(name))
        }
        (Some(_), Some(_)) => Err(AskedRefusal::Repeated(name)),
    }
}
