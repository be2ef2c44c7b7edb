//! What holds for every request until the configuration changes.

use std::sync::Arc;

use pozi_auth::{
    ports::SessionKeySource,
    session::{Issuer, SessionVerifier},
};

use crate::{catalogue::Catalogues, sessions::Sessions, settings::Settings};

/// The settings, and what is made of them once.
#[derive(Debug)]
pub struct Rules<K> {
    /// The settings.
    pub settings: Settings,
    /// Where the catalogues are.
    pub catalogues: Catalogues,
    /// Verifies the site's sessions.
    pub sessions: Sessions<K>,
}

impl<K: SessionKeySource> Rules<K> {
    /// The rules of `settings` for sessions that `issuer` minted and `keys` verify.
    pub fn new(settings: Settings, issuer: Issuer, keys: Arc<K>) -> Self {
        let audience = settings.site.external_url.as_str().to_owned();
        let verifier = SessionVerifier::new(issuer, audience, Arc::clone(&keys));
        Self { catalogues: Catalogues::new(&settings), sessions: Sessions::new(verifier, keys), settings }
    }
}
