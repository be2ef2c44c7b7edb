//! An emulated Microsoft Entra ID. It signs tokens in the real formats, publishes its keys at the real paths, and simulates
//! faults on request. It shares no code with the service, so that a mistake in one cannot hide in the other.

mod app_credentials;
mod base;
mod claims;
mod graph;
mod graph_token;
mod key_ring;
mod keys;
mod metadata;
mod mistakes;
mod outage;
mod people;
mod routes;
mod sign_in;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use uuid::Uuid;

pub use app_credentials::AppCredential;
use app_credentials::Applications;
pub use base::over_https;
use key_ring::KeyRing;
pub use mistakes::Mistake;
pub use people::{Kind, Person, TokenSpec, UnknownNameError, Version};
use sign_in::Memory;

/// The tenant of personal Microsoft accounts. Its signing key is valid for no other tenant.
pub const CONSUMER_TENANT: Uuid = Uuid::from_u128(0x9188_040d_6c67_4c5b_b112_36a3_04b6_6dad);

/// The maximum number of published signing keys, including the current one.
pub const PUBLISHED_KEYS: usize = 4;

/// An app registration ("Pozi Server") in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The name by which callers request tokens for this registration.
    pub site: String,
    /// The tenant: claim `tid`.
    pub tenant_id: Uuid,
    /// The client id, both of the single-page application and of the API.
    pub client_id: Uuid,
    /// The Application ID URI, without a slash at its end.
    pub app_id_uri: String,
    /// The redirect URIs, of the type single-page application. `http://localhost` stands for any port.
    pub redirect_uris: Vec<String>,
    /// The groups of a person who may read.
    pub reader_groups: Vec<Uuid>,
    /// The additional groups of a person who may edit.
    pub editor_groups: Vec<Uuid>,
}

/// How the directory responds, except to requests for sample tokens and to the levers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Normally.
    Well,
    /// Normally, after this time.
    Slow(Duration),
    /// With status 429 and this `Retry-After`, in whole seconds.
    Throttled(Duration),
    /// With status 503.
    Down,
    /// With status 200 and HTML, like a captive portal or a broken proxy.
    Rubbish,
}

/// The emulated directory. Clones are the same directory.
#[derive(Debug, Clone)]
pub struct EmulatedEntra(Arc<Directory>);

#[derive(Debug)]
struct Directory {
    registrations: Vec<Registration>,
    keys: KeyRing,
    behaviour: Mutex<Behaviour>,
    mistake: Mutex<Option<Mistake>>,
    token_lifetime: Mutex<Option<Duration>>,
    memory: Mutex<Memory>,
    memberships: Mutex<HashMap<(Uuid, Person), Vec<Uuid>>>,
    key_set_fetches: AtomicUsize,
    applications: Mutex<Applications>,
    application_requests: AtomicUsize,
}

impl EmulatedEntra {
    /// A directory with these registrations, without faults.
    pub fn new(registrations: Vec<Registration>) -> Self {
        Self(Arc::new(Directory {
            registrations,
            keys: KeyRing::new(),
            behaviour: Mutex::new(Behaviour::Well),
            mistake: Mutex::default(),
            token_lifetime: Mutex::default(),
            memory: Mutex::default(),
            memberships: Mutex::default(),
            key_set_fetches: AtomicUsize::new(0),
            applications: Mutex::default(),
            application_requests: AtomicUsize::new(0),
        }))
    }

    /// The registrations, in the given order.
    pub fn registrations(&self) -> &[Registration] {
        &self.0.registrations
    }

