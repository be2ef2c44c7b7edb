//! `POST /oauth2/token` (RFC 8693): exchanges an Entra access token for a Pozi session token, for the catalogues that its
//! person may see.

#[cfg(feature = "lambda")]
pub mod aws;
mod checks;
mod limits;
mod revocations;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{get, post},
};
use http::StatusCode;
use pozi_auth::{
    entra::{
        self, ApplicationTokens, GraphAccess, GraphToken, GroupResolver, Groups, GroupsFrom, KeySetFetch,
        KeySetLocation, KeySetMemory, MembershipSource, SignedToken, SubjectRefusal, TenantKeys,
        UnverifiedToken, VerifiedSubject,
    },
    error::with_causes,
    identifiers::TenantId,
    issuer::REVOCATIONS_PATH,
    keyring::{ActiveKey, KeyRequirements},
    oauth::{self, ExchangeError, ExchangeRequest, ExplanationRequest, TokenResponse},
    revocation::{RevocationList, RevocationSource},
    session::{self, Issuer, SessionClaims},
    sites::{self, Explained, GraphPermissions, Site},
    telemetry::Trail,
    tenants::{self, SiteRegistry, TenantSites},
    timestamp::{Clock, Timestamp},
};
use uuid::Uuid;

use self::checks::{check_origin, refuse_revoked};
pub use self::{
    limits::{EXCHANGE_RATES, Limits, Rate, Rates, UNLIMITED},
    revocations::Revocations,
};

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
    /// Knows which groups people are in whose tokens list none: Microsoft Graph.
    type Graph: MembershipSource;
    /// Has the tokens with which Graph is asked in the name of app registrations, or
    /// [`NoApplications`](pozi_auth::entra::NoApplications).
    type Applications: ApplicationTokens;
    /// Knows the key that signs.
    type Signing: ActiveKey;
    /// Knows what was revoked.
    type Revocations: RevocationSource;
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
    /// The groups of people whose tokens list none.
    pub groups: GroupResolver<E::Graph, E::Applications>,
    /// How many exchanges a person and a tenant may make.
    pub limits: Limits,
    /// The key that signs.
    pub signing: E::Signing,
    /// What was revoked.
    pub revocations: Revocations<E::Revocations>,
    /// The tenant of the prober, whose exchanges are not counted.
    pub probe_tenant: Option<TenantId>,
}

/// What a subject token gives access to, and why.
#[derive(Debug)]
pub struct Explanation {
    /// The site that the token is for.
    pub site: Arc<Site>,
    /// The person's groups, as far as they count there.
    pub groups: Groups,
    /// Where the groups come from.
    pub groups_from: GroupsFrom,
    /// Its catalogues.
    pub catalogues: Vec<Explained>,
}

/// Returns the function's routes, at the root and below the issuer's path. The caller [finishes](oauth::finish) them, and may
/// keep a pointer to `state` to [explain](TokenExchange::explain) with it.
pub fn router<E: Environment>(state: Arc<TokenExchange<E>>) -> Router {
    let issuer = state.issuer.clone();
    let router = Router::new()
        .route("/oauth2/token", post(token::<E>))
        .route(REVOCATIONS_PATH, get(revocations::serve::<E>))
        .with_state(state);
    oauth::at_every_base(&router, issuer.path())
}

