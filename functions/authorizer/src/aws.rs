//! The function on AWS.

use pozi_auth::{
    adapters::{HttpDocument, SystemClock, lambda::Error},
    config::AuthorizerConfig,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
};

use crate::Authorizer;

/// Returns the authorizer that `config` describes.
pub fn service(config: AuthorizerConfig) -> Result<Authorizer<SystemClock, IssuerKeys<HttpDocument>>, Error> {
    let keys = IssuerKeys::new(HttpDocument::new(&config.jwks_url)?, ISSUER_KEY_LIFETIMES);
    Ok(Authorizer::new(config, SystemClock, keys))
}
