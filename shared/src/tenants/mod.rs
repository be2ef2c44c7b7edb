//! The registered tenants and their sites: as they are stored, as one process caches them, and which site of a tenant a
//! request means.

mod choose;
mod claims;
mod history;
mod registry;
mod store;
mod stored;

pub use self::{
    choose::{Target, TargetRefusal, choose, cloud_of},
    claims::{Claim, ClaimError, ClaimTaken, Claims, Holder},
    history::{Edit, PastRevision},
    registry::{CachedRegistry, REGISTRY_LIFETIMES},
    store::{
        AllTenants, KeySetStore, Parts, RegistryError, SiteHistory, SiteRegistry, SiteStore, SiteStoreError,
        TenantRecord, TenantSource,
    },
    stored::{SiteDocumentError, StoredSite, TenantSites, UnreadableCause, UnreadableSite},
};
