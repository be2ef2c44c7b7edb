//! What is stored about tenants, and where.

use std::sync::Arc;

use super::{ClaimTaken, Edit, Holder, PastRevision, StoredSite, TenantSites};
use crate::{
    entra::{KeySetLocation, StoredKeySet, TokenVersion},
    error::Cause,
    identifiers::TenantId,
    revision::Revision,
    sites::Site,
    timestamp::Timestamp,
};

/// What is stored about a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantRecord {
    /// Its sites.
    pub sites: Vec<StoredSite>,
    /// Its Entra key sets, as they were last fetched.
    pub key_sets: Vec<(TokenVersion, StoredKeySet)>,
}

/// Which parts of a tenant's record are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// Its sites.
    Sites,
    /// Its sites and its key sets, which are far larger.
    SitesAndKeySets,
}

/// Knows the registered sites.
pub trait SiteRegistry: Send + Sync + 'static {
    /// Returns the sites of `tenant`: none if it is not registered. Reads its record at most once, and makes no call to Entra.
    fn sites_of(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<TenantSites>, RegistryError>> + Send;
}

impl<R: SiteRegistry> SiteRegistry for Arc<R> {
    async fn sites_of(&self, tenant: TenantId, now: Timestamp) -> Result<Arc<TenantSites>, RegistryError> {
        R::sites_of(self, tenant, now).await
    }
}

/// Reads what is stored about one tenant.
pub trait TenantSource: Send + Sync + 'static {
    /// Returns the `parts` of what is stored about `tenant`: an empty record if it has no sites. For such a tenant that is one
    /// read.
    fn record_of(
        &self,
        tenant: TenantId,
        parts: Parts,
    ) -> impl Future<Output = Result<TenantRecord, RegistryError>> + Send;
}

/// Reads what is stored about every tenant.
pub trait AllTenants: Send + Sync + 'static {
    /// Returns the stored sites of every registered tenant.
    fn all(&self) -> impl Future<Output = Result<Vec<(TenantId, Vec<StoredSite>)>, RegistryError>> + Send;
}

/// Writes the documents of stored sites, and claims their external URLs and names. Each write is one transaction, which
/// also adds the new revision to the site's [history](SiteHistory).
pub trait SiteStore: Send + Sync + 'static {
    /// Stores `document`, which `site` was compiled from, as the site's next revision, if the stored revision is still
    /// `expected` (`None`: the site is not registered yet) and no other site holds one of its claims. In the same transaction
    /// the site claims its external URL and its name, and gives up the URL that it had before. Returns the new revision,
    /// which no earlier site of this tenant and name had.
    fn put(
        &self,
        site: &Site,
        document: &str,
        expected: Option<Revision>,
        edit: &Edit,
    ) -> impl Future<Output = Result<Revision, SiteStoreError>> + Send;

    /// Stores `document`, which `site` was compiled from, in place of the site `from`, whose name or tenant is another, if the
    /// stored revision of that is still `expected`. `site` takes over its claims. Returns the new revision.
    fn relocate(
        &self,
        from: &Holder,
        expected: Revision,
        site: &Site,
        document: &str,
        edit: &Edit,
    ) -> impl Future<Output = Result<Revision, SiteStoreError>> + Send;

    /// Removes `site`, if its stored revision is still `expected`, and gives up its claims. Its history stays.
    fn remove(
        &self,
        site: &Holder,
        expected: Revision,
        edit: &Edit,
    ) -> impl Future<Output = Result<(), SiteStoreError>> + Send;

    /// Claims what `site`, whose stored document is of revision `stored`, does not hold yet. Changes no document.
    fn claim(&self, site: &Site, stored: Revision)
    -> impl Future<Output = Result<(), SiteStoreError>> + Send;
}

/// Reads the past revisions of sites.
pub trait SiteHistory: Send + Sync + 'static {
    /// Returns the revisions of `site` that were stored or removed, the newest first; those from before there was a history are
    /// missing.
    fn history(&self, site: &Holder)
    -> impl Future<Output = Result<Vec<PastRevision>, RegistryError>> + Send;
}

/// Stores the tenants' key sets for the other functions.
pub trait KeySetStore: Send + Sync + 'static {
    /// Stores `document`, the key set at `location` as served at `fetched`, unless a newer one is stored already. One that
    /// is stored as from so much later than `fetched` that a clock was wrong is replaced. If the same document is stored, only
    /// its time is written.
    fn keep(
        &self,
        location: KeySetLocation,
        document: &[u8],
        fetched: Timestamp,
    ) -> impl Future<Output = Result<(), RegistryError>> + Send;
}

/// The site registry cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the site registry is unavailable")]
pub struct RegistryError(#[source] pub Cause);

/// A site's document cannot be replaced.
#[derive(Debug, thiserror::Error)]
pub enum SiteStoreError {
    /// The store does not answer.
    #[error(transparent)]
    Unavailable(#[from] RegistryError),
    /// The stored revision is not the expected one.
    #[error("another writer changed the site in the meantime")]
    Conflict,
    /// Another site has its external URL or its name.
    #[error(transparent)]
    Taken(#[from] ClaimTaken),
}