    /// Signs a compact JWS with the current key by RS256, whatever the header says. `kid` and `x5t` of the header, if
    /// present, are set to the current key, so that captured tokens can be signed again.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.0.keys.current().sign(header, claims)
    }

    /// Signs two texts as they are, for what a [`Value`] cannot hold: duplicate members, or invalid JSON. The caller sets
    /// `kid` to [`key_id`](Self::key_id).
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        self.0.keys.current().sign_text(header, claims)
    }

    /// As [`sign`](Self::sign), with the key that is valid only for [`CONSUMER_TENANT`].
    pub fn sign_as_consumer_tenant(&self, header: &Value, claims: &Value) -> String {
        self.0.keys.consumer_key().sign(header, claims)
    }

    /// The header of a token of this version, naming the current key.
    pub fn header(&self, version: Version) -> Value {
        let id = self.key_id();
        match version {
            Version::V1 => json!({"typ": "JWT", "alg": "RS256", "x5t": id, "kid": id}),
            Version::V2 => json!({"typ": "JWT", "alg": "RS256", "kid": id}),
        }
    }

    /// Issues the requested token at `now` (Unix seconds). `None` if there is no such site, or the person gets no such
    /// token.
    pub fn token(&self, ask: &TokenSpec, now: u64) -> Option<String> {
        let claims = self.claims(ask, now)?;
        let mut header = self.header(ask.version);
        if ask.kind == Kind::Graph {
            header["nonce"] = Uuid::new_v4().to_string().into();
        }
        Some(self.sign(&header, &claims))
    }

    /// The claims of [`token`](Self::token).
    pub fn claims(&self, ask: &TokenSpec, now: u64) -> Option<Value> {
        let registration = self.registration(&ask.site)?;
        let mut claims = claims::claims(registration, ask, now)?;
        if let (Kind::Access | Kind::Graph, Some(lifetime)) = (ask.kind, self.token_lifetime()) {
            claims["exp"] = (now + lifetime.as_secs()).into();
        }
        let set = locked(&self.0.memberships).get(&(registration.tenant_id, ask.person)).cloned();
        if let (Kind::Access | Kind::Id, Some(groups)) = (ask.kind, set) {
            claims::set_membership(&mut claims, registration, ask.person, &groups);
        }
        Some(claims)
    }

    /// `kid` of the current key.
    pub fn key_id(&self) -> String {
        self.0.keys.current().id().to_owned()
    }

    /// Publishes a new signing key and signs with it at once, as Entra may do at any time. Former keys stay published
    /// until there are [`PUBLISHED_KEYS`].
    pub fn roll_keys(&self) {
        self.0.keys.roll();
    }

    /// Sets how requests are answered from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *locked(&self.0.behaviour) = behaviour;
    }

    /// Sets the mistake in every registration, or none.
    pub fn set_mistake(&self, mistake: Option<Mistake>) {
        *locked(&self.0.mistake) = mistake;
    }

    /// Sets the lifetime of access tokens, in whole seconds; `None`: as Entra's.
    pub fn set_token_lifetime(&self, lifetime: Option<Duration>) {
        *locked(&self.0.token_lifetime) = lifetime;
    }

    /// Puts `person` of the tenant of `site` into exactly these groups from now on. The person's tokens list at most 200.
    pub fn set_groups(&self, site: &str, person: Person, groups: Vec<Uuid>) {
        if let Some(registration) = self.registration(site) {
            locked(&self.0.memberships).insert((registration.tenant_id, person), groups);
        }
    }

    /// The number of requests for a key set so far, whatever the response was.
    pub fn key_set_fetches(&self) -> usize {
        self.0.key_set_fetches.load(Ordering::SeqCst)
    }

    /// The key set as its endpoint publishes it. Version 2 names the issuer that each key is for, and has one more key,
    /// which is valid only for [`CONSUMER_TENANT`].
    pub fn key_set(&self, version: Version) -> Value {
        self.0.keys.key_set(version)
    }

    /// The router: Entra's paths, and those for sample tokens and levers. It can be nested under any prefix, since the
    /// metadata follow the address of the request.
    pub fn router(&self) -> axum::Router {
        routes::router(self.clone())
    }

    /// The registration of a site; the first one if `site` is empty.
    fn registration(&self, site: &str) -> Option<&Registration> {
        self.0.registrations.iter().find(|registration| site.is_empty() || registration.site == site)
    }

    /// The registration with this tenant and client id, in upper or lower case.
    fn client(&self, tenant: &str, client: &str) -> Option<&Registration> {
        let (tenant, client): (Uuid, Uuid) = (tenant.parse().ok()?, client.parse().ok()?);
        let mut registrations = self.0.registrations.iter();
        registrations.find(|own| own.tenant_id == tenant && own.client_id == client)
    }

    fn behaviour(&self) -> Behaviour {
        *locked(&self.0.behaviour)
    }

    fn token_lifetime(&self) -> Option<Duration> {
        *locked(&self.0.token_lifetime)
    }

    fn mistake(&self) -> Option<Mistake> {
        *locked(&self.0.mistake)
    }

    /// Hold the guard for one statement only: locking it again in the same thread would deadlock.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        locked(&self.0.memory)
    }

    /// The groups of a person that may be asked about.
    fn groups_of(&self, registration: &Registration, person: Person) -> Vec<Uuid> {
        let set = locked(&self.0.memberships).get(&(registration.tenant_id, person)).cloned();
        set.unwrap_or_else(|| claims::groups_of(registration, person))
    }

    /// Whether a published key of the tenants has signed `message` by RS256.
    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.keys.has_signed(message, signature)
    }

    fn count_key_set_fetch(&self) {
        self.0.key_set_fetches.fetch_add(1, Ordering::SeqCst);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Instant};

    use aws_lc_rs::{rsa::PublicKeyComponents, signature::RSA_PKCS1_2048_8192_SHA256};
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    pub(super) fn riverbend() -> Registration {
        Registration {
            site: "riverbend".to_owned(),
            tenant_id: Uuid::from_u128(0x0a11),
            client_id: Uuid::from_u128(0x0c11),
            app_id_uri: "https://poziserver-riverbend.example/pozi".to_owned(),
            redirect_uris: [
                "http://localhost/",
                "http://localhost/redirect.html",
                "https://riverbend.enterprise.example/",
            ]
            .map(str::to_owned)
            .into(),
            reader_groups: vec![Uuid::from_u128(0x0e01)],
            editor_groups: vec![Uuid::from_u128(0x0e02), Uuid::from_u128(0x0e03)],
        }
    }

    pub(super) fn emulated() -> EmulatedEntra {
        let hilltop =
            Registration { site: "hilltop".to_owned(), tenant_id: Uuid::from_u128(0x0a12), ..riverbend() };
        EmulatedEntra::new(vec![riverbend(), hilltop])
    }

    /// `kid` of the token, if that entry of the key set verifies it.
    fn verified_by(token: &str, key_set: &Value) -> Option<String> {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let header = part(token, 0);
        let entry = key_set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"])?;
        let [n, e] = ["n", "e"].map(|name| URL_SAFE_NO_PAD.decode(entry[name].as_str().unwrap()).unwrap());
        PublicKeyComponents { n, e }
            .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
            .ok()?;
        Some(entry["kid"].as_str().unwrap().to_owned())
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn key_ids(key_set: &Value) -> Vec<String> {
        let entries = key_set["keys"].as_array().unwrap();
        entries.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_token_verifies_against_the_key_set_of_its_version() {
        let started = Instant::now();
        let entra = emulated();
        println!("the directory started after {:?}", started.elapsed());
        for version in [Version::V1, Version::V2] {
            for person in Person::ALL {
                let ask = TokenSpec { person, version, ..TokenSpec::default() };
                let token = entra.token(&ask, 1_800_000_000).unwrap();
                assert_eq!(verified_by(&token, &entra.key_set(version)), Some(entra.key_id()));
                assert_eq!(part(&token, 1)["ver"], version.name());
            }
        }
        println!("twelve tokens were issued after {:?}", started.elapsed());
    }

    #[test]
    fn a_spoilt_token_does_not_verify() {
        let entra = emulated();
        let token = entra.token(&TokenSpec::default(), 1_800_000_000).unwrap();
        let spoilt = token.replacen('.', ".e30", 1);
        assert_eq!(verified_by(&spoilt, &entra.key_set(Version::V1)), None);
    }

    #[test]
    fn headers_have_the_members_of_their_version() {
        let entra = emulated();
        let id = entra.key_id();
        assert_eq!(entra.header(Version::V1), json!({"typ": "JWT", "alg": "RS256", "x5t": id, "kid": id}));
        assert_eq!(entra.header(Version::V2), json!({"typ": "JWT", "alg": "RS256", "kid": id}));
    }

    #[test]
    fn a_captured_header_is_kept_except_for_its_key_id() {
        let entra = emulated();
        let captured = json!({"typ": "JWT", "alg": "none", "x5t": "of another key", "nonce": "n"});
        let header = part(&entra.sign(&captured, &json!({})), 0);
        assert_eq!(header, json!({"typ": "JWT", "alg": "none", "x5t": entra.key_id(), "nonce": "n"}));
    }

    #[test]
    fn texts_are_signed_unchanged() {
        let entra = emulated();
        let header = format!(r#"{{"kid":"{}"}}"#, entra.key_id());
        let twice = r#"{"tid":1, "tid":2}"#;
        let token = entra.sign_text(&header, twice);
        assert_eq!(verified_by(&token, &entra.key_set(Version::V1)), Some(entra.key_id()));
        assert_eq!(token.split('.').nth(1), Some(URL_SAFE_NO_PAD.encode(twice).as_str()));
    }

    #[test]
    fn a_new_key_signs_at_once_and_former_ones_stay_published() {
        let entra = emulated();
        let before = entra.token(&TokenSpec::default(), 1_800_000_000).unwrap();
        let former = entra.key_id();
        entra.roll_keys();
        assert_ne!(entra.key_id(), former);
        let after = entra.token(&TokenSpec::default(), 1_800_000_000).unwrap();
        for version in [Version::V1, Version::V2] {
            assert_eq!(verified_by(&before, &entra.key_set(version)), Some(former.clone()));
            assert_eq!(verified_by(&after, &entra.key_set(version)), Some(entra.key_id()));
        }

        entra.roll_keys();
        entra.roll_keys();
        assert_eq!(key_ids(&entra.key_set(Version::V1)).first(), Some(&former));
        entra.roll_keys();
        let published = key_ids(&entra.key_set(Version::V1));
        assert_eq!(published.len(), PUBLISHED_KEYS);
        assert!(!published.contains(&former));
        assert_eq!(published.iter().collect::<BTreeSet<_>>().len(), PUBLISHED_KEYS);
    }

    #[test]
    fn one_key_of_version_2_is_only_for_personal_accounts() {
        let entra = emulated();
        let token = entra.sign_as_consumer_tenant(&entra.header(Version::V2), &json!({}));
        let set = entra.key_set(Version::V2);
        let id = verified_by(&token, &set).unwrap();
        assert_ne!(id, entra.key_id());
        for key in set["keys"].as_array().unwrap() {
            let tenant = if key["kid"] == id { "9188040d-6c67-4c5b-b112-36a304b66dad" } else { "{tenantid}" };
            assert_eq!(key["issuer"], format!("https://login.microsoftonline.com/{tenant}/v2.0"));
            assert_eq!(key["cloud_instance_name"], "microsoftonline.com");
        }
        assert_eq!(key_ids(&entra.key_set(Version::V1)), [entra.key_id()]);
    }

    #[test]
    fn an_unknown_site_gets_no_token_and_an_empty_one_means_the_first() {
        let entra = emulated();
        let ask = |site: &str| TokenSpec { site: site.to_owned(), ..TokenSpec::default() };
        assert_eq!(entra.token(&ask("lakeside"), 0), None);
        let tenant = |site| entra.claims(&ask(site), 0).unwrap()["tid"].clone();
        assert_eq!(tenant(""), tenant("riverbend"));
        assert_ne!(tenant(""), tenant("hilltop"));
    }
}
