//! Finds the session: in a header of its own, or as a bearer token.

use http::HeaderMap;
use pozi_auth::session::SessionRefusal;

use super::ProxyRefusal;
use crate::{
    question::{self, SESSION},
    refusal::Refusal,
};

/// A token that should be a session, not yet verified.
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// Whether it came in `Authorization`, which Application Proxy uses for Entra tokens.
    is_bearer: bool,
}

/// Returns the token of a request.
pub(super) fn session(headers: &HeaderMap) -> Result<Token<'_>, ProxyRefusal> {
    let text = question::session(headers).map_err(Refusal::from)?.ok_or(Refusal::NoSession)?;
    let is_bearer = headers.get(SESSION).is_none_or(http::HeaderValue::is_empty);
    Ok(Token { text, is_bearer })
}

impl Token<'_> {
    /// Turns `refusal` into one for the client. An Entra token alone means that a proxy removed the session's header.
    pub(super) fn refusal(&self, refusal: SessionRefusal) -> ProxyRefusal {
        if self.is_bearer && refusal == SessionRefusal::NotASession {
            ProxyRefusal::SessionHeaderMissing
        } else {
            Refusal::from(refusal).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn refusal(name: &'static str, refusal: SessionRefusal) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static("Bearer a.b.c"));
        session(&headers).unwrap().refusal(refusal).reason()
    }

    #[test]
    fn only_an_entra_token_alone_shows_that_the_session_was_removed_on_its_way() {
        assert_eq!(refusal("authorization", SessionRefusal::NotASession), "session_header_missing");
        assert_eq!(refusal("authorization", SessionRefusal::Expired), "expired");
        assert_eq!(refusal(SESSION, SessionRefusal::NotASession), "not_a_session");
        assert_eq!(refusal(SESSION, SessionRefusal::Expired), "expired");
    }
}
