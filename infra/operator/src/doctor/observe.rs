//! Asks Entra, the external URL, the service and the gate, side by side.

use pozi_auth::{
    address::{LoopbackUrl, SecureUrl},
    entra::{Cloud, KeySetLocation, TokenVersion},
    identifiers::TenantId,
    session::Issuer,
    sites::{CatalogueId, Site},
    timestamp::Timestamp,
};
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use tokio::task::JoinSet;

use super::{
    ask::Asker,
    observed::{Asked, Entra, Gate, Observed, Service, document},
};

/// Where to ask.
pub(super) struct Addresses {
    /// An emulated Entra.
    pub(super) entra: Option<LoopbackUrl>,
    /// Pozi's service.
    pub(super) service: Option<Issuer>,
    /// The gate, for maps.
    pub(super) gate: Option<Url>,
    /// The gate's `/health`.
    pub(super) gate_status: Option<Url>,
}

/// The most catalogues that the gate is asked for.
const MAX_CATALOGUES: usize = 20;

const CLOUDS: [Cloud; 3] = [Cloud::Public, Cloud::UsGovernment, Cloud::China];

/// Asks everyone about `site` at once. `now` is this machine's time.
pub(super) async fn observe(site: &Site, addresses: &Addresses, asker: &Asker, now: Timestamp) -> Observed {
    let map = map_without_session(site);
    let (entra, external, service, gate) = tokio::join!(
        entra(site, addresses.entra.as_ref(), asker),
        asker.get(&map),
        async {
            match &addresses.service {
                Some(issuer) => Some(service(site, issuer, asker).await),
                None => None,
            }
        },
        gate(site, addresses, asker),
    );
    Observed { entra, external, service, gate, now }
}

/// A request for a map, as anyone could send it: through Application Proxy it must not arrive without a sign-in.
fn map_without_session(site: &Site) -> String {
    let at = format!("{}qgisserver", site.external_url.as_str());
    let project = site.catalogues.first().map(|catalogue| catalogue.project.as_str()).unwrap_or_default();
    let query = [("SERVICE", "WMS"), ("REQUEST", "GetCapabilities"), ("MAP", project)];
    Url::parse_with_params(&at, query).map_or(at, String::from)
}

async fn entra(site: &Site, emulated: Option<&LoopbackUrl>, asker: &Asker) -> Entra {
    let tenant = site.tenant();
    let login = emulated.map_or_else(|| site.cloud().login(), LoopbackUrl::base);
    let client = site.expected.client;
    let (v1_url, v2_url) =
        (configuration(login, tenant, TokenVersion::V1), configuration(login, tenant, TokenVersion::V2));
    let client_url = configuration(login, TenantId::new(client.uuid()), TokenVersion::V2);
    let keys = |version| {
        let location = KeySetLocation { cloud: site.cloud(), tenant, version };
        format!("{login}{}", location.path())
    };
    let (keys_v1_url, keys_v2_url) = (keys(TokenVersion::V1), keys(TokenVersion::V2));
    // https://learn.microsoft.com/entra/identity-platform/access-tokens: an application with a signing key of its own has a
    // key set of its own, at the same address with `appid`.
    let registration_url = format!("{keys_v2_url}?appid={client}");
    let (v1, v2, client_as_tenant, keys_v1, keys_v2, registration_keys) = tokio::join!(
        asker.get(&v1_url),
        asker.get(&v2_url),
        asker.get(&client_url),
        asker.get(&keys_v1_url),
        asker.get(&keys_v2_url),
        asker.get(&registration_url),
    );
    // An emulated Entra is that of one cloud.
    let is_missing = v2.as_ref().is_ok_and(|answer| answer.status.is_client_error());
    let elsewhere = if is_missing && emulated.is_none() { clouds_of(site, asker).await } else { Vec::new() };
    Entra {
        login: login.to_owned(),
        v1,
        v2,
        client_as_tenant,
        keys_v1,
        keys_v2,
        registration_keys,
        elsewhere,
    }
}

