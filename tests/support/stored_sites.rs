//! Sites in the cached registry, as the service has it on AWS, in front of a store in memory.

use std::{collections::HashMap, sync::Arc};

use pozi_auth::{
    entra::{StoredKeySet, TokenVersion},
    identifiers::TenantId,
    revision::Revision,
    sites::{Site, SiteFile},
    tenants::{
        CachedRegistry, Claims, Parts, REGISTRY_LIFETIMES, RegistryError, StoredSite, TenantRecord,
        TenantSource,
    },
    timestamp::Timestamp,
};

use crate::NOW;

/// The stored sites, by tenant: one of each, with a stored key set.
#[derive(Debug)]
pub struct StoredSites(HashMap<TenantId, TenantRecord>);

/// Returns an empty cache in front of `files`, each of which is of another tenant.
pub fn cached_sites<'a>(files: impl IntoIterator<Item = &'a SiteFile>) -> Arc<CachedRegistry<StoredSites>> {
    let records = files.into_iter().map(stored).collect();
    Arc::new(CachedRegistry::new(Arc::new(StoredSites(records)), REGISTRY_LIFETIMES))
}

impl TenantSource for StoredSites {
    async fn record_of(&self, tenant: TenantId, _: Parts) -> Result<TenantRecord, RegistryError> {
        Ok(self.0.get(&tenant).cloned().unwrap_or_default())
    }
}

fn stored(file: &SiteFile) -> (TenantId, TenantRecord) {
    let site = Site::parse(&file.text).expect("the site is valid");
    let stored = StoredSite {
        name: site.name.to_string(),
        revision: Revision(1),
        document: file.text.clone(),
        previous: None,
        claims: Claims::held_by(&site),
        edit: None,
    };
    let fetched = Timestamp::from_unix_seconds(NOW);
    let key_set = StoredKeySet { document: b"{}".as_slice().into(), fetched };
    let key_sets = vec![(TokenVersion::V1, key_set.clone()), (TokenVersion::V2, key_set)];
    (site.tenant(), TenantRecord { sites: vec![stored], key_sets })
}
