//! Sites in the table. A tenant's sites and key sets are in one partition, so that one read returns them all.

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};

use super::{
    key_sets,
    table::{Item, PK, SITE, SK, Table, count, number, partition, string, tenant_of, text},
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
    async fn record_of(&self, tenant: TenantId) -> Result<TenantRecord, RegistryError> {
        let query = self.client.query().table_name(&*self.name);
        let query = query.key_condition_expression("pk = :tenant");
        let pages = query.expression_attribute_values(":tenant", string(partition(tenant))).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(|error| RegistryError(error.into()))?;
        Ok(TenantRecord {
            sites: items.iter().filter_map(stored_site).collect(),
            key_sets: items.iter().filter_map(key_sets::stored_key_set).collect(),
        })
    }
}

impl AllTenants for Table {
    async fn all(&self) -> Result<Vec<(TenantId, Vec<StoredSite>)>, RegistryError> {
        let scan = self.client.scan().table_name(&*self.name).filter_expression("begins_with(sk, :site)");
        let pages = scan.expression_attribute_values(":site", string(SITE)).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(|error| RegistryError(error.into()))?;
        let mut all: Vec<(TenantId, Vec<StoredSite>)> = Vec::new();
        // A scan returns the items of a partition one after the other.
        for (tenant, site) in items.iter().filter_map(|item| Some((tenant_of(item)?, stored_site(item)?))) {
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
        let update = self
            .client
            .update_item()
            .table_name(&*self.name)
            .key(PK, string(partition(site.tenant())))
            .key(SK, string(format!("{SITE}{}", site.name)))
            .expression_attribute_values(":document", string(document))
            .expression_attribute_values(":next", number(next.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = match expected {
            None => update
                .update_expression("SET document = :document, revision = :next")
                .condition_expression("attribute_not_exists(pk)"),
            Some(Revision(expected)) => update
                .update_expression("SET previous = document, document = :document, revision = :next")
                .condition_expression("revision = :expected")
                .expression_attribute_values(":expected", number(expected)),
        };
        match update.send().await {
            Ok(_) => Ok(next),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    let found = refused.item().and_then(stored_site);
                    let is_own = found.is_some_and(|site| site.revision == next && site.document == document);
                    if is_own { Ok(next) } else { Err(SiteStoreError::Conflict) }
                }
                _ => Err(RegistryError(error.into()).into()),
            },
        }
    }
}

/// Returns the site of an item, or `None` for an item of another kind. A site whose document is missing is unreadable.
fn stored_site(item: &Item) -> Option<StoredSite> {
    let name = text(item, SK)?.strip_prefix(SITE)?.to_owned();
    let document = |name| item.get(name).and_then(|value: &AttributeValue| value.as_s().ok()).cloned();
    Some(StoredSite {
        name,
        revision: Revision(count(item, REVISION).unwrap_or_default()),
        document: document(DOCUMENT).unwrap_or_default(),
        previous: document(PREVIOUS),
    })
}
