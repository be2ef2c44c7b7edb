//! What is registered: the tenants' sites as they are stored, with their revisions, and as one machine sees them; and which
//! site of a tenant a request is about.

mod choose;
mod registry;
mod store;
mod stored;

pub use self::{
    choose::{Target, TargetRefusal, choose},
    registry::{CachedRegistry, REGISTRY_LIFETIMES},
    store::{
        AllTenants, KeySetStore, RegistryUnavailable, SiteRegistry, SiteStore, SiteStoreError, TenantRecord,
        TenantSource,
    },
    stored::{DocumentFault, SiteRevision, StoredSite, TenantSites, UnreadableSite},
};
