//! The issuer's keys: where they are fetched, renewed before anybody waits for them, and kept on disk for a start without
//! a network.

use std::sync::Arc;

use arc_swap::ArcSwap;
use pozi_auth::{
    adapters::{Authority, AuthorityError, HttpDocument, KeySetFile, Network, SystemClock},
    fetch::{DocumentFetch, FetchError},
    session::IssuerKeys,
    timestamp::{Clock, Timestamp},
};

use crate::{clock_offset::ClockOffset, config::GateConfig};

/// Keys and the file that they are kept in.
#[derive(Debug)]
pub struct KeptKeys<F> {
    keys: Arc<IssuerKeys<F>>,
    file: KeySetFile,
    stored: Timestamp,
}

/// The issuer's key set, fetched as the configuration of the moment says.
#[derive(Debug, Clone)]
pub(crate) struct KeyDocument(Arc<ArcSwap<HttpDocument>>);

/// Why the issuer cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum KeyDocumentError {
    /// `ca_file` is none.
    #[error("ca_file: {0}")]
    Authorities(#[from] AuthorityError),
    /// TLS, or a proxy's address in the environment.
    #[error("the issuer cannot be asked for its keys: {0}; look at HTTPS_PROXY and the certificates")]
    Client(String),
}

impl KeyDocument {
    /// The key set that `config` names. What its answers say of the time goes to `clock`.
    pub(crate) fn of(config: &GateConfig, clock: ClockOffset) -> Result<Self, KeyDocumentError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(document(config, clock)?))))
    }

    /// From now on as `config` says.
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
        .map_err(|problem| KeyDocumentError::Client(problem.to_string()))?;
    Ok(document.observed(move |headers| clock.compare(headers, SystemClock.now())))
}

/// Those of the machine's certificate store that TLS can use. A store that cannot be read is as good as none: the
/// compiled-in authorities are there all the same.
fn authorities_of_this_machine() -> Vec<Authority> {
    let store = rustls_native_certs::load_native_certs();
    for problem in &store.errors {
        tracing::warn!(target: "pozi::gate", %problem, "the machine's certificate store");
    }
    store.certs.iter().filter_map(|certificate| Authority::of_der(certificate)).collect()
}

impl<F: DocumentFetch> KeptKeys<F> {
    /// Takes up what a gate before this one left in `file`. A file that cannot be believed is as good as none: the
    /// issuer is asked, and until it answers nobody is let in.
    pub fn recall(keys: Arc<IssuerKeys<F>>, file: KeySetFile, now: Timestamp) -> Self {
        let mut stored = Timestamp::default();
        match file.load(now) {
            Ok(None) => {}
            Ok(Some((set, fetched))) => {
                stored = fetched;
                keys.remember(set, fetched);
            }
            Err(problem) => {
                tracing::warn!(target: "pozi::gate", %problem, "the key set on disk is not used");
            }
        }
        Self { keys, file, stored }
    }

    /// Fetches the keys where that is due, and stores what is new.
    pub async fn renew(&mut self, now: Timestamp) {
        // What went wrong is in the log already, and in the age that `/health` tells.
        drop(self.keys.renew(now).await);
        let Some((set, fetched)) = self.keys.held().filter(|(_, fetched)| *fetched > self.stored) else {
            return;
        };
        let file = self.file.clone();
        let storing = tokio::task::spawn_blocking(move || file.store(&set, fetched)).await;
        match storing {
            Ok(Ok(())) => self.stored = fetched,
            Ok(Err(problem)) => {
                tracing::warn!(target: "pozi::gate", %problem, "the key set cannot be kept on disk");
            }
            Err(problem) => tracing::warn!(target: "pozi::gate", %problem, "storing the key set broke off"),
        }
    }
}
