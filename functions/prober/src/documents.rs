//! The documents that the service publishes for verifiers, once they are fetched, in the verifiers' own cache.

use std::sync::Arc;

use pozi_auth::{
    fetch::{ConditionalFetch, DocumentFetch, FetchError, Fetched},
    session::{ISSUER_KEY_LIFETIMES, Issuer, IssuerKeys, IssuerRevocations, SessionKeySource},
    timestamp::Timestamp,
};

/// What a verifier knows of the service.
pub(crate) type Published = IssuerRevocations<Document, Document>;

/// A document that was fetched.
#[derive(Debug)]
pub(crate) struct Document(Vec<u8>);

/// Returns what a verifier knows of `issuer` that fetched its `key_set` and its `revocations` at `now`.
pub(crate) async fn published(
    issuer: &Issuer,
    key_set: Vec<u8>,
    revocations: Vec<u8>,
    now: Timestamp,
) -> Published {
    let keys = Arc::new(IssuerKeys::new(Document(key_set), ISSUER_KEY_LIFETIMES));
    let published = IssuerRevocations::new(issuer.clone(), keys, Document(revocations), Timestamp::default());
    let _ = published.revocations(now).await;
    published
}

impl DocumentFetch for Document {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        Ok(self.0.clone())
    }
}

impl ConditionalFetch for Document {
    async fn fetch_unless(&self, _: Option<&str>) -> Result<Fetched, FetchError> {
        Ok(Fetched::Document { bytes: self.0.clone(), etag: None })
    }
}
