//! A person's token for Microsoft Graph. Only Graph can verify it, so it proves nothing here.

use std::{fmt, str::FromStr};

use crate::{
    identifiers::ClientId,
    jws::{CompactJws, MAX_TOKEN_BYTES},
};

/// A token for Microsoft Graph as received. `Debug` does not show it.
#[derive(Clone)]
pub struct GraphToken(String);

/// Why a text is not a token that can be sent to Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GraphTokenError {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("the Graph token has {bytes} bytes, and {MAX_TOKEN_BYTES} are allowed")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not a Bearer token (RFC 6750 §2.1).
    #[error("the Graph token is empty, or has characters that no Bearer token has")]
    Characters,
}

impl GraphToken {
    /// Returns the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the client that the token names, unverified. `None` if it cannot be read: Microsoft may change the form of
    /// Graph's tokens at any time.
    ///
    /// Source: <https://learn.microsoft.com/entra/identity-platform/access-tokens>.
    pub(super) fn client(&self) -> Option<ClientId> {
        let token = CompactJws::parse(&self.0).ok()?;
        let claims = token.payload().ok()?;
        ["appid", "azp"].into_iter().find_map(|name| claims.parsed(name).ok())
    }
}

impl FromStr for GraphToken {
    type Err = GraphTokenError;

    fn from_str(text: &str) -> Result<Self, GraphTokenError> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(GraphTokenError::TooLarge { bytes: text.len() });
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let characters = text.trim_end_matches('=');
        if characters.is_empty() || !characters.bytes().all(is_allowed) {
            return Err(GraphTokenError::Characters);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for GraphToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GraphToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const CLIENT: &str = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10";

    fn naming(claims: &Value) -> Option<String> {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let text = format!("{}.{}.{}", part(r#"{"nonce":"n"}"#), part(&claims.to_string()), part("s"));
        text.parse::<GraphToken>().unwrap().client().map(|client| client.to_string())
    }

    /// RFC 6750 §2.1.
    #[test]
    fn is_a_bearer_token_and_nothing_else() {
        for text in ["a", "eyJ.eyJ.sig", "a-._~+/9==", &"a".repeat(MAX_TOKEN_BYTES)] {
            let token: GraphToken = text.parse().unwrap();
            assert_eq!((token.as_str(), format!("{token:?}").as_str()), (text, "GraphToken(…)"));
        }
        for text in
            ["", "=", "a b", "Bearer a", "a\n", "a\r\nHost: b", "a=b", "é", "a\u{200b}", "a\"", "a,b", "a;b"]
        {
            assert_eq!(text.parse::<GraphToken>().unwrap_err(), GraphTokenError::Characters, "{text:?}");
        }
        let bytes = MAX_TOKEN_BYTES + 1;
        let error = "a".repeat(bytes).parse::<GraphToken>().unwrap_err();
        assert_eq!(error, GraphTokenError::TooLarge { bytes });
    }

    #[test]
    fn names_its_client_if_it_can_be_read() {
        assert_eq!(naming(&json!({ "appid": CLIENT })).as_deref(), Some(CLIENT));
        assert_eq!(naming(&json!({ "azp": CLIENT })).as_deref(), Some(CLIENT));
        assert_eq!(naming(&json!({ "aud": "x" })), None);
        for text in ["opaque", "a.b.c", "eyJhbGciOiJkaXIifQ..a.b.c"] {
            assert_eq!(text.parse::<GraphToken>().unwrap().client(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_can_be_sent_in_a_header(text in "\\PC{0,60}|[\u{0}-\u{ff}]{0,60}") {
            if let Ok(token) = text.parse::<GraphToken>() {
                prop_assert!(token.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
