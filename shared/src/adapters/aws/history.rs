//! The history of a site: an item for each revision that was stored, in a partition of its own that no function reads. It
//! stays when the site is removed.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{Put, TransactWriteItem},
};

use super::table::{DOCUMENT, Item, PK, REVISION, SK, Table, count, number, string, text, unavailable};
use crate::{
    revision::Revision,
    tenants::{Edit, Holder, PastRevision, RegistryError, SiteHistory},
    timestamp::Timestamp,
};

/// The attributes of an [`Edit`], in a site's item and in its history.
pub(super) const BY: &str = "edited_by";
pub(super) const AT: &str = "edited_at";
const NOTE: &str = "note";

/// A revision to add to the history of `site`.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) site: &'a Holder,
    pub(super) revision: Revision,
    pub(super) edit: &'a Edit,
    pub(super) document: Option<&'a str>,
}

impl SiteHistory for Table {
    async fn history(&self, site: &Holder) -> Result<Vec<PastRevision>, RegistryError> {
        let query = self.client.query().table_name(&*self.name).consistent_read(true);
        let query = query.key_condition_expression("pk = :site").scan_index_forward(false);
        let pages = query.expression_attribute_values(":site", string(partition(site))).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(unavailable)?;
        Ok(items.iter().filter_map(past_revision).collect())
    }
}

impl Table {
    /// Returns the last revision that the history of `site` has, also from before it was removed or had another name.
    pub(super) async fn last_revision(&self, site: &Holder) -> Result<Option<Revision>, RegistryError> {
        let query = self.client.query().table_name(&*self.name).consistent_read(true).limit(1);
        let query = query.key_condition_expression("pk = :site").scan_index_forward(false);
        let found = query.expression_attribute_values(":site", string(partition(site))).send().await;
        let items = found.map_err(unavailable)?.items.unwrap_or_default();
        Ok(items.first().and_then(|item| count(item, REVISION)).map(Revision))
    }

    /// Returns the writes that add `entries`.
    pub(super) fn entries(&self, entries: &[Entry<'_>]) -> Result<Vec<TransactWriteItem>, RegistryError> {
        let puts = entries.iter().map(|entry| self.entry(entry));
        puts.collect::<Result<_, _>>().map_err(|error| RegistryError(error.into()))
    }

    fn entry(&self, entry: &Entry<'_>) -> Result<TransactWriteItem, BuildError> {
        let Entry { site, revision, edit, document } = entry;
        let mut put = Put::builder()
            .table_name(&*self.name)
            .item(PK, string(partition(site)))
            .item(SK, string(format!("{:012}", revision.0)))
            .item(REVISION, number(revision.0))
            .item(BY, string(&*edit.by))
            .item(AT, number(edit.at.unix_seconds()));
        if let Some(note) = &edit.note {
            put = put.item(NOTE, string(note));
        }
        if let Some(document) = document {
            put = put.item(DOCUMENT, string(*document));
        }
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }
}

/// Returns the change that made an item.
pub(super) fn edit_of(item: &Item) -> Option<Edit> {
    Some(Edit {
        by: text(item, BY)?.to_owned(),
        at: Timestamp::from_unix_seconds(count(item, AT)?),
        note: text(item, NOTE).map(str::to_owned),
    })
}

fn past_revision(item: &Item) -> Option<PastRevision> {
    Some(PastRevision {
        revision: Revision(count(item, REVISION)?),
        edit: edit_of(item)?,
        document: text(item, DOCUMENT).map(str::to_owned),
    })
}

fn partition(site: &Holder) -> String {
    format!("history#{}#{}", site.tenant, site.site)
}
