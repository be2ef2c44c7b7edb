//! The tenants' Entra key sets in the table: fetched by one function on a schedule, so that the others need no call to
//! Entra.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use super::table::{
    Item, KEYS, PK, SK, Table, count, is_conflict, number, partition, string, text, unavailable,
};
use crate::{
    entra::{KeySetLocation, StoredKeySet, TokenVersion},
    tenants::{KeySetStore, RegistryError},
    timestamp::Timestamp,
};

const DOCUMENT: &str = "document";
const FETCHED: &str = "fetched";

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
        let put = self
            .client
            .put_item()
            .table_name(&*self.name)
            .item(PK, string(partition(location.tenant)))
            .item(SK, string(format!("{KEYS}{}", name(location.version))))
            .item(DOCUMENT, AttributeValue::B(Blob::new(document)))
            .item(FETCHED, number(fetched.unix_seconds()))
            // One from the future does not count: a clock was wrong, and nothing newer would come for long.
            .condition_expression("attribute_not_exists(pk) OR fetched < :fetched OR fetched > :future")
            .expression_attribute_values(":fetched", number(fetched.unix_seconds()))
            .expression_attribute_values(":future", number(fetched.plus(LONGEST_RUN).unix_seconds()));
        match put.send().await {
            Err(error) if !is_conflict(&error) => Err(unavailable(error)),
            // A conflict: one that is as new is stored already.
            _ => Ok(()),
        }
    }
}

/// Returns the key set of an item, or `None` for an item of another kind.
pub(super) fn stored_key_set(item: &Item) -> Option<(TokenVersion, StoredKeySet)> {
    let version = text(item, SK)?.strip_prefix(KEYS)?;
    let version = [TokenVersion::V1, TokenVersion::V2].into_iter().find(|known| name(*known) == version)?;
    let document: Arc<[u8]> = item.get(DOCUMENT)?.as_b().ok()?.as_ref().into();
    let fetched = Timestamp::from_unix_seconds(count(item, FETCHED)?);
    Some((version, StoredKeySet { document, fetched }))
}

const fn name(version: TokenVersion) -> &'static str {
    match version {
        TokenVersion::V1 => "1.0",
        TokenVersion::V2 => "2.0",
    }
}
