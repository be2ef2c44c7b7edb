//! `GET /.well-known/pozi-revocations`: what was revoked, signed like a session. This function serves it, because it alone
//! can sign.

use std::sync::Arc;

use axum::{body::Body, extract::State, response::Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS},
};
use pozi_auth::{
    keyring::{ActiveKey, KeyId, SigningError},
    last_good::Lifetimes,
    oauth::{self, ExchangeError},
    revocation::{
        CachedRevocations, RevocationDraft, RevocationList, RevocationListError, RevocationSource,
        SignedRevocations,
    },
    session::Issuer,
    timestamp::{Clock, Timestamp},
};
use tokio::sync::Mutex;

use crate::{Environment, TokenExchange};

/// The list of what was revoked, and the document that was signed last.
#[derive(Debug)]
pub struct Revocations<S> {
    list: CachedRevocations<S>,
    signed: Mutex<Option<Signed>>,
}

/// A signed document, and what it was made of.
#[derive(Debug)]
struct Signed {
    sequence: u64,
    issued_at: Timestamp,
    key: KeyId,
    document: SignedRevocations,
}

impl<S: RevocationSource> Revocations<S> {
    /// Reads the list from `source` when it is first needed and then as `lifetimes` say.
    pub fn new(source: Arc<S>, lifetimes: Lifetimes) -> Self {
        Self { list: CachedRevocations::new(source, lifetimes), signed: Mutex::default() }
    }

    /// Returns the list to use at `now`.
    pub async fn list(&self, now: Timestamp) -> Result<Arc<RevocationList>, RevocationListError> {
        self.list.current(now).await
    }

    /// Returns the document of `issuer` at `now`. It is signed anew every minute, and when the list or the key changes.
    async fn document(
        &self,
        issuer: &Issuer,
        signing: &impl ActiveKey,
        now: Timestamp,
    ) -> Result<SignedRevocations, ExchangeError> {
        let list = self.list(now).await?;
        let key = signing.active(now, &list.requirements()).await?;
        // Held while one request signs, so that the others need not.
        let mut held = self.signed.lock().await;
        let (sequence, issued_at) = (list.sequence(), RevocationDraft::issued_at(now));
        let is_current = |signed: &&Signed| {
            (signed.sequence, signed.issued_at, &signed.key) == (sequence, issued_at, &key.id)
        };
        if let Some(signed) = held.as_ref().filter(is_current) {
            return Ok(signed.document.clone());
        }
        let draft = RevocationDraft::of(&list, issuer, (&key.id, key.algorithm), now)
            .map_err(|error| SigningError(error.into()))?;
        let document = draft.sign(&key).await?;
        *held = Some(Signed { sequence, issued_at, key: key.id.clone(), document: document.clone() });
        Ok(document)
    }
}

/// Answers with the document, or with 304 if the verifier has it.
pub(crate) async fn serve<E: Environment>(
    State(state): State<Arc<TokenExchange<E>>>,
    headers: HeaderMap,
) -> Response {
    let document = state.revocations.document(&state.issuer, &state.signing, state.clock.now()).await;
    match document {
        Ok(document) => answer(document, &headers),
        Err(error) => {
            let problem = pozi_auth::error::with_causes(&error);
            tracing::error!(problem, "no revocation document can be served");
            oauth::refuse(&error.refusal())
        }
    }
}

fn answer(SignedRevocations { document, etag }: SignedRevocations, request: &HeaderMap) -> Response {
    let is_unchanged = oauth::is_unchanged(request, &etag);
    let mut response = Response::new(if is_unchanged { Body::empty() } else { Body::from(document) });
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, etag);
    }
    // A cache must ask each time: a revocation is known within seconds.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if is_unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwt"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response
}
