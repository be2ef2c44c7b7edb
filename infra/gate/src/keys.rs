//! The issuer's keys: fetched, renewed before a request needs them, and stored on disk to start without a network.

use std::{error::Error, sync::Arc};

use arc_swap::ArcSwap;
use pozi_auth::{
    adapters::{Authority, AuthorityError, HttpDocument, KeySetFile, Network, SystemClock},
    error::with_causes,
    fetch::{DocumentFetch, FetchError},
    session::IssuerKeys,
    timestamp::{Clock, Timestamp},
};

use crate::{clock_offset::ClockOffset, config::GateConfig};

/// The issuer's keys and the file that stores them.
#[derive(Debug)]
pub struct StoredKeys<F> {
    keys: Arc<IssuerKeys<F>>,
    file: KeySetFile,
    stored: Timestamp,
}

/// The issuer's key set, fetched as the current configuration says.
#[derive(Debug, Clone)]
pub(crate) struct KeyDocument(Arc<ArcSwap<HttpDocument>>);

/// Why the issuer's keys cannot be fetched.
#[derive(Debug, thiserror::Error)]
pub enum KeyDocumentError {
    /// `ca_file` contains no usable certificate authority.
    #[error("ca_file: {0}")]
    Authorities(#[from] AuthorityError),
    /// The HTTP client cannot be set up, because of TLS or a proxy's address in the environment.
    #[error("cannot set up the HTTP client for the issuer's keys; check HTTPS_PROXY and the certificates")]
    Client(#[source] Box<dyn Error + Send + Sync>),
}

impl KeyDocument {
    /// Creates the document that `config` names. The times in its answers are compared in `clock`.
    pub(crate) fn of(config: &GateConfig, clock: ClockOffset) -> Result<Self, KeyDocumentError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(document(config, clock)?))))
    }

    /// Replaces the document with the one that `config` names.
    pub(crate) fn replace(&self, config: &GateConfig, clock: ClockOffset) -> Result<(), KeyDocumentError> {
        self.0.store(Arc::new(document(config, clock)?));
        Ok(())
    }
}

impl DocumentFetch for KeyDocument {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        let document = self.0.load_full();
        document.fetch().await
    }
}

fn document(config: &GateConfig, clock: ClockOffset) -> Result<HttpDocument, KeyDocumentError> {
    let mut authorities = authorities_of_this_machine();
    if let Some(file) = &config.authorities {
        authorities.extend(Authority::all_of_pem(&file.pem)?);
    }
    let network = Network { uses_proxy: true, authorities };
    let document = HttpDocument::through(&config.jwks_url, &network)
        .map_err(|error| KeyDocumentError::Client(error.into()))?;
    Ok(document.observed(move |headers| clock.compare(headers, SystemClock.now())))
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

impl<F: DocumentFetch> StoredKeys<F> {
    /// Loads the keys that an earlier run stored in `file`. A file that cannot be trusted is ignored: until the issuer
    /// answers, every request is refused.
    pub fn load(keys: Arc<IssuerKeys<F>>, file: KeySetFile, now: Timestamp) -> Self {
        let mut stored = Timestamp::default();
        match file.load(now) {
            Ok(None) => {}
            Ok(Some((set, fetched))) => {
                stored = fetched;
                keys.remember(set, fetched, now);
            }
            Err(error) => {
                let problem = with_causes(&error);
                tracing::warn!(target: "pozi::gate", problem, "the stored key set is not used");
            }
        }
        Self { keys, file, stored }
    }

    /// Fetches the keys if they are due, and stores new ones.
    pub async fn renew(&mut self, now: Timestamp) {
        // A failure is already logged, and shows in the age that `/health` reports.
        drop(self.keys.renew(now).await);
        // Not "later than": the clock may have been ahead when the last one was stored.
        let Some((set, fetched)) = self.keys.held().filter(|(_, fetched)| *fetched != self.stored) else {
            return;
        };
        let file = self.file.clone();
        let storing = tokio::task::spawn_blocking(move || file.store(&set, fetched)).await;
        match storing {
            Ok(Ok(())) => self.stored = fetched,
            Ok(Err(error)) => {
                let problem = with_causes(&error);
                tracing::warn!(target: "pozi::gate", problem, "cannot store the key set on disk; check `state_dir`");
            }
            Err(error) => {
                tracing::warn!(target: "pozi::gate", problem = %error, "storing the key set failed");
            }
        }
    }
}
