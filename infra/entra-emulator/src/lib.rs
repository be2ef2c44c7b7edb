//! An emulated Microsoft Entra ID: it signs tokens in the real shapes, publishes its keys where the real one does, and
//! fails on request. It shares no code with the service, so that it can bear witness against it.

mod base;
mod claims;
mod keys;
mod metadata;
mod mistakes;
mod outage;
mod people;
mod routes;
mod sign_in;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use uuid::Uuid;

pub use base::over_https;
use keys::SigningKey;
pub use mistakes::Mistake;
pub use people::{Kind, Person, TokenAsk, Unknown, Version};
use sign_in::Memory;

/// The tenant of personal Microsoft accounts, whose keys vouch for no other tenant.
pub const CONSUMER_TENANT: Uuid = Uuid::from_u128(0x9188_040d_6c67_4c5b_b112_36a3_04b6_6dad);

/// How many signing keys stay published, the current one among them.
pub const PUBLISHED_KEYS: usize = 4;

/// One app registration ("Pozi Server") in one tenant, as the emulated directory knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The name by which a token for this registration is asked for.
    pub site: String,
    /// The directory that the registration is in: claim `tid`.
    pub tenant_id: Uuid,
    /// The application id, of the single-page application and of the resource alike.
    pub client_id: Uuid,
    /// The Application ID URI, without a trailing slash.
    pub app_id_uri: String,
    /// Where a sign-in may lead back to, each of the type single-page application. On `http://localhost` any port is
    /// meant.
    pub redirect_uris: Vec<String>,
    /// The groups of a person who may read.
    pub reader_groups: Vec<Uuid>,
    /// The groups that a person who may edit has besides.
    pub editor_groups: Vec<Uuid>,
}

/// How the directory answers, everywhere but at the token desk and the levers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    Well,
    /// As it should, after this time.
    Slow(Duration),
    /// With status 503.
    Down,
    /// With status 200 and a page that is not JSON, as a captive portal or a broken proxy does.
    Rubbish,
}

/// The emulated directory. Clones are the same directory.
#[derive(Debug, Clone)]
pub struct EmulatedEntra(Arc<Directory>);

#[derive(Debug)]
struct Directory {
    registrations: Vec<Registration>,
    keys: RwLock<Keys>,
    consumer_key: OnceLock<Arc<SigningKey>>,
    behaviour: Mutex<Behaviour>,
    mistake: Mutex<Option<Mistake>>,
    brief: Mutex<Option<Duration>>,
    memory: Mutex<Memory>,
    key_set_fetches: AtomicUsize,
}

#[derive(Debug)]
struct Keys {
    current: Arc<SigningKey>,
    /// Oldest first.
    former: Vec<Arc<SigningKey>>,
}

impl EmulatedEntra {
    /// A directory with these registrations, which behaves well.
    pub fn new(registrations: Vec<Registration>) -> Self {
        Self(Arc::new(Directory {
            registrations,
            keys: RwLock::new(Keys { current: SigningKey::fresh(), former: Vec::new() }),
            consumer_key: OnceLock::new(),
            behaviour: Mutex::new(Behaviour::Well),
            mistake: Mutex::default(),
            brief: Mutex::default(),
            memory: Mutex::default(),
            key_set_fetches: AtomicUsize::new(0),
        }))
    }

    /// The registrations, in the order given.
    pub fn registrations(&self) -> &[Registration] {
        &self.0.registrations
    }

