//! The service's metadata, for clients and verifiers that configure themselves from its issuer.

use pozi_auth::{
    oauth::{AUTHORIZATION_PATH, GRANT_TYPE},
    session::Issuer,
};
use serde_json::{Value, json};

/// Returns authorization server metadata (RFC 8414 §2).
///
/// There is no authorization endpoint, but `response_types_supported` must be present and not empty (§2, §3.2): `none` is
/// the registered value that promises nothing from one.
pub(crate) fn authorization_server(issuer: &Issuer) -> Value {
    json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "jwks_uri": issuer.key_set_url(),
        "pozi_revocations_uri": issuer.revocations_url(),
        "grant_types_supported": [GRANT_TYPE],
        "token_endpoint_auth_methods_supported": ["none"],
        "response_types_supported": ["none"],
    })
}

/// Returns the same as OpenID provider metadata, because many verifiers look for keys only there: API Gateway's JWT
/// authorizer, .NET's `AddJwtBearer`. It has every member that OpenID Connect Discovery 1.0 §3 requires, though no ID token is
/// ever issued: RS256 must be among the algorithms, and the authorization endpoint refuses every request.
pub(crate) fn openid(issuer: &Issuer) -> Value {
    let mut document = authorization_server(issuer);
    document["authorization_endpoint"] = json!(format!("{issuer}{AUTHORIZATION_PATH}"));
    document["subject_types_supported"] = json!(["public"]);
    document["id_token_signing_alg_values_supported"] = json!(["ES256", "RS256"]);
    document
}
