//! The function on AWS.

use pozi_auth::{
    adapters::{HttpDocument, SystemClock, lambda::Error},
    config::AuthorizerConfig,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
};

use crate::Authorizer;

/// Returns the authorizer that `config` describes.
pub fn service(config: AuthorizerConfig) -> Result<Authorizer<SystemClock, IssuerKeys<HttpDocument>>, Error> {
    // Compared with `iss`, `aud` and `tid` of a session that is refused, this line shows a wrong variable.
    tracing::info!(
        issuer = %config.issuer,
        audience = %config.audience,
        tenant = %config.tenant,
        "verifies sessions"
    );
    let keys = IssuerKeys::new(HttpDocument::new(&config.jwks_url)?, ISSUER_KEY_LIFETIMES);
    Ok(Authorizer::new(config, SystemClock, keys))
}
