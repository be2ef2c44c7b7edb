//! `POST /oauth2/token` (RFC 8693): exchanges an Entra access token for a Pozi session token, for the catalogues that its
//! person may see.

#[cfg(feature = "lambda")]
pub mod aws;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use http::{HeaderMap, StatusCode, header::ORIGIN};
use pozi_auth::{
    entra::{
        self, KeySetFetch, KeySetLocation, KeySetMemory, SubjectRefusal, TenantKeys, UnverifiedToken,
        VerifiedSubject,
    },
    keyring::ActiveKey,
    oauth::{self, ExchangeError, ExchangeRequest, SubjectToken, TokenResponse},
    session::{self, Issuer, SessionClaims},
    sites::{self, Explained, Site, SiteName},
    telemetry::Trail,
    tenants::{self, SiteRegistry, TenantSites},
    timestamp::{Clock, Timestamp},
};
use uuid::Uuid;

/// Where an exchange runs: on AWS, on localhost or in a test. Names the types that it works with.
pub trait Environment: Send + Sync + 'static {
    /// Tells the time.
    type Clock: Clock;
    /// Knows the registered sites.
    type Sites: SiteRegistry;
    /// Fetches the tenants' key sets.
    type KeySets: KeySetFetch;
    /// Remembers the tenants' key sets that another program fetched, or
    /// [`NoKeySetMemory`](pozi_auth::entra::NoKeySetMemory).
    type Memory: KeySetMemory;
    /// Knows the key that signs.
    type Signing: ActiveKey;
}

/// The function's state in the environment `E`.
#[derive(Debug)]
pub struct TokenExchange<E: Environment> {
    /// The service's own URL.
    pub issuer: Issuer,
    /// The time.
    pub clock: E::Clock,
    /// The registered sites.
    pub sites: E::Sites,
    /// The tenants' keys.
    pub tenant_keys: TenantKeys<E::KeySets, E::Memory>,
    /// The key that signs.
    pub signing: E::Signing,
}

/// What a subject token gives access to, and why.
#[derive(Debug)]
pub struct Explanation {
    /// The site that the token is for.
    pub site: SiteName,
    /// Its catalogues.
    pub catalogues: Vec<Explained>,
}

/// Returns the function's route. The caller [finishes](oauth::finish) it, and may keep a pointer to `state` to
/// [explain](TokenExchange::explain) with it.
pub fn router<E: Environment>(state: Arc<TokenExchange<E>>) -> Router {
    Router::new().route("/oauth2/token", post(token::<E>)).with_state(state)
}

async fn token<E: Environment>(State(state): State<Arc<TokenExchange<E>>>, request: Request) -> Response {
    let mut trail = Trail::begin();
    let outcome = state.exchange(request, &mut trail).await;
    trail.finish(&outcome);
    match outcome {
        Ok(answer) => oauth::json_response(StatusCode::OK, &answer),
        Err(error) => oauth::refuse(&error.refusal()),
    }
}

impl<E: Environment> TokenExchange<E> {
    /// The whole exchange: parses, verifies, decides, mints and answers.
    async fn exchange(&self, request: Request, trail: &mut Trail) -> Result<TokenResponse, ExchangeError> {
        let (head, body) = request.into_parts();
        let form = oauth::read_form(&head.headers, body).await?;
        let now = self.clock.now();
        let request = ExchangeRequest::parse(&form)?;
        trail.record_token(&request.subject_token);

        let token = UnverifiedToken::parse(request.subject_token.as_str())?;
        trail.record_claims(&token);
        let sites = self.sites_of(&token, now).await?;
        let site = tenants::choose(&sites, &request.targets, token.audience())?;
        trail.record_site(site);
        check_origin(&head.headers, site)?;

        let subject = self.verify(token, site, now, || trail.record_keys_ready()).await?;
        let grant = sites::decide(&subject, site, request.scope.as_ref())?;

        trail.record_signing();
        let claims = SessionClaims::new(&self.issuer, &subject, &grant, Uuid::new_v4(), now);
        let signing_key = self.signing.active(now).await?;
        let session = session::mint(&claims, &signing_key).await?;
        session::check_size(&session)?;
        trail.record_session(&claims, signing_key.id.as_str());
        Ok(TokenResponse::new(session, &claims, request.issued_token_type))
    }

    /// Returns what an exchange of the subject token in `request`, a form, would grant and why, or the error that it would
    /// end with. It grants nothing, so it leaves no audit event; it does not check the origin, because anyone who has the
    /// token can read it.
    pub async fn explain(&self, request: Request) -> Result<Explanation, ExchangeError> {
        let (head, body) = request.into_parts();
        let form = oauth::read_form(&head.headers, body).await?;
        let now = self.clock.now();
        let subject_token = SubjectToken::parse(&form)?;

        let token = UnverifiedToken::parse(subject_token.as_str())?;
        let sites = self.sites_of(&token, now).await?;
        let site = tenants::choose(&sites, &[], token.audience())?;
        let subject = self.verify(token, site, now, || ()).await?;
        Ok(Explanation { site: site.name.clone(), catalogues: sites::explain(&subject, site) })
    }

    /// Returns the sites of the tenant that `token` names. At least one is registered, though perhaps unreadable.
    async fn sites_of(
        &self,
        token: &UnverifiedToken<'_>,
        now: Timestamp,
    ) -> Result<Arc<TenantSites>, ExchangeError> {
        let sites = self.sites.sites_of(token.tenant(), now).await?;
        if sites.is_empty() {
            return Err(SubjectRefusal::UnknownTenant { tenant: token.tenant() }.into());
        }
        Ok(sites)
    }

    /// Verifies `token` for `site`. Calls `looked_up` once the tenant's keys are found, or not.
    async fn verify(
        &self,
        token: UnverifiedToken<'_>,
        site: &Site,
        now: Timestamp,
        looked_up: impl FnOnce() + Send,
    ) -> Result<VerifiedSubject, ExchangeError> {
        let location =
            KeySetLocation { cloud: site.cloud(), tenant: token.tenant(), version: token.version() };
        let key = self.tenant_keys.find(location, token.key_id(), now).await;
        looked_up();
        Ok(entra::verify(token, &*key?, &site.expected, now)?)
    }
}

/// A browser says which page makes the request: the page of another site must not use its visitor's sign-in. Other clients
/// send no `Origin`, and hold the token themselves.
fn check_origin(headers: &HeaderMap, site: &Site) -> Result<(), ExchangeError> {
    match headers.get(ORIGIN) {
        None => Ok(()),
        Some(origin) if origin.to_str().is_ok_and(|origin| site.is_served_from(origin)) => Ok(()),
        Some(_) => Err(ExchangeError::OriginNotAllowed),
    }
}