async fn token<E: Environment>(State(state): State<Arc<TokenExchange<E>>>, request: Request) -> Response {
    let mut trail = Trail::begin();
    trail.leave_out(state.probe_tenant);
    trail.record_request(request.extensions().get());
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
        token.check_expiry(now)?;
        let (sites, revoked, ()) = tokio::join!(
            sites_of(&self.sites, &token, now),
            self.revocations.list(now),
            self.prepare_to_sign(now)
        );
        let sites = sites?;
        trail.record_sites(&sites);
        trail.record_key_search();
        let ready = || trail.record_keys_ready();
        let token = verify_signature(&self.tenant_keys, token, &sites, now, ready).await?;

        let site = tenants::choose(&sites, &request.targets, &token)?;
        trail.record_site(site, now);
        check_origin(&head.headers, site)?;
        let subject = entra::verify(token, &site.expected, now)?;
        trail.record_person(&subject);
        self.limits.admit(&subject, now)?;
        let revoked = revoked?;
        refuse_revoked(&revoked, &subject, site, now)?;
        let subject = self.resolve_groups(subject, site, request.graph_token.as_ref(), now).await?;
        trail.record_subject(&subject, site);
        let grant = sites::decide(&subject, site, request.scope.as_ref(), now)?;
        trail.record_grant(&grant);

        trail.record_signing();
        let claims = SessionClaims::new(&self.issuer, &subject, &grant, Uuid::new_v4(), now);
        let signing_key = self.signing.active(now, &revoked.requirements()).await?;
        let session = session::mint(&claims, &signing_key).await?;
        session::check_size(&session)?;
        trail.record_session(&claims, signing_key.id.as_str());
        Ok(TokenResponse::new(session, &claims, request.issued_token_type))
    }

    /// Reads the key ring beside the site if that is due. Whether its key may sign is decided when it is known what was revoked;
    /// an error shows then, too.
    async fn prepare_to_sign(&self, now: Timestamp) {
        let _ = self.signing.active(now, &KeyRequirements::default()).await;
    }

    /// Returns what an exchange of the tokens in `request`, a form, would grant and why, or the error that it would end with.
    pub async fn explain(&self, request: Request) -> Result<Explanation, ExchangeError> {
        let (head, body) = request.into_parts();
        let form = oauth::read_form(&head.headers, body).await?;
        let now = self.clock.now();
        let ExplanationRequest { subject_token, graph_token } = ExplanationRequest::parse(&form)?;
        let revoked = self.revocations.list(now).await?;
        let token = subject_token.as_str();
        let (site, subject) = identify(token, &self.sites, &self.tenant_keys, &revoked, now).await?;
        let subject = self.resolve_groups(subject, &site, graph_token.as_ref(), now).await?;
        Ok(Explanation::of(site, &subject))
    }

    /// Returns `subject` with its groups at `site`, where its token does not list them and they can be had. While the site is
    /// observed, it refuses nobody: an error leaves the subject as it is, and the decision says what the rules would do.
    async fn resolve_groups(
        &self,
        subject: VerifiedSubject,
        site: &Site,
        token: Option<&GraphToken>,
        now: Timestamp,
    ) -> Result<VerifiedSubject, ExchangeError> {
        match subject.groups() {
            Groups::Listed(_) | Groups::InRoles(_) => return Ok(subject),
            Groups::Overage => {}
        }
        let access = match site.graph_permissions {
            GraphPermissions::Delegated => GraphAccess::Delegated(token),
            GraphPermissions::Application => GraphAccess::Application(site.expected.client),
        };
        let unresolved = subject.clone();
        // On the heap, so that every other exchange stays as small as it is.
        match Box::pin(self.groups.resolve(subject, site.cloud(), site.groups(), access, now)).await {
            Err(error) if site.enforcement.observed_until(now).is_some() => {
                tracing::warn!(site = %site.name, problem = with_causes(&error), "the groups of a person are not known");
                Ok(unresolved)
            }
            resolved => Ok(resolved?),
        }
    }
}

/// Returns what an exchange of `subject_token` at `now` would grant and why, or the error that it would end with. It grants
/// nothing, so it leaves no audit event; it does not check the origin, because anyone who has the token can read it. It asks
/// nobody about groups that the token does not list.
pub async fn explain<R: SiteRegistry, F: KeySetFetch, M: KeySetMemory>(
    subject_token: &str,
    registry: &R,
    tenant_keys: &TenantKeys<F, M>,
    revoked: &RevocationList,
    now: Timestamp,
) -> Result<Explanation, ExchangeError> {
    let (site, subject) = identify(subject_token, registry, tenant_keys, revoked, now).await?;
    Ok(Explanation::of(site, &subject))
}

impl Explanation {
    fn of(site: Arc<Site>, subject: &VerifiedSubject) -> Self {
        let catalogues = sites::explain(subject.groups(), &site);
        Self { site, groups: subject.groups().clone(), groups_from: subject.groups_from(), catalogues }
    }
}

/// Returns the person of `subject_token`, and the site that the token is for.
async fn identify<R: SiteRegistry, F: KeySetFetch, M: KeySetMemory>(
    subject_token: &str,
    registry: &R,
    tenant_keys: &TenantKeys<F, M>,
    revoked: &RevocationList,
    now: Timestamp,
) -> Result<(Arc<Site>, VerifiedSubject), ExchangeError> {
    let token = UnverifiedToken::parse(subject_token)?;
    token.check_expiry(now)?;
    let sites = sites_of(registry, &token, now).await?;
    let token = verify_signature(tenant_keys, token, &sites, now, || ()).await?;
    let site = tenants::choose(&sites, &[], &token)?;
    let subject = entra::verify(token, &site.expected, now)?;
    refuse_revoked(revoked, &subject, site, now)?;
    Ok((Arc::clone(site), subject))
}

/// Returns the sites of the tenant that `token` names. At least one is registered, though perhaps unreadable.
async fn sites_of(
    registry: &impl SiteRegistry,
    token: &UnverifiedToken<'_>,
    now: Timestamp,
) -> Result<Arc<TenantSites>, ExchangeError> {
    let sites = registry.sites_of(token.tenant(), now).await?;
    if sites.is_empty() {
        return Err(SubjectRefusal::UnknownTenant { tenant: token.tenant() }.into());
    }
    Ok(sites)
}

/// Verifies the signature of `token` with a key of its tenant, in the cloud of the tenant's `sites`. Calls `looked_up` once
/// the key is found, or not.
async fn verify_signature<F: KeySetFetch, M: KeySetMemory>(
    tenant_keys: &TenantKeys<F, M>,
    token: UnverifiedToken<'_>,
    sites: &TenantSites,
    now: Timestamp,
    looked_up: impl FnOnce() + Send,
) -> Result<SignedToken, ExchangeError> {
    let cloud = tenants::cloud_of(sites)?;
    let location = KeySetLocation { cloud, tenant: token.tenant(), version: token.version() };
    let key = tenant_keys.find(location, token.key_id(), now).await;
    looked_up();
    Ok(token.verify_signature(&*key?, cloud)?)
}
