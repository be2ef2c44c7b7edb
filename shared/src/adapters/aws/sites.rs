//! Sites in the table. A tenant's sites and key sets are in one partition, so that one read returns them all; a second one
//! returns the sites' claims.

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, Update, builders::UpdateBuilder,
};

use super::{
    claims::{CLAIM, CLAIMED_URL, Holders, claims_of},
    key_sets,
    table::{Item, PK, SITE, SK, Table, count, number, partition, string, tenant_of, text},
    transaction::Outcome,
};
use crate::{
    identifiers::TenantId,
    revision::Revision,
    sites::Site,
    tenants::{AllTenants, RegistryError, SiteStore, SiteStoreError, StoredSite, TenantRecord, TenantSource},
};

const REVISION: &str = "revision";
const DOCUMENT: &str = "document";
const PREVIOUS: &str = "previous";

impl TenantSource for Table {
    /// A claim that a site does not hold is read again with the site: the first read may be behind a push, or overtaken by it.
    async fn record_of(&self, tenant: TenantId) -> Result<TenantRecord, RegistryError> {
        let record = self.read_tenant(tenant, false).await?;
        if record.sites.iter().all(|site| site.holds_its_claims(tenant)) {
            return Ok(record);
        }
        self.read_tenant(tenant, true).await
    }
}

impl AllTenants for Table {
    async fn all(&self) -> Result<Vec<(TenantId, Vec<StoredSite>)>, RegistryError> {
        let scan = self.client.scan().table_name(&*self.name).consistent_read(true);
        let scan = scan.filter_expression("begins_with(sk, :site) OR begins_with(pk, :claim)");
        let scan = scan.expression_attribute_values(":claim", string(CLAIM));
        let pages = scan.expression_attribute_values(":site", string(SITE)).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(|error| RegistryError(error.into()))?;
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

impl SiteStore for Table {
    /// The same write moves the replaced document to `previous`. The SDK repeats a call whose answer was lost, so a conflict
    /// with exactly this document and revision is with its own first attempt.
    async fn put(
        &self,
        site: &Site,
        document: &str,
        expected: Option<Revision>,
    ) -> Result<Revision, SiteStoreError> {
        let next = Revision::after(expected);
        let claimed = self.claimed_url(site).await?;
        let update = self
            .update_of(site)
            .expression_attribute_values(":document", string(document))
            .expression_attribute_values(":next", number(next.0));
        let update = match expected {
            None => update
                .update_expression("SET document = :document, revision = :next, external_url = :url")
                .condition_expression("attribute_not_exists(pk)"),
            Some(Revision(expected)) => if_unchanged(update, claimed.as_deref())
                .update_expression(
                    "SET previous = document, document = :document, revision = :next, external_url = :url",
                )
                .expression_attribute_values(":revision", number(expected)),
        };
        match self.transact(site, update, claimed.as_deref()).await? {
            Outcome::Done => Ok(next),
            Outcome::Changed(found) => {
                let is_own = found.is_some_and(|item| {
                    count(&item, REVISION) == Some(next.0) && text(&item, DOCUMENT) == Some(document)
                });
                if is_own { Ok(next) } else { Err(SiteStoreError::Conflict) }
            }
        }
    }

    async fn claim(&self, site: &Site, stored: Revision) -> Result<(), SiteStoreError> {
        let claimed = self.claimed_url(site).await?;
        let update = if_unchanged(self.update_of(site), claimed.as_deref())
            .update_expression("SET external_url = :url")
            .expression_attribute_values(":revision", number(stored.0));
        match self.transact(site, update, claimed.as_deref()).await? {
            Outcome::Done => Ok(()),
            Outcome::Changed(_) => Err(SiteStoreError::Conflict),
        }
    }
}

impl Table {
    /// Reads a tenant's items and then the claims of its sites; a `consistent` read is never behind a write.
    async fn read_tenant(&self, tenant: TenantId, consistent: bool) -> Result<TenantRecord, RegistryError> {
        let query = self.client.query().table_name(&*self.name).consistent_read(consistent);
        let query = query.key_condition_expression("pk = :tenant");
        let pages = query.expression_attribute_values(":tenant", string(partition(tenant))).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(|error| RegistryError(error.into()))?;
        let sites = items.iter().filter(|item| text(item, SK).is_some_and(|sk| sk.starts_with(SITE)));
        let holders = self.holders(sites.flat_map(claims_of)).await?;
        Ok(TenantRecord {
            sites: items.iter().filter_map(|item| stored_site(item, &holders)).collect(),
            key_sets: items.iter().filter_map(key_sets::stored_key_set).collect(),
        })
    }

    /// Returns the external URL that a stored site claimed last.
    async fn claimed_url(&self, site: &Site) -> Result<Option<String>, RegistryError> {
        let [pk, sk] = key_of(site);
        let get = self.client.get_item().table_name(&*self.name).key(pk.0, pk.1).key(sk.0, sk.1);
        let get = get.projection_expression(CLAIMED_URL).consistent_read(true);
        let item = get.send().await.map_err(|error| RegistryError(error.into()))?.item;
        Ok(item.and_then(|item| text(&item, CLAIMED_URL).map(str::to_owned)))
    }

    fn update_of(&self, site: &Site) -> UpdateBuilder {
        let [pk, sk] = key_of(site);
        Update::builder()
            .table_name(&*self.name)
            .key(pk.0, pk.1)
            .key(sk.0, sk.1)
            .expression_attribute_values(":url", string(site.external_url.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Conditions `update` on the revision `:revision` and on the URL that the site claimed last.
fn if_unchanged(update: UpdateBuilder, claimed: Option<&str>) -> UpdateBuilder {
    match claimed {
        Some(url) => update
            .condition_expression("revision = :revision AND external_url = :claimed")
            .expression_attribute_values(":claimed", string(url)),
        None => update.condition_expression("revision = :revision AND attribute_not_exists(external_url)"),
    }
}

fn key_of(site: &Site) -> [(&'static str, AttributeValue); 2] {
    [(PK, string(partition(site.tenant()))), (SK, string(format!("{SITE}{}", site.name)))]
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
    })
}