    /// A compact JWS, signed RS256 with the current key whatever the header says. The header is used as given, save
    /// that `kid` and `x5t` name the current key where the header has them: captured shapes can be signed anew.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.current_key().sign(header, claims)
    }

    /// As [`sign`](Self::sign), but of two texts taken as they are, for what a [`Value`] cannot hold: duplicate
    /// members, or no JSON at all. The caller writes `kid` from [`key_id`](Self::key_id).
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        self.current_key().sign_text(header, claims)
    }

    /// As [`sign`](Self::sign), with the key that vouches only for [`CONSUMER_TENANT`].
    pub fn sign_as_consumer_tenant(&self, header: &Value, claims: &Value) -> String {
        self.consumer_key().sign(header, claims)
    }

    /// The header of a token of this version, naming the current key.
    pub fn header(&self, version: Version) -> Value {
        let id = self.key_id();
        match version {
            Version::V1 => json!({"typ": "JWT", "alg": "RS256", "x5t": id, "kid": id}),
            Version::V2 => json!({"typ": "JWT", "alg": "RS256", "kid": id}),
        }
    }

    /// The token asked for, as issued at `now` (Unix seconds). `None`: no such site, or nobody who gets such a token.
    pub fn token(&self, ask: &TokenAsk, now: u64) -> Option<String> {
        let claims = self.claims(ask, now)?;
        Some(self.sign(&self.header(ask.version), &claims))
    }

    /// The claims of [`token`](Self::token).
    pub fn claims(&self, ask: &TokenAsk, now: u64) -> Option<Value> {
        let mut claims = claims::claims(self.registration(&ask.site)?, ask, now)?;
        if let (Kind::Access, Some(life)) = (ask.kind, *locked(&self.0.brief)) {
            claims["exp"] = (now + life.as_secs()).into();
        }
        Some(claims)
    }

    /// `kid` of the current key.
    pub fn key_id(&self) -> String {
        self.current_key().id().to_owned()
    }

    /// Puts a new signing key into the key set and signs with it at once, as Entra may do on any day. The former ones
    /// stay published until there are [`PUBLISHED_KEYS`].
    pub fn roll_keys(&self) {
        let new = SigningKey::fresh();
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = std::mem::replace(&mut keys.current, new);
        keys.former.push(replaced);
        let superfluous = keys.former.len().saturating_sub(PUBLISHED_KEYS - 1);
        keys.former.drain(..superfluous);
    }

    /// From now on, requests are answered like this.
    pub fn behave(&self, behaviour: Behaviour) {
        *locked(&self.0.behaviour) = behaviour;
    }

    /// From now on this, or nothing, is wrong with every registration.
    pub fn err(&self, mistake: Option<Mistake>) {
        *locked(&self.0.mistake) = mistake;
    }

    /// From now on access tokens live so long, in whole seconds; as long as Entra's, when nothing is said.
    pub fn issue_for(&self, life: Option<Duration>) {
        *locked(&self.0.brief) = life;
    }

    /// How many requests for a key set have arrived, whatever was answered.
    pub fn key_set_fetches(&self) -> usize {
        self.0.key_set_fetches.load(Ordering::SeqCst)
    }

    /// The key set as its endpoint publishes it. That of version 2 tells for whom each key vouches, and has one more
    /// key, which vouches only for [`CONSUMER_TENANT`].
    pub fn key_set(&self, version: Version) -> Value {
        let mut entries: Vec<Value> = {
            let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.former.iter().chain([&keys.current]).map(|key| key.jwk()).collect()
        };
        if version == Version::V2 {
            for entry in &mut entries {
                vouching_for("{tenantid}", entry);
            }
            let mut consumer = self.consumer_key().jwk();
            vouching_for(&CONSUMER_TENANT.to_string(), &mut consumer);
            entries.push(consumer);
        }
        json!({ "keys": entries })
    }

    /// The real paths under the root of this router, and beside them the token desk and the levers. It can be nested
    /// under any prefix: the addresses in the metadata follow the request's.
    pub fn router(&self) -> axum::Router {
        routes::router(self.clone())
    }

    /// The registration of a site; of the first one when `site` is empty.
    fn registration(&self, site: &str) -> Option<&Registration> {
        self.0.registrations.iter().find(|registration| site.is_empty() || registration.site == site)
    }

    /// The registration that a client is of, by its tenant and client id, in whatever case they are written.
    fn client(&self, tenant: &str, client: &str) -> Option<&Registration> {
        let (tenant, client): (Uuid, Uuid) = (tenant.parse().ok()?, client.parse().ok()?);
        let mut registrations = self.0.registrations.iter();
        registrations.find(|own| own.tenant_id == tenant && own.client_id == client)
    }

    fn behaviour(&self) -> Behaviour {
        *locked(&self.0.behaviour)
    }

    fn mistake(&self) -> Option<Mistake> {
        *locked(&self.0.mistake)
    }

    /// Held for one line each: whoever holds it over an answer waits for itself.
    fn remembered(&self) -> MutexGuard<'_, Memory> {
        locked(&self.0.memory)
    }

    fn count_key_set_fetch(&self) {
        self.0.key_set_fetches.fetch_add(1, Ordering::SeqCst);
    }

    fn current_key(&self) -> Arc<SigningKey> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    /// Made when first asked for: most tests never see it, and a start need not wait for it.
    fn consumer_key(&self) -> &SigningKey {
        self.0.consumer_key.get_or_init(SigningKey::fresh)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds what only entries of version 2 sets have.
fn vouching_for(tenant: &str, entry: &mut Value) {
    entry["cloud_instance_name"] = "microsoftonline.com".into();
    entry["issuer"] = Version::V2.issuer(tenant).into();
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

    /// `kid` of the entry in the key set that verifies the token and is named in its header.
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
        println!("the directory stood after {:?}", started.elapsed());
        for version in [Version::V1, Version::V2] {
            for person in Person::ALL {
                let ask = TokenAsk { person, version, ..TokenAsk::default() };
                let token = entra.token(&ask, 1_800_000_000).unwrap();
                assert_eq!(verified_by(&token, &entra.key_set(version)), Some(entra.key_id()));
                assert_eq!(part(&token, 1)["ver"], version.name());
            }
        }
        println!("and had issued twelve tokens after {:?}", started.elapsed());
    }

    #[test]
    fn a_spoilt_token_does_not_verify() {
        let entra = emulated();
        let token = entra.token(&TokenAsk::default(), 1_800_000_000).unwrap();
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
    fn a_captured_header_is_kept_but_for_the_key_it_names() {
        let entra = emulated();
        let captured = json!({"typ": "JWT", "alg": "none", "x5t": "of another key", "nonce": "n"});
        let header = part(&entra.sign(&captured, &json!({})), 0);
        assert_eq!(header, json!({"typ": "JWT", "alg": "none", "x5t": entra.key_id(), "nonce": "n"}));
    }

    #[test]
    fn texts_are_signed_as_they_are() {
        let entra = emulated();
        let header = format!(r#"{{"kid":"{}"}}"#, entra.key_id());
        let twice = r#"{"tid":1, "tid":2}"#;
        let token = entra.sign_text(&header, twice);
        assert_eq!(verified_by(&token, &entra.key_set(Version::V1)), Some(entra.key_id()));
        assert_eq!(token.split('.').nth(1), Some(URL_SAFE_NO_PAD.encode(twice).as_str()));
    }

    #[test]
    fn rolled_keys_sign_at_once_and_the_former_ones_stay_published() {
        let entra = emulated();
        let before = entra.token(&TokenAsk::default(), 1_800_000_000).unwrap();
        let former = entra.key_id();
        entra.roll_keys();
        assert_ne!(entra.key_id(), former);
        let after = entra.token(&TokenAsk::default(), 1_800_000_000).unwrap();
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
    fn one_key_of_version_2_vouches_only_for_personal_accounts() {
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
    fn an_unknown_site_gets_no_token_and_an_unnamed_one_the_first_registrations() {
        let entra = emulated();
        let ask = |site: &str| TokenAsk { site: site.to_owned(), ..TokenAsk::default() };
        assert_eq!(entra.token(&ask("lakeside"), 0), None);
        let tenant = |site| entra.claims(&ask(site), 0).unwrap()["tid"].clone();
        assert_eq!(tenant(""), tenant("riverbend"));
        assert_ne!(tenant(""), tenant("hilltop"));
    }
}
