//! The table, and how its items are named: one partition a tenant, and one for the ring of signing keys.

use std::{collections::HashMap, fmt::Debug, sync::Arc};

use aws_sdk_dynamodb::{
    Client,
    error::{DisplayErrorContext, SdkError},
    types::AttributeValue,
};
use aws_types::SdkConfig;

use crate::identifiers::TenantId;

/// The table that holds everything a fleet shares.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) client: Client,
    pub(super) name: Arc<str>,
}

/// An item as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Partition and sort key.
pub(super) const PK: &str = "pk";
/// See [`PK`].
pub(super) const SK: &str = "sk";

/// The sort keys of sites begin with this; their names follow.
pub(super) const SITE: &str = "site#";
/// The sort keys of key sets begin with this; their token versions follow.
pub(super) const KEYS: &str = "keys#";

const TENANT: &str = "tenant#";

impl Table {
    /// The table `name`.
    pub fn new(connection: &SdkConfig, name: &str) -> Self {
        Self { client: Client::new(connection), name: name.into() }
    }
}

/// The partition of `tenant`.
pub(super) fn partition(tenant: TenantId) -> String {
    format!("{TENANT}{tenant}")
}

/// The tenant of a partition.
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

/// The error with all its causes, for the log. The SDK's errors hold no item.
pub(super) fn reason<E: std::error::Error + 'static, R: Debug>(error: &SdkError<E, R>) -> String {
    DisplayErrorContext(error).to_string().chars().take(600).collect()
}
