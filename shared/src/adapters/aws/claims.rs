//! Claims in the table, an item each, whose key is what is claimed: one condition decides which site gets it.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};

use super::table::{Item, ItemKey, PK, SITE, SK, Table, item_key, string, text};
use crate::tenants::{Claim, Claims, Holder, RegistryError};

/// The attribute of a site's item with the external URL that it claimed last. A site that was stored by hand, or before there
/// were claims, has none.
pub(super) const CLAIMED_URL: &str = "external_url";

/// The prefix of the partition keys of claims.
pub(super) const CLAIM: &str = "claim#";

const URL: &str = "claim#url#";
const NAME: &str = "claim#name#";
/// The sort key of every claim.
const ONLY: &str = "claim";
const TENANT: &str = "tenant";
const HOLDER: &str = "site";
const IS_FREE_OR_OWN: &str = "attribute_not_exists(pk) OR (tenant = :tenant AND site = :site)";
const IS_FREE_OWN_OR_FROM: &str = "attribute_not_exists(pk) OR (tenant = :tenant AND site = :site) OR (tenant = :from_tenant AND site = :from_site)";

/// The holders of claims, by the claims' partition keys.
#[derive(Debug, Default)]
pub(super) struct Holders(HashMap<String, Holder>);

impl Holders {
    /// Reads the items that are claims.
    pub(super) fn of(items: &[Item]) -> Self {
        Self(items.iter().filter_map(|item| Some((text(item, PK)?.to_owned(), holder(item)?))).collect())
    }

    /// Returns the holder of `claim`.
    pub(super) fn of_claim(&self, claim: &Claim) -> Option<&Holder> {
        self.0.get(&key(claim))
    }

    /// Returns the claims of a site's item.
    pub(super) fn of_site(&self, item: &Item) -> Claims {
        let held = |claim| self.of_claim(&claim).cloned().map(|holder| (claim, holder));
        claims_of(item).into_iter().filter_map(held).collect()
    }
}

impl Table {
    /// Reads who holds `claims`, in their latest state.
    pub(super) async fn holders(
        &self,
        claims: impl IntoIterator<Item = Claim>,
    ) -> Result<Holders, RegistryError> {
        Ok(Holders::of(&self.items(&keys_of(claims)).await?))
    }

    /// Returns the write that gives `claim` to `holder`, unless a site other than it and `from` has it.
    pub(super) fn take(
        &self,
        claim: &Claim,
        holder: &Holder,
        from: &Holder,
    ) -> Result<TransactWriteItem, BuildError> {
        let [pk, sk] = claim_key(claim);
        let put = Put::builder()
            .table_name(&*self.name)
            .item(pk.0, pk.1)
            .item(sk.0, sk.1)
            .item(TENANT, string(holder.tenant.to_string()))
            .item(HOLDER, string(&*holder.site))
            .condition_expression(IS_FREE_OWN_OR_FROM)
            .expression_attribute_values(":tenant", string(holder.tenant.to_string()))
            .expression_attribute_values(":site", string(&*holder.site))
            .expression_attribute_values(":from_tenant", string(from.tenant.to_string()))
            .expression_attribute_values(":from_site", string(&*from.site))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    /// Returns the write that takes `claim` from `holder`.
    pub(super) fn give_up(&self, claim: &Claim, holder: &Holder) -> Result<TransactWriteItem, BuildError> {
        let delete = Delete::builder()
            .table_name(&*self.name)
            .set_key(Some(claim_key(claim).into()))
            .condition_expression(IS_FREE_OR_OWN)
            .expression_attribute_values(":tenant", string(holder.tenant.to_string()))
            .expression_attribute_values(":site", string(&*holder.site));
        Ok(TransactWriteItem::builder().delete(delete.build()?).build())
    }
}

/// Returns the claims that a site's item says it has.
pub(super) fn claims_of(item: &Item) -> Vec<Claim> {
    let url = text(item, CLAIMED_URL).map(|url| Claim::ExternalUrl(url.to_owned()));
    let name = text(item, SK).and_then(|sk| sk.strip_prefix(SITE)).map(|name| Claim::Name(name.to_owned()));
    url.into_iter().chain(name).collect()
}

/// Returns the keys of the items of `claims`, each once.
pub(super) fn keys_of(claims: impl IntoIterator<Item = Claim>) -> Vec<ItemKey> {
    let keys: BTreeSet<_> = claims.into_iter().map(|claim| key(&claim)).collect();
    keys.into_iter().map(|key| item_key(key, ONLY)).collect()
}

/// Returns the holder in the item of a claim.
pub(super) fn holder(item: &Item) -> Option<Holder> {
    text(item, PK)?.strip_prefix(CLAIM)?;
    Some(Holder { tenant: text(item, TENANT)?.parse().ok()?, site: text(item, HOLDER)?.to_owned() })
}

fn key(claim: &Claim) -> String {
    match claim {
        Claim::ExternalUrl(url) => format!("{URL}{url}"),
        Claim::Name(name) => format!("{NAME}{name}"),
    }
}

fn claim_key(claim: &Claim) -> ItemKey {
    item_key(key(claim), ONLY)
}
