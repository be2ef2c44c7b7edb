//! The table and the names of its items: one partition for each tenant, and one for the key ring.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
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

/// The partition key.
pub(super) const PK: &str = "pk";
/// The sort key.
pub(super) const SK: &str = "sk";

/// The attributes of a site's document and its revision, in its item and in its history.
pub(super) const DOCUMENT: &str = "document";
pub(super) const REVISION: &str = "revision";

/// The prefix of the sort keys of sites; the name follows.
pub(super) const SITE: &str = "site#";
/// The prefix of the sort keys of key sets; the token version follows.
pub(super) const KEYS: &str = "keys#";

const TENANT: &str = "tenant#";

impl Table {
    /// Uses the table `name`.
    pub fn new(connection: &SdkConfig, name: &str) -> Self {
        Self { client: Client::new(connection), name: name.into() }
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
