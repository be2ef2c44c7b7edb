//! The document through rotations, outages, hostile servers and restarts.

use std::sync::atomic::{AtomicUsize, Ordering};

use jsonwebtoken::jwk::JwkSet;

use super::*;
use crate::{
    fetch::FetchError,
    identifiers::SessionId,
    keyring::{KeyId, SigningAlgorithm, SigningKey, SoftwareKey},
    revocation::{RevocationDraft, RevocationList, Revoked},
    session::{
        ISSUER_KEY_LIFETIMES, RevocationLimit,
        testing::{ISSUER, NOW, signing_key},
    },
    sites::PastRevocationLimit,
};

/// What the service serves: a key set and a document with its validator. Clones are the same.
#[derive(Clone, Default)]
struct Server(Arc<Served>);

#[derive(Default)]
struct Served {
    keys: Mutex<Vec<u8>>,
    document: Mutex<Option<(String, String)>>,
    key_fetches: AtomicUsize,
    fetches: AtomicUsize,
    unchanged: AtomicUsize,
}

impl DocumentFetch for Server {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        self.0.key_fetches.fetch_add(1, Ordering::SeqCst);
        Ok(self.0.keys.lock().unwrap().clone())
    }
}

impl ConditionalFetch for Server {
    async fn fetch_unless(&self, known: Option<&str>) -> Result<Fetched, FetchError> {
        self.0.fetches.fetch_add(1, Ordering::SeqCst);
        match self.0.document.lock().unwrap().clone() {
            None => Err(FetchError::TooLarge(0)),
            Some((_, etag)) if Some(etag.as_str()) == known => {
                self.0.unchanged.fetch_add(1, Ordering::SeqCst);
                Ok(Fetched::Unchanged)
            }
            Some((document, etag)) => {
                Ok(Fetched::Document { bytes: document.into_bytes(), etag: Some(etag) })
            }
        }
    }
}

fn after(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW + seconds)
}

/// Another key than the one that signs in tests.
fn other_key() -> (SigningKey<SoftwareKey>, jsonwebtoken::jwk::Jwk) {
    let signer = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap().0;
    let jwk = signer.public_jwk();
    let id = KeyId::thumbprint(&jwk).unwrap();
    (SigningKey { id, algorithm: SigningAlgorithm::Es256, signer }, jwk)
}

impl Server {
    fn publish(&self, keys: &[jsonwebtoken::jwk::Jwk]) {
        *self.0.keys.lock().unwrap() = serde_json::to_vec(&JwkSet { keys: keys.to_vec() }).unwrap();
    }

    async fn serve(&self, list: &RevocationList, key: &SigningKey<SoftwareKey>, at: Timestamp) {
        let draft =
            RevocationDraft::of(list, &ISSUER.parse().unwrap(), (&key.id, key.algorithm), at).unwrap();
        let signed = draft.sign(key).await.unwrap();
        *self.0.document.lock().unwrap() = Some((signed.document, signed.etag));
    }

    fn fail(&self) {
        *self.0.document.lock().unwrap() = None;
    }

    fn revocations(&self) -> IssuerRevocations<Self, Self> {
        let keys = Arc::new(IssuerKeys::new(self.clone(), ISSUER_KEY_LIFETIMES));
        IssuerRevocations::new(ISSUER.parse().unwrap(), keys, self.clone(), after(0))
    }

    fn counts(&self) -> (usize, usize) {
        (self.0.fetches.load(Ordering::SeqCst), self.0.key_fetches.load(Ordering::SeqCst))
    }
}

async fn serving(entries: u128) -> Server {
    let server = Server::default();
    let (key, jwk) = signing_key(SigningAlgorithm::Es256);
    server.publish(&[jwk]);
    server.serve(&list(entries), &key, after(0)).await;
    server
}

fn list(entries: u128) -> RevocationList {
    let session = |number| Revoked::Session { id: SessionId::new(uuid::Uuid::from_u128(number)) };
    (0..entries).fold(RevocationList::default(), |list, number| {
        list.enter(session(number), "a test", after(0)).unwrap()
    })
}

async fn sequence(revocations: &IssuerRevocations<Server, Server>, seconds: u64) -> u64 {
    revocations.revocations(after(seconds)).await.sequence()
}

/// The gate renews every few seconds and the authorizer not at all; both must know of a revocation within a minute.
#[test]
fn a_revocation_is_known_within_a_minute() {
    let fetch = Duration::from_secs(3);
    let listed = crate::revocation::LIST_HELD;
    assert!(REVOCATION_LIFETIMES.fresh + fetch + listed <= REVOKED_WITHIN);
    assert!(RENEWED_AFTER + REVOCATION_LIFETIMES.cooldown + fetch + listed <= REVOKED_WITHIN);
}

#[tokio::test]
async fn a_document_is_fetched_when_it_is_due_and_not_sent_twice() {
    let server = serving(1).await;
    let revocations = server.revocations();
    for (seconds, fetches) in [(0, 1), (19, 1), (20, 2), (39, 2), (40, 3)] {
        revocations.renew(after(seconds)).await.unwrap();
        assert_eq!(server.counts(), (fetches, 1), "{seconds}");
    }
    assert_eq!(server.0.unchanged.load(Ordering::SeqCst), 2);
    for (seconds, fetches) in [(69, 3), (70, 4)] {
        assert_eq!(sequence(&revocations, seconds).await, 1);
        assert_eq!(server.counts(), (fetches, 1), "a request at {seconds}");
    }
}