/// Returns the other clouds that know the site's tenant.
async fn clouds_of(site: &Site, asker: &Asker) -> Vec<Cloud> {
    let others = CLOUDS.into_iter().filter(|cloud| *cloud != site.cloud());
    let urls: Vec<_> =
        others.map(|cloud| (cloud, configuration(cloud.login(), site.tenant(), TokenVersion::V2))).collect();
    let asker = asker.clone();
    let answers = all(urls, move |(cloud, url)| {
        let asker = asker.clone();
        async move { (cloud, asker.get(&url).await) }
    });
    let is_known = |asked: &Asked| asked.as_ref().is_ok_and(|answer| answer.status == StatusCode::OK);
    answers.await.into_iter().filter(|(_, asked)| is_known(asked)).map(|(cloud, _)| cloud).collect()
}

/// The address of a tenant's OpenID configuration.
fn configuration(login: &str, tenant: TenantId, version: TokenVersion) -> String {
    let version = match version {
        TokenVersion::V1 => "",
        TokenVersion::V2 => "/v2.0",
    };
    format!("{login}/{tenant}{version}/.well-known/openid-configuration")
}

async fn service(site: &Site, issuer: &Issuer, asker: &Asker) -> Service {
    let metadata_url = format!("{issuer}/.well-known/openid-configuration");
    let token_url = format!("{issuer}/oauth2/token");
    let origins = site.origins.iter().map(ToString::to_string).collect();
    let asking = asker.clone();
    let preflights = all(origins, move |origin: String| {
        let (asker, url) = (asking.clone(), token_url.clone());
        async move {
            let answer = asker.preflight(&url, &origin).await;
            (origin, answer)
        }
    });
    let metadata_and_keys = async {
        let metadata = asker.get(&metadata_url).await;
        let keys = match key_set_url(&metadata) {
            Some(url) => Some(asker.get(url.as_str()).await),
            None => None,
        };
        (metadata, keys)
    };
    let ((metadata, keys), preflights) = tokio::join!(metadata_and_keys, preflights);
    Service { issuer: issuer.clone(), metadata, keys, preflights }
}

/// Returns the `jwks_uri` of the metadata, if it is https, or on this machine.
fn key_set_url(metadata: &Asked) -> Option<SecureUrl> {
    #[derive(Deserialize)]
    struct Metadata {
        jwks_uri: String,
    }
    let metadata: Metadata = serde_json::from_slice(document(metadata).ok()?).ok()?;
    metadata.jwks_uri.parse().ok()
}

async fn gate(site: &Site, addresses: &Addresses, asker: &Asker) -> Gate {
    let health = async {
        match &addresses.gate_status {
            Some(url) => Some(asker.get(&format!("{}/health", base(url))).await),
            None => None,
        }
    };
    let catalogues = async {
        match &addresses.gate {
            Some(url) => Some(catalogues(site, url, asker).await),
            None => None,
        }
    };
    let (health, catalogues) = tokio::join!(health, catalogues);
    Gate { health, catalogues }
}

/// Asks the gate for each catalogue, without a session.
async fn catalogues(site: &Site, gate: &Url, asker: &Asker) -> Vec<(CatalogueId, Asked)> {
    let below = format!("{}{}/ows", base(gate), site.internal_url.path().trim_end_matches('/'));
    let ids = site.catalogues.iter().take(MAX_CATALOGUES).map(|catalogue| catalogue.id.clone()).collect();
    let asker = asker.clone();
    let answers = all(ids, move |id: CatalogueId| {
        let (asker, url) = (asker.clone(), format!("{below}/{id}/?SERVICE=WMS&REQUEST=GetCapabilities"));
        async move {
            let answer = asker.get(&url).await;
            (id, answer)
        }
    });
    answers.await
}

fn base(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Runs `ask` for all of `questions` side by side, and returns the answers in the same order.
async fn all<Q, A: Send + 'static, F: Future<Output = A> + Send + 'static>(
    questions: Vec<Q>,
    ask: impl Fn(Q) -> F,
) -> Vec<A> {
    let mut tasks = JoinSet::new();
    for (index, question) in questions.into_iter().enumerate() {
        let asking = ask(question);
        tasks.spawn(async move { (index, asking.await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
