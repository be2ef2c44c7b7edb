//! The contract of [`KeySetStore`] with [`TenantSource`], which reads what it stores.

use std::time::Duration;

use pozi_auth::{
    entra::{Cloud, KeySetLocation, TokenVersion},
    sites::Site,
    tenants::{AllTenants, KeySetStore, Parts, SiteStore, TenantSource},
    timestamp::Timestamp,
};
use pozi_tests::{NOW, edit};

use super::sites;

const MINUTE: u64 = 60;

fn at(minutes: u64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW + minutes * MINUTE)
}

/// What is stored: the document as text, and the minutes of its time.
type Stored = Option<(String, u64)>;

async fn stored(store: &impl TenantSource, location: KeySetLocation) -> Stored {
    let record = store.record_of(location.tenant, Parts::SitesAndKeySets).await.unwrap();
    let set = record.key_sets.into_iter().find(|(version, _)| *version == location.version)?.1;
    let age = set.fetched.since(Timestamp::from_unix_seconds(NOW));
    Some((String::from_utf8(set.document.to_vec()).unwrap(), age.as_secs() / MINUTE))
}

/// `store` must be empty.
pub(crate) async fn contract(store: impl KeySetStore + TenantSource + SiteStore + AllTenants) {
    let site = &sites::files()[0];
    let tenant = Site::parse(&site.text).unwrap().tenant();
    let location = |version| KeySetLocation { cloud: Cloud::Public, tenant, version };
    let v1 = location(TokenVersion::V1);
    store.keep(v1, b"early", at(0)).await.unwrap();
    assert_eq!(stored(&store, v1).await, None, "a tenant without sites has no record");
    assert!(store.all().await.unwrap().is_empty(), "a key set is not a site");

    store.put(&Site::parse(&site.text).unwrap(), &site.text, None, &edit()).await.unwrap();
    let set = |document: &str, minutes| Some((document.to_owned(), minutes));
    assert_eq!(stored(&store, v1).await, set("early", 0));
    for (document, minutes, expected, why) in [
        ("first", 10, set("first", 10), "it replaces another"),
        ("first", 20, set("first", 20), "the same one is seen again"),
        ("first", 15, set("first", 20), "the same one was seen later"),
        ("early", 15, set("first", 20), "a run that is late stores nothing"),
        ("early", 20, set("first", 20), "nor one that is as late"),
        ("early", 30, set("early", 30), "one from before comes back"),
        ("first", 31, set("first", 31), "and goes again"),
    ] {
        store.keep(v1, document.as_bytes(), at(minutes)).await.unwrap();
        assert_eq!(stored(&store, v1).await, expected, "{why}");
    }
    assert_eq!(stored(&store, location(TokenVersion::V2)).await, None, "the versions are apart");
    store.keep(location(TokenVersion::V2), b"second", at(32)).await.unwrap();
    assert_eq!(stored(&store, location(TokenVersion::V2)).await, set("second", 32));
    assert_eq!(stored(&store, v1).await, set("first", 31));

    let sites = store.record_of(tenant, Parts::Sites).await.unwrap();
    assert!(sites.key_sets.is_empty() && sites.sites.len() == 1, "key sets are read only if they are wanted");
    let [(of, listed)] = &store.all().await.unwrap()[..] else { panic!("one tenant is registered") };
    assert_eq!((*of, listed.len()), (tenant, 1), "a key set is not a site");
    contract_of_clocks(&store, v1).await;
}

/// A run whose clock was ahead stored a set. Two runs side by side may differ by as long as one may take: 15 minutes.
async fn contract_of_clocks(store: &(impl KeySetStore + TenantSource), location: KeySetLocation) {
    for document in [b"first", b"other"] {
        let ahead = at(60).plus(Duration::from_hours(24 * 365));
        store.keep(location, b"first", ahead).await.unwrap();
        store.keep(location, document, at(60)).await.unwrap();
        let expected = Some((String::from_utf8(document.to_vec()).unwrap(), 60));
        assert_eq!(stored(store, location).await, expected, "it is replaced");
    }
    store.keep(location, b"beside", at(75)).await.unwrap();
    store.keep(location, b"other", at(60)).await.unwrap();
    assert_eq!(stored(store, location).await, Some(("beside".to_owned(), 75)));
}
