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

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    type Pairs<'a> = &'a [(&'static str, &'a str)];

    fn headers(pairs: Pairs<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    fn parsed(access: Option<&str>, method: Option<&str>) -> Result<Access, QuestionRefusal> {
        let access = access.map(|access| (ACCESS, access));
        let method = method.map(|method| (METHOD, method));
        let pairs: Vec<_> = [Some((CATALOGUE, "planning")), access, method].into_iter().flatten().collect();
        Question::parse(&headers(&pairs)).map(|question| {
            assert_eq!(question.catalogue.as_str(), "planning");
            question.access
        })
    }

    #[test]
    fn reading_is_for_methods_without_a_body_and_writing_for_every_method() {
        use QuestionRefusal::{MethodNotForReading, NoMethod, UnknownAccess};
        for (access, method, expected) in [
            (None, Some("GET"), Ok(Access::Read)),
            (None, Some("HEAD"), Ok(Access::Read)),
            (Some("read"), Some("GET"), Ok(Access::Read)),
            (Some("write"), Some("GET"), Ok(Access::Write)),
            (Some("write"), Some("POST"), Ok(Access::Write)),
            (None, Some("POST"), Err(MethodNotForReading)),
            (Some("read"), Some("PUT"), Err(MethodNotForReading)),
            (None, Some("get"), Err(MethodNotForReading)),
            (None, None, Err(NoMethod)),
            (Some("write"), None, Err(NoMethod)),
            (Some("write"), Some(""), Err(NoMethod)),
            (Some("Write"), Some("GET"), Err(UnknownAccess)),
            (Some(""), Some("GET"), Err(UnknownAccess)),
        ] {
            assert_eq!(parsed(access, method), expected, "{access:?} {method:?}");
        }
    }

    #[test]
    fn a_question_names_one_catalogue() {
        let refused = |pairs: Pairs<'_>| Question::parse(&headers(pairs)).unwrap_err();
        let get = (METHOD, "GET");
        assert_eq!(refused(&[get]), QuestionRefusal::NoCatalogue);
        assert_eq!(refused(&[get, (CATALOGUE, "")]), QuestionRefusal::UnknownCatalogue);
        assert_eq!(refused(&[get, (CATALOGUE, "a b")]), QuestionRefusal::UnknownCatalogue);
        let twice = [get, (CATALOGUE, "planning"), (CATALOGUE, "planning")];
        assert_eq!(refused(&twice), QuestionRefusal::Repeated(CATALOGUE));
        assert_eq!(refused(&[get, (CATALOGUE, "planning\u{e9}")]), QuestionRefusal::Unreadable(CATALOGUE));
    }

    #[test]
    fn a_session_has_a_header_of_its_own_or_is_a_bearer_token() {
        const BEARER: &str = "authorization";
        let cases: [(Pairs<'_>, Option<&str>); 9] = [
            (&[], None),
            (&[(SESSION, "a.b.c")], Some("a.b.c")),
            (&[(SESSION, "")], None),
            (&[(BEARER, "Bearer a.b.c")], Some("a.b.c")),
            (&[(BEARER, "bearer  a.b.c ")], Some("a.b.c")),
            (&[(BEARER, "Bearer ")], None),
            (&[(BEARER, "Basic YTpi")], None),
            (&[(SESSION, "a.b.c"), (BEARER, "Bearer d.e.f")], Some("a.b.c")),
            (&[(SESSION, ""), (BEARER, "Bearer d.e.f")], Some("d.e.f")),
        ];
        for (pairs, expected) in cases {
            assert_eq!(session(&headers(pairs)), Ok(expected), "{pairs:?}");
        }
        for name in [SESSION, BEARER] {
            let twice = headers(&[(name, "Bearer a"), (name, "Bearer a")]);
            assert_eq!(session(&twice), Err(QuestionRefusal::Repeated(name)));
        }
    }
}
