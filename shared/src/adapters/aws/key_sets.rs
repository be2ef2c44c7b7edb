//! The tenants' Entra key sets in the table: fetched by one function on a schedule, so that the others need no call to
//! Entra. They are in partitions of their own, so that this function needs no right to write sites.
//!
//! A key set has two items: its document, and a small one that says when it was last seen at Entra. A set that has not changed
//! costs the write of the small one alone: DynamoDB counts the size of a whole item, however little of it is written.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    error::BuildError,
    primitives::Blob,
    types::{AttributeValue, Put, TransactWriteItem},
};

use super::{
    table::{Item, ItemKey, PK, SK, Table, count, is_conflict, item_key, number, string, text, unavailable},
    transaction::{is_unmet, reasons},
};
use crate::{
    entra::{KeySetLocation, StoredKeySet, TokenVersion},
    hash::sha256_hex,
    identifiers::TenantId,
    tenants::{KeySetStore, RegistryError},
    timestamp::Timestamp,
};

/// The prefix of the partition keys of key sets; the tenant follows.
const KEYS: &str = "keys#";
/// What follows the token version in the sort key of the small item.
const SEEN: &str = "#seen";

const DOCUMENT: &str = "document";
const FETCHED: &str = "fetched";
/// In the small item: the hash of the document that it is about.
const SHA256: &str = "sha256";

const VERSIONS: [TokenVersion; 2] = [TokenVersion::V1, TokenVersion::V2];

/// The longest that a function runs. A set that is stored as from even later than a run began was not stored by another run
/// beside it, but with a wrong clock. Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>.
const LONGEST_RUN: Duration = Duration::from_mins(15);

impl KeySetStore for Table {
    async fn keep(
        &self,
        location: KeySetLocation,
        document: &[u8],
        fetched: Timestamp,
    ) -> Result<(), RegistryError> {
        let hash = sha256_hex(document);
        let again = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(seen_key(location.tenant, location.version).into()))
            .update_expression("SET fetched = :fetched")
            .condition_expression("sha256 = :sha256 AND fetched < :fetched")
            .expression_attribute_values(":sha256", string(&hash))
            .expression_attribute_values(":fetched", number(fetched.unix_seconds()));
        match again.send().await {
            Ok(_) => Ok(()),
            // Another document, or none, or one that is as new.
            Err(error) if is_conflict(&error) => self.replace(location, document, hash, fetched).await,
            Err(error) => Err(unavailable(error)),
        }
    }
}

impl Table {
    /// Stores `document` unless one that is as new is stored.
    async fn replace(
        &self,
        location: KeySetLocation,
        document: &[u8],
        hash: String,
        fetched: Timestamp,
    ) -> Result<(), RegistryError> {
        let put = |key: ItemKey| Put::builder().table_name(&*self.name).set_item(Some(key.into()));
        let whole = put(document_key(location.tenant, location.version))
            .item(DOCUMENT, AttributeValue::B(Blob::new(document)))
            .item(FETCHED, number(fetched.unix_seconds()));
        let seen = put(seen_key(location.tenant, location.version))
            .item(SHA256, string(hash))
            .item(FETCHED, number(fetched.unix_seconds()))
            // One from the future does not count: a clock was wrong, and nothing newer would come for long.
            .condition_expression("attribute_not_exists(pk) OR fetched < :fetched OR fetched > :future")
            .expression_attribute_values(":fetched", number(fetched.unix_seconds()))
            .expression_attribute_values(":future", number(fetched.plus(LONGEST_RUN).unix_seconds()));
        let writes = [whole.build(), seen.build()].into_iter().collect::<Result<Vec<_>, BuildError>>();
        let writes = writes.map_err(|error| RegistryError(error.into()))?;
        let writes = writes.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
        match self.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Err(error) if !reasons(&error).iter().any(is_unmet) => Err(unavailable(error)),
            _ => Ok(()),
        }
    }
}

/// Returns the keys of the items of the tenant's key sets.
pub(super) fn keys_of(tenant: TenantId) -> impl Iterator<Item = ItemKey> {
    VERSIONS.into_iter().flat_map(move |version| [document_key(tenant, version), seen_key(tenant, version)])
}

/// Returns the key sets of a tenant in `items`, among which may be items of other kinds.
pub(super) fn stored_key_sets(items: &[Item]) -> Vec<(TokenVersion, StoredKeySet)> {
    let is_key_set = |item: &&Item| text(item, PK).is_some_and(|pk| pk.starts_with(KEYS));
    let find = |sk: &str| items.iter().filter(is_key_set).find(|item| text(item, SK) == Some(sk));
    let stored = |version| {
        let whole = find(name(version))?;
        let document: Arc<[u8]> = whole.get(DOCUMENT)?.as_b().ok()?.as_ref().into();
        // The two items were perhaps read on both sides of a write.
        let is_same = |seen: &&Item| text(seen, SHA256) == Some(&sha256_hex(&document));
        let seen = find(&seen_name(version)).filter(is_same).unwrap_or(whole);
        let fetched = Timestamp::from_unix_seconds(count(seen, FETCHED)?);
        Some((version, StoredKeySet { document, fetched }))
    };
    VERSIONS.into_iter().filter_map(stored).collect()
}

fn document_key(tenant: TenantId, version: TokenVersion) -> ItemKey {
    item_key(format!("{KEYS}{tenant}"), name(version))
}

fn seen_key(tenant: TenantId, version: TokenVersion) -> ItemKey {
    item_key(format!("{KEYS}{tenant}"), seen_name(version))
}

fn seen_name(version: TokenVersion) -> String {
    format!("{}{SEEN}", name(version))
}

const fn name(version: TokenVersion) -> &'static str {
    match version {
        TokenVersion::V1 => "1.0",
        TokenVersion::V2 => "2.0",
    }
}