#[tokio::test]
async fn a_new_key_that_signs_at_once_is_fetched_in_the_pause_of_the_key_set() {
    let server = serving(1).await;
    let revocations = server.revocations();
    assert_eq!(sequence(&revocations, 0).await, 1);
    assert!(revocations.find("a made-up key", after(1)).await.unwrap().is_none());
    assert_eq!(server.counts(), (1, 2), "which starts the pause");

    let (next, jwk) = other_key();
    let (leaked, _) = signing_key(SigningAlgorithm::Es256);
    let list = list(1).enter(Revoked::Key { id: leaked.id.clone() }, "a test", after(1)).unwrap();
    server.serve(&list, &next, after(25)).await;
    revocations.renew(after(25)).await.unwrap();
    assert_eq!(server.counts(), (2, 3));
    assert_eq!(sequence(&revocations, 25).await, 1, "the key set lacked the key");

    server.publish(std::slice::from_ref(&jwk));
    revocations.renew(after(35)).await.unwrap();
    assert_eq!(sequence(&revocations, 35).await, 2);
    assert!(revocations.revocations(after(35)).await.revokes_key(leaked.id.as_str()));
    assert!(revocations.find(next.id.as_str(), after(35)).await.unwrap().is_some());
    assert_eq!(server.counts(), (3, 4), "once for each document");
}

#[tokio::test]
async fn what_is_older_forged_or_broken_never_replaces_what_is_held() {
    let server = serving(3).await;
    let revocations = server.revocations();
    assert_eq!(sequence(&revocations, 0).await, 3);
    let (key, jwk) = signing_key(SigningAlgorithm::Es256);
    let held = server.0.document.lock().unwrap().clone().unwrap().0;
    let (stranger, _) = other_key();
    let mut seconds = 0;
    let mut is_refused = async |what: &str, document: Option<String>| {
        if let Some(document) = document {
            *server.0.document.lock().unwrap() = Some((document, what.to_owned()));
        }
        seconds += 60;
        assert_eq!(sequence(&revocations, seconds).await, 3, "{what}");
    };
    is_refused("truncated", Some(held[..held.len() - 1].to_owned())).await;
    is_refused("empty", Some(String::new())).await;
    is_refused("an error page", Some("<html>".to_owned())).await;
    is_refused("huge", Some("a".repeat(200_000))).await;
    server.serve(&list(2), &key, after(600)).await;
    is_refused("a lower number", None).await;
    server.serve(&list(3), &key, after(0).plus(Duration::ZERO)).await;
    server.serve(&list(9), &stranger, after(600)).await;
    is_refused("of a key that is not published", None).await;
    server.publish(&[jwk]);
    server.serve(&list(4), &key, after(600)).await;
    assert_eq!(sequence(&revocations, 700).await, 4, "and the next good one does");
}

#[tokio::test]
async fn a_copy_that_is_served_for_ever_is_no_contact() {
    let server = serving(1).await;
    let revocations = server.revocations();
    let limit = RevocationLimit { age: Duration::from_hours(1), past: PastRevocationLimit::Close };
    for seconds in (0..=3_600).step_by(20) {
        revocations.renew(after(seconds)).await.unwrap();
        let newest = revocations.revocations(after(seconds)).await;
        assert!(limit.check(&newest, after(seconds)).is_ok(), "{seconds}");
    }
    revocations.renew(after(3_601)).await.unwrap();
    assert!(limit.check(&revocations.status().newest, after(3_601)).is_err());
}

#[tokio::test]
async fn without_contact_the_age_grows_from_the_last_document_or_since_a_first_one_is_awaited() {
    for has_contact in [true, false] {
        let server = serving(1).await;
        let revocations = server.revocations();
        if has_contact {
            assert_eq!(sequence(&revocations, 0).await, 1);
        }
        server.fail();
        let newest = revocations.revocations(after(3_600)).await;
        assert_eq!((newest.sequence(), newest.age(after(3_600)).as_secs()), (u64::from(has_contact), 3_600));
        let status = revocations.status();
        assert_eq!((status.newest, status.is_received, status.refused), (newest, has_contact, None));
        server.serve(&list(1), &signing_key(SigningAlgorithm::Es256).0, after(3_620)).await;
        assert_eq!(sequence(&revocations, 3_650).await, 1, "and contact ends it");
        assert!(revocations.status().newest.age(after(3_650)) < Duration::from_mins(2));
    }
}

/// A fetch fails in a moment in which the held document seems to be from the future.
#[tokio::test]
async fn what_is_held_stays_in_force_if_the_clock_is_set_back() {
    let server = serving(3).await;
    let revocations = server.revocations();
    assert_eq!(sequence(&revocations, 9_000).await, 3);
    server.fail();
    assert_eq!(sequence(&revocations, 0).await, 3);
}

#[tokio::test]
async fn a_restart_keeps_the_number_and_trusts_only_what_was_signed() {
    let server = serving(3).await;
    let before = server.revocations();
    assert_eq!(sequence(&before, 0).await, 3);
    let document = before.document().unwrap();
    let keys = SessionKeySet::parse(&server.0.keys.lock().unwrap()).unwrap();

    let (key, _) = signing_key(SigningAlgorithm::Es256);
    server.serve(&list(2), &key, after(600)).await;
    let days = 3 * 86_400;
    let next = server.revocations();
    next.remember(&document, &keys, after(days)).unwrap();
    assert_eq!(sequence(&next, days).await, 3, "the served one is older");

    let next = server.revocations();
    let (_, jwk) = other_key();
    let others = SessionKeySet::parse(&serde_json::to_vec(&JwkSet { keys: vec![jwk] }).unwrap()).unwrap();
    let refused = next.remember(&document, &others, after(60)).unwrap_err();
    assert_eq!(refused.code(), "unknown_key");
    let changed = document.replacen('.', ".x", 1);
    assert!(next.remember(&changed, &keys, after(60)).is_err());
    assert_eq!(next.document(), None);
}
