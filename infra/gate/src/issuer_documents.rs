//! The documents that the issuer publishes, key set and revocations, fetched as the current configuration says.

use std::{error::Error, sync::Arc};

use arc_swap::ArcSwap;
use pozi_auth::{
    adapters::{Authority, AuthorityError, HttpDocument, Network, SystemClock},
    address::SecureUrl,
    error::with_causes,
    fetch::{ConditionalFetch, DocumentFetch, FetchError, Fetched},
    session::IssuerRevocations,
    timestamp::Clock,
};

use crate::{clock_offset::ClockOffset, config::GateConfig};

/// The issuer's keys and revocations, as the gate fetches them.
pub(crate) type GateKeys = IssuerRevocations<IssuerDocument, IssuerDocument>;

/// The two documents. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct IssuerDocuments {
    pub(crate) keys: IssuerDocument,
    pub(crate) revocations: IssuerDocument,
}

/// One document, which a new configuration may replace.
#[derive(Debug, Clone)]
pub(crate) struct IssuerDocument(Arc<ArcSwap<HttpDocument>>);

/// Why the issuer's documents cannot be fetched.
#[derive(Debug, thiserror::Error)]
pub enum IssuerDocumentError {
    /// `ca_file` contains no usable certificate authority.
    #[error("ca_file: {0}")]
    Authorities(#[from] AuthorityError),
    /// The HTTP client cannot be set up, because of TLS or a proxy's address in the environment.
    #[error(
        "cannot set up the HTTP client for the issuer's documents; check HTTPS_PROXY and the certificates"
    )]
    Client(#[source] Box<dyn Error + Send + Sync>),
}

impl IssuerDocuments {
    /// Creates the documents that `config` names. The times in their answers are compared in `clock`.
    pub(crate) fn of(config: &GateConfig, clock: &ClockOffset) -> Result<Self, IssuerDocumentError> {
        let [keys, revocations] = documents(config, clock)?;
        Ok(Self { keys: IssuerDocument::of(keys), revocations: IssuerDocument::of(revocations) })
    }

    /// Replaces the documents with those that `config` names.
    pub(crate) fn replace(
        &self,
        config: &GateConfig,
        clock: &ClockOffset,
    ) -> Result<(), IssuerDocumentError> {
        let [keys, revocations] = documents(config, clock)?;
        self.keys.0.store(Arc::new(keys));
        self.revocations.0.store(Arc::new(revocations));
        Ok(())
    }
}

impl IssuerDocument {
    fn of(document: HttpDocument) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(document)))
    }
}

impl DocumentFetch for IssuerDocument {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        let document = self.0.load_full();
        document.fetch().await
    }
}

impl ConditionalFetch for IssuerDocument {
    async fn fetch_unless(&self, etag: Option<&str>) -> Result<Fetched, FetchError> {
        let document = self.0.load_full();
        document.fetch_unless(etag).await
    }
}

/// Returns the key set and the revocation document of `config`.
fn documents(config: &GateConfig, clock: &ClockOffset) -> Result<[HttpDocument; 2], IssuerDocumentError> {
    let mut authorities = authorities_of_this_machine();
    if let Some(file) = &config.authorities {
        authorities.extend(Authority::all_of_pem(&file.pem)?);
    }
    let network = Network { uses_proxy: true, authorities };
    let document = |url: &SecureUrl| -> Result<_, IssuerDocumentError> {
        let clock = clock.clone();
        let document = HttpDocument::through(url, &network)
            .map_err(|error| IssuerDocumentError::Client(error.into()))?;
        Ok(document.observed(move |headers| clock.compare(headers, SystemClock.now())))
    };
    Ok([document(&config.jwks_url)?, document(&config.revocations_url)?])
}

/// Returns the usable authorities of the machine's certificate store. A store that cannot be read is logged and ignored,
/// since there are built-in authorities as well.
fn authorities_of_this_machine() -> Vec<Authority> {
    let store = rustls_native_certs::load_native_certs();
    for error in &store.errors {
        let problem = with_causes(error);
        tracing::warn!(target: "pozi::gate", problem, "cannot read the machine's certificate store");
    }
    store.certs.iter().filter_map(|certificate| Authority::of_der(certificate)).collect()
}
