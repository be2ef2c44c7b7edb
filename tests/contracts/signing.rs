//! The contracts of [`ActiveKey`], [`Signer`] and [`SessionKeySource`]: the published keys verify the signatures, checked
//! with the cryptographic library directly.

use std::sync::Arc;

use pozi_auth::{
    adapters::KeyRingFile,
    keyring::{
        ActiveKey, KeyDisposal, KeyMaker, KeyOpener, KeyRequirements, KeyRingStore, PublishedKeySet,
        RING_LIFETIMES, RingSigner, Signer, SigningAlgorithm, SoftwareKeys, establish,
    },
    session::{SessionKeySet, SessionKeySource},
    timestamp::Timestamp,
};
use pozi_tests::{MemoryRing, NOW, verifies};
use serde_json::Value;

use super::rings::{policy, ring_of};

const AT: Timestamp = Timestamp::from_unix_seconds(NOW);
const MESSAGE: &[u8] = b"header.payload";

/// `store` is empty. A signer must sign with the key that is then stored there, made and opened by `keys`.
pub(crate) async fn contract<S, K>(store: S, keys: K, algorithm: SigningAlgorithm)
where
    S: KeyRingStore + Clone,
    K: KeyMaker + KeyOpener + KeyDisposal + Clone,
{
    let signing = || RingSigner::new(Arc::new(store.clone()), keys.clone(), RING_LIFETIMES);
    let nothing = signing().active(AT, &KeyRequirements::default()).await.err().unwrap();
    assert!(nothing.to_string().starts_with("no signing key is available"), "{nothing}");

    let ring = establish(&store, &keys, &policy(algorithm), AT).await.unwrap().ring;
    let signing = signing();
    let key = signing.active(AT, &KeyRequirements::default()).await.unwrap();
    assert_eq!((key.algorithm, Some(&key.id)), (algorithm, ring.active().map(|active| &active.id)));

    let published = PublishedKeySet::of(&ring);
    let document: Value = serde_json::from_slice(published.as_json()).unwrap();
    let jwk = &document["keys"][0];
    assert_eq!((jwk["kid"].as_str(), jwk["use"].as_str()), (Some(key.id.as_str()), Some("sig")));
    assert_eq!(jwk["alg"], algorithm.name());

    let mut signature = key.signer.sign(MESSAGE).await.unwrap();
    // RFC 7518 §3.3 and §3.4: as long as the modulus for RS256; r and s of 32 bytes each, not DER, for ES256.
    assert_eq!(signature.len(), if algorithm == SigningAlgorithm::Es256 { 64 } else { 256 });
    assert!(verifies(jwk, MESSAGE, &signature));
    assert!(!verifies(jwk, MESSAGE, &key.signer.sign(b"another message").await.unwrap()));
    signature[7] ^= 1;
    assert!(!verifies(jwk, MESSAGE, &signature));
}

#[tokio::test]
async fn a_ring_in_memory_signs() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        contract(MemoryRing::default(), SoftwareKeys, algorithm).await;
    }
}

#[tokio::test]
async fn a_ring_in_a_file_signs() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let folder = tempfile::tempdir().unwrap();
        contract(KeyRingFile::new(folder.path().join("ring.json")), SoftwareKeys, algorithm).await;
    }
}

/// A short number is padded with a zero byte (RFC 7518 §3.4); otherwise every 128th token would fail.
#[tokio::test]
async fn a_short_number_in_an_es256_signature_is_padded() {
    let store = MemoryRing::default();
    store.replace(None, &ring_of(SigningAlgorithm::Es256).await).await.unwrap();
    let key = RingSigner::new(Arc::new(store), SoftwareKeys, RING_LIFETIMES)
        .active(AT, &KeyRequirements::default())
        .await
        .unwrap();
    let mut short = 0;
    for _ in 0..3_000 {
        let signature = key.signer.sign(MESSAGE).await.unwrap();
        assert_eq!(signature.len(), 64);
        short += usize::from(signature[0] == 0 || signature[32] == 0);
    }
    assert!(short > 0, "none of 3,000 signatures has a number that starts with a zero byte");
}

/// RFC 7515 §4.1.4; RFC 7517 §4.5.
#[tokio::test]
async fn every_published_key_is_found_by_its_id_and_no_other() {
    let store = MemoryRing::default();
    for hours in [0, 21, 24] {
        let now = Timestamp::from_unix_seconds(NOW + hours * 3_600);
        let ring =
            establish(&store, &SoftwareKeys, &policy(SigningAlgorithm::Es256), now).await.unwrap().ring;
        let published = PublishedKeySet::of(&ring);
        let set = SessionKeySet::parse(published.as_json()).unwrap();
        assert_eq!(ring.keys().len(), if hours == 0 { 1 } else { 2 });
        for key in ring.keys() {
            assert!(set.find(key.id.as_str(), now).await.unwrap().is_some());
            assert!(set.find(&key.id.as_str().to_lowercase(), now).await.unwrap().is_none());
        }
        assert!(set.find("", now).await.unwrap().is_none());
        let document = String::from_utf8(published.as_json().to_vec()).unwrap();
        for member in ["\"d\"", "\"p\"", "\"q\"", "private", "pending", "active"] {
            assert!(!document.contains(member), "the published set says {member}");
        }
    }
}
