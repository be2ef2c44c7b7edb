//! The contracts of the adapters for AWS.

use pozi_auth::{
    adapters::aws::{Keys, Table, TablePublishedKeys, connection},
    config::Signing,
    keyring::{KeyRingSource, PublishedKeySource, SigningAlgorithm, establish},
    sites::Site,
    tenants::{CachedRegistry, REGISTRY_LIFETIMES, SiteStore},
    timestamp::Timestamp,
};
use pozi_tests::{EmulatedAws, ISSUER, NOW, aws_at, edit};

use super::{rings, signing, sites, stored_key_sets};

const BOTH: [SigningAlgorithm; 2] = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];

/// Both ways to store private keys.
async fn both_ways(aws: &EmulatedAws) -> [Signing; 2] {
    let kms_key = aws.sealing_key().await;
    [Signing::Sealed { kms_key }, Signing::Kms { tag: Some("pozi-contracts".into()) }]
}

async fn ring_and_keys(aws: &EmulatedAws, signing: &Signing) -> (Table, Keys) {
    let connection = connection(&aws_at(aws.url()));
    let table = aws.table().await;
    let keys = Keys::new(&connection, signing, &table, &ISSUER.parse().unwrap());
    (Table::new(&connection, &table), keys)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_in_a_table() {
    let Some(aws) = EmulatedAws::running() else { return };
    for signing in both_ways(aws).await {
        let (ring, keys) = ring_and_keys(aws, &signing).await;
        rings::contract(ring.clone(), ring, &keys).await;
        let (ring, keys) = ring_and_keys(aws, &signing).await;
        rings::contract_of_first_ring(ring, keys).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_sealed_by_kms_or_kept_in_it_sign() {
    let Some(aws) = EmulatedAws::running() else { return };
    for signing in both_ways(aws).await {
        for algorithm in BOTH {
            let (ring, keys) = ring_and_keys(aws, &signing).await;
            signing::contract(ring, keys, algorithm).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stored_public_keys_are_those_of_the_ring() {
    let Some(aws) = EmulatedAws::running() else { return };
    for signing in both_ways(aws).await {
        let (ring, keys) = ring_and_keys(aws, &signing).await;
        for hours in [0, 21, 24, 26] {
            let now = Timestamp::from_unix_seconds(NOW + hours * 3_600);
            establish(&ring, &keys, &rings::policy(SigningAlgorithm::Es256), now).await.unwrap();
            let whole = ring.published().await.unwrap().unwrap();
            let beside = TablePublishedKeys::new(ring.clone()).published().await.unwrap().unwrap();
            assert_eq!(whole.as_json(), beside.as_json(), "hour {hours}");
        }
    }
    let (empty, _) = ring_and_keys(aws, &both_ways(aws).await[0]).await;
    assert!(empty.load().await.unwrap().is_none());
    assert!(TablePublishedKeys::new(empty.clone()).published().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_in_a_table() {
    let Some(aws) = EmulatedAws::running() else { return };
    let table = Table::new(&connection(&aws_at(aws.url())), &aws.table().await);
    for file in sites::files() {
        table.put(&Site::parse(&file.text).unwrap(), &file.text, None, &edit()).await.unwrap();
    }
    sites::contract(CachedRegistry::new(std::sync::Arc::new(table), REGISTRY_LIFETIMES)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_sets_in_a_table() {
    let Some(aws) = EmulatedAws::running() else { return };
    stored_key_sets::contract(Table::new(&connection(&aws_at(aws.url())), &aws.table().await)).await;
}
