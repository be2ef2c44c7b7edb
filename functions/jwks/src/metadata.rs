//! What the service says of itself, for clients and verifiers that configure themselves from its issuer.

use pozi_auth::{oauth::GRANT_TYPE, session::Issuer};
use serde::Serialize;

#[derive(Serialize)]
struct AuthorizationServer<'a> {
    issuer: &'a Issuer,
    token_endpoint: String,
    jwks_uri: String,
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 1],
    response_types_supported: [&'static str; 1],
}

#[derive(Serialize)]
struct OpenId<'a> {
    #[serde(flatten)]
    authorization_server: AuthorizationServer<'a>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 2],
}

/// Authorization server metadata (RFC 8414 §2).
///
/// There is no authorization endpoint, yet `response_types_supported` must be there and must not be empty (§2, §3.2):
/// `none` is the registered value that promises nothing from one.
pub(crate) fn authorization_server(issuer: &Issuer) -> Vec<u8> {
    serde_json::to_vec(&described(issuer)).unwrap_or_default()
}

/// The same as OpenID provider metadata, since many verifiers look for keys only there. No ID token is ever issued;
/// the algorithms are named because the document must name them, RS256 among them (OpenID Connect Discovery 1.0 §3).
pub(crate) fn openid(issuer: &Issuer) -> Vec<u8> {
    let document = OpenId {
        authorization_server: described(issuer),
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256", "RS256"],
    };
    serde_json::to_vec(&document).unwrap_or_default()
}

fn described(issuer: &Issuer) -> AuthorizationServer<'_> {
    AuthorizationServer {
        issuer,
        token_endpoint: format!("{issuer}/oauth2/token"),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        grant_types_supported: [GRANT_TYPE],
        token_endpoint_auth_methods_supported: ["none"],
        response_types_supported: ["none"],
    }
}
