//! The table and the names of its items: a partition for the sites of each tenant, one for its key sets, and one for the key
//! ring.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, KeysAndAttributes},
};
use aws_types::SdkConfig;

use super::CallError;
use crate::{identifiers::TenantId, tenants::RegistryError};

/// The table with everything that the functions share.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) client: Client,
    pub(super) name: Arc<str>,
}

/// An item as the SDK returns it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The partition key and the sort key of an item.
pub(super) type ItemKey = [(String, AttributeValue); 2];

/// The partition key.
pub(super) const PK: &str = "pk";
/// The sort key.
pub(super) const SK: &str = "sk";

/// The attributes of a site's document and its revision, in its item and in its history.
pub(super) const DOCUMENT: &str = "document";
pub(super) const REVISION: &str = "revision";

/// The prefix of the sort keys of sites; the name follows.
pub(super) const SITE: &str = "site#";
const TENANT: &str = "tenant#";

/// AWS takes no more keys in one `BatchGetItem`.
const BATCH: usize = 100;
/// How often the keys that AWS left out of an answer are asked for.
const ROUNDS: usize = 3;

impl Table {
    /// Uses the table `name`.
    pub fn new(connection: &SdkConfig, name: &str) -> Self {
        Self { client: Client::new(connection), name: name.into() }
    }

    /// Returns those items of `keys` that there are, in their latest state.
    pub(super) async fn items(&self, keys: &[ItemKey]) -> Result<Vec<Item>, RegistryError> {
        let mut found = Vec::new();
        for batch in keys.chunks(BATCH) {
            found.extend(self.batch(batch.iter().cloned().map(Item::from).collect()).await?);
        }
        Ok(found)
    }

    async fn batch(&self, mut left: Vec<Item>) -> Result<Vec<Item>, RegistryError> {
        let mut found = Vec::new();
        for _ in 0..ROUNDS {
            let wanted = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(left)).build();
            let wanted = wanted.map_err(|error| RegistryError(error.into()))?;
            let answer = self.client.batch_get_item().request_items(&*self.name, wanted).send().await;
            let answer = answer.map_err(unavailable)?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            let unread = answer.unprocessed_keys.unwrap_or_default();
            left = unread.into_values().flat_map(|unread| unread.keys).collect();
            if left.is_empty() {
                return Ok(found);
            }
        }
        Err(RegistryError("AWS did not return all items".into()))
    }
}

/// Returns the partition key of `tenant`.
pub(super) fn partition(tenant: TenantId) -> String {
    format!("{TENANT}{tenant}")
}

/// Returns the tenant of an item, or `None` for an item of the key ring.
pub(super) fn tenant_of(item: &Item) -> Option<TenantId> {
    text(item, PK)?.strip_prefix(TENANT)?.parse().ok()
}

/// Returns the key of the item `sk` in the partition `pk`.
pub(super) fn item_key(pk: impl Into<String>, sk: impl Into<String>) -> ItemKey {
    [(PK.to_owned(), string(pk)), (SK.to_owned(), string(sk))]
}

pub(super) fn string(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

pub(super) fn count(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Whether DynamoDB refused a write because its condition did not hold.
pub(super) fn is_conflict<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// Returns why the table cannot be read or written.
pub(super) fn unavailable<E, R>(error: SdkError<E, R>) -> RegistryError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    RegistryError(CallError::of(error).into())
}
