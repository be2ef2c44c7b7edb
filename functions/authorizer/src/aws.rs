//! The function on AWS.

use std::sync::Arc;

use pozi_auth::{
    adapters::{HttpDocument, SystemClock, lambda::Error},
    config::AuthorizerConfig,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys, IssuerRevocations},
    timestamp::Timestamp,
};

use crate::Authorizer;

/// The issuer's keys and revocations over HTTP.
pub type IssuerOverHttp = IssuerRevocations<HttpDocument, HttpDocument>;

/// Returns the authorizer that `config` describes.
pub fn service(config: AuthorizerConfig) -> Result<Authorizer<SystemClock, IssuerOverHttp>, Error> {
    // Compared with `iss`, `aud` and `tid` of a session that is refused, this line shows a wrong variable.
    tracing::info!(
        issuer = %config.issuer,
        audience = %config.audience,
        tenant = %config.tenant,
        "verifies sessions"
    );
    let keys = Arc::new(IssuerKeys::new(HttpDocument::new(&config.jwks_url)?, ISSUER_KEY_LIFETIMES));
    let revocations = HttpDocument::new(&config.revocations_url)?;
    // An instance remembers nothing of the ones before, so it cannot know for how long there has been no document.
    let awaited_since = Timestamp::default();
    let keys = IssuerRevocations::new(config.issuer.clone(), keys, revocations, awaited_since);
    Ok(Authorizer::new(config, SystemClock, keys))
}
