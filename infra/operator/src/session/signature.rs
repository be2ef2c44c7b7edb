//! Whether the service issued a session.

use pozi_auth::{
    adapters::HttpDocument,
    address::SecureUrl,
    error::with_causes,
    fetch::DocumentFetch,
    session::{Issuer, SessionContents, SessionKeySet, SessionRefusal, SessionVerifier},
};

use super::SessionError;
use crate::{GlobalArgs, Service, World};

/// Where a service publishes its keys.
#[derive(Debug)]
pub(super) struct Publisher {
    /// The service's own URL.
    pub(super) issuer: Issuer,
    /// The URL of its key set.
    pub(super) key_set: SecureUrl,
}

/// What is known about the signature.
#[derive(Debug)]
pub(super) enum Signature {
    /// No service was named.
    NotVerified,
    /// The service's keys cannot be fetched; the reason.
    KeysUnavailable(String),
    /// It verifies, and so does everything else.
    Valid,
    /// The session is refused.
    Refused(SessionRefusal),
}

/// Returns the service that the command line names. `None` if it names none.
pub(super) async fn service(
    issuer: Option<&Issuer>,
    global: &GlobalArgs,
    world: &World,
) -> Result<Option<Publisher>, SessionError> {
    if let Some(issuer) = issuer {
        let key_set = issuer.key_set_url().parse()?;
        return Ok(Some(Publisher { issuer: issuer.clone(), key_set }));
    }
    if global.stack.is_none() {
        return Ok(None);
    }
    let service = Service::connect(global, world).await?;
    let issuer = service.output("Issuer")?.parse();
    let issuer = issuer.map_err(|error: pozi_auth::session::IssuerError| SessionError::Service {
        output: "Issuer",
        source: error.into(),
    })?;
    Ok(Some(Publisher { issuer, key_set: service.output("JwksUrl")?.parse()? }))
}

/// Verifies `token`, which says `contents`, with the keys of `service`, for the site that it names itself.
pub(super) async fn verify(
    token: &str,
    contents: &SessionContents,
    service: &Publisher,
    world: &World,
) -> Result<Signature, SessionError> {
    let document = HttpDocument::new(&service.key_set).map_err(SessionError::Https)?;
    let keys = match world.watching("fetching the service's keys", document.fetch()).await {
        Ok(document) => SessionKeySet::parse(&document).map_err(|error| with_causes(&error)),
        Err(error) => Err(with_causes(&error)),
    };
    let keys = match keys {
        Ok(keys) => keys,
        Err(reason) => return Ok(Signature::KeysUnavailable(reason)),
    };
    let SessionContents { audience, tenant, .. } = contents;
    let verifier = SessionVerifier::new(service.issuer.clone(), audience.clone(), *tenant, keys);
    Ok(match verifier.verify(token, world.now).await {
        Ok(_) => Signature::Valid,
        Err(refusal) => Signature::Refused(refusal),
    })
}
