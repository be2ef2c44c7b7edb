//! Sites in the table. A tenant's sites are in one partition, so that one read returns them all; a second one returns their
//! claims, and the tenant's key sets with them.

use super::{
    claims::{self, CLAIM, Holders, claims_of},
    history::edit_of,
    key_sets,
    table::{
        DOCUMENT, Item, REVISION, SITE, SK, Table, count, partition, string, tenant_of, text, unavailable,
    },
};
use crate::{
    identifiers::TenantId,
    revision::Revision,
    tenants::{AllTenants, Parts, RegistryError, StoredSite, TenantRecord, TenantSource},
};

const PREVIOUS: &str = "previous";
/// The attributes of sites and claims, and so none of the key ring's: an operator's policy allows no others.
const LISTED: &str = "pk, sk, document, previous, revision, external_url, edited_by, edited_at, tenant, site";

impl TenantSource for Table {
    /// A claim that a site does not hold is read again with the site: the first read may be behind a push, or overtaken by it.
    async fn record_of(&self, tenant: TenantId, parts: Parts) -> Result<TenantRecord, RegistryError> {
        let record = self.read_tenant(tenant, parts, false).await?;
        if record.sites.iter().all(|site| site.holds_its_claims(tenant)) {
            return Ok(record);
        }
        self.read_tenant(tenant, parts, true).await
    }
}

impl AllTenants for Table {
    async fn all(&self) -> Result<Vec<(TenantId, Vec<StoredSite>)>, RegistryError> {
        let scan = self.client.scan().table_name(&*self.name).consistent_read(true);
        let scan = scan.filter_expression("begins_with(sk, :site) OR begins_with(pk, :claim)");
        let scan = scan.projection_expression(LISTED);
        let scan = scan.expression_attribute_values(":claim", string(CLAIM));
        let pages = scan.expression_attribute_values(":site", string(SITE)).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(unavailable)?;
        let holders = Holders::of(&items);
        let mut all: Vec<(TenantId, Vec<StoredSite>)> = Vec::new();
        // A scan returns the items of a partition one after the other.
        for (tenant, site) in
            items.iter().filter_map(|item| Some((tenant_of(item)?, stored_site(item, &holders)?)))
        {
            match all.last_mut().filter(|(last, _)| *last == tenant) {
                Some((_, sites)) => sites.push(site),
                None => all.push((tenant, vec![site])),
            }
        }
        Ok(all)
    }
}

impl Table {
    /// Reads a tenant's sites and then their claims, and its key sets if `parts` has them; a `consistent` read of sites is never
    /// behind a write. Of a tenant without sites nothing else is read: anyone can make one up.
    async fn read_tenant(
        &self,
        tenant: TenantId,
        parts: Parts,
        consistent: bool,
    ) -> Result<TenantRecord, RegistryError> {
        let query = self.client.query().table_name(&*self.name).consistent_read(consistent);
        let query = query.key_condition_expression("pk = :tenant AND begins_with(sk, :site)");
        let query = query.expression_attribute_values(":site", string(SITE));
        let pages = query.expression_attribute_values(":tenant", string(partition(tenant))).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(unavailable)?;
        if items.is_empty() {
            return Ok(TenantRecord::default());
        }
        let mut keys = claims::keys_of(items.iter().flat_map(claims_of));
        if parts == Parts::SitesAndKeySets {
            keys.extend(key_sets::keys_of(tenant));
        }
        let found = self.items(&keys).await?;
        let holders = Holders::of(&found);
        Ok(TenantRecord {
            sites: items.iter().filter_map(|item| stored_site(item, &holders)).collect(),
            key_sets: key_sets::stored_key_sets(&found),
        })
    }
}

/// Returns the site of an item, or `None` for an item of another kind. A site whose document is missing is unreadable.
fn stored_site(item: &Item, holders: &Holders) -> Option<StoredSite> {
    let name = text(item, SK)?.strip_prefix(SITE)?.to_owned();
    let document = |name| text(item, name).map(str::to_owned);
    Some(StoredSite {
        name,
        revision: Revision(count(item, REVISION).unwrap_or_default()),
        document: document(DOCUMENT).unwrap_or_default(),
        previous: document(PREVIOUS),
        claims: holders.of_site(item),
        edit: edit_of(item),
    })
}
