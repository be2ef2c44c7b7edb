//! What is stored of tenants, and where.

use std::sync::Arc;

use super::{SiteRevision, StoredSite, TenantSites};
use crate::{
    entra::{KeySetLocation, StoredKeySet, TokenVersion},
    identifiers::TenantId,
    sites::Site,
    timestamp::Timestamp,
};

/// What is stored of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantRecord {
    /// Its sites.
    pub sites: Vec<StoredSite>,
    /// Its Entra key sets, as they were last fetched.
    pub key_sets: Vec<(TokenVersion, StoredKeySet)>,
}
/// Knows the registered sites.
pub trait SiteRegistry: Send + Sync + 'static {
    /// The sites of `tenant`; none when it is not registered. One read at most, and no call to the tenant.
    fn sites_of(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<TenantSites>, RegistryUnavailable>> + Send;
}

impl<R: SiteRegistry> SiteRegistry for Arc<R> {
    async fn sites_of(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Arc<TenantSites>, RegistryUnavailable> {
        R::sites_of(self, tenant, now).await
    }
}

/// Reads what is stored of one tenant.
pub trait TenantSource: Send + Sync + 'static {
    /// Everything that is stored of `tenant`, in one read; an empty record when that is nothing.
    fn record_of(
        &self,
        tenant: TenantId,
    ) -> impl Future<Output = Result<TenantRecord, RegistryUnavailable>> + Send;
}

/// Reads what is stored of every tenant.
pub trait AllTenants: Send + Sync + 'static {
    /// The stored sites of every registered tenant.
    fn all(
        &self,
    ) -> impl Future<Output = Result<Vec<(TenantId, Vec<StoredSite>)>, RegistryUnavailable>> + Send;
}

/// Replaces the document of a stored site.
pub trait SiteStore: Send + Sync + 'static {
    /// Stores `document`, which `site` was compiled from, as its next revision, if the stored revision is still
    /// `expected` (none: the site is not registered yet). Returns the new revision.
    fn put(
        &self,
        site: &Site,
        document: &str,
        expected: Option<SiteRevision>,
    ) -> impl Future<Output = Result<SiteRevision, SiteStoreError>> + Send;
}

/// Keeps a tenant's key set for others.
pub trait KeySetStore: Send + Sync + 'static {
    /// Keeps `document`, the key set at `location` as served at `fetched`, unless a newer one is kept already.
    fn keep(
        &self,
        location: KeySetLocation,
        document: &[u8],
        fetched: Timestamp,
    ) -> impl Future<Output = Result<(), RegistryUnavailable>> + Send;
}

/// The registry cannot be read now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the site registry cannot be read: {0}")]
pub struct RegistryUnavailable(pub String);

/// A site's document cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteStoreError {
    /// The store cannot be reached.
    #[error(transparent)]
    Unavailable(#[from] RegistryUnavailable),
    /// Somebody else replaced it in the meantime.
    #[error("the site was changed by somebody else in the meantime")]
    Conflict,
}
