//! The function on AWS.

use pozi_auth::{
    adapters::{HttpDocument, SystemClock, lambda::Error},
    config::AuthorizerConfig,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
};

use crate::Authorizer;

/// Returns the authorizer that `config` describes.
pub fn service(config: AuthorizerConfig) -> Result<Authorizer<SystemClock, IssuerKeys<HttpDocument>>, Error> {
    // Compared with the `iss` and `aud` of a session that is refused, these lines show a wrong variable.
    tracing::info!(issuer = %config.issuer, audience = %config.audience, "verifies sessions");
    let keys = IssuerKeys::new(HttpDocument::new(&config.jwks_url)?, ISSUER_KEY_LIFETIMES);
    Ok(Authorizer::new(config, SystemClock, keys))
}
