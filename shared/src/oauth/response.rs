//! The successful answer (RFC 8693 §2.2.1).

use serde::{Serialize, Serializer};

use super::urn::{ACCESS_TOKEN_TYPE, JWT_TYPE};
use crate::session::SessionClaims;

/// The token type that the answer names. A session token is both, so the client chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuedTokenType {
    /// `urn:ietf:params:oauth:token-type:access_token`.
    AccessToken,
    /// `urn:ietf:params:oauth:token-type:jwt`.
    Jwt,
}

/// The answer's body.
#[derive(Debug, Serialize)]
pub struct TokenResponse {
    access_token: String,
    issued_token_type: IssuedTokenType,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
}

impl TokenResponse {
    /// Returns the answer with `session`, whose claims are `claims`. `scope` is always present, so that a client need
    /// not read the token to learn what was granted (RFC 6749 §3.3).
    pub fn new(session: String, claims: &SessionClaims, issued_token_type: IssuedTokenType) -> Self {
        Self {
            access_token: session,
            issued_token_type,
            token_type: "Bearer",
            expires_in: claims.expires_in(),
            scope: claims.scope.clone(),
        }
    }
}

impl Serialize for IssuedTokenType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::AccessToken => ACCESS_TOKEN_TYPE,
            Self::Jwt => JWT_TYPE,
        })
    }
}
