//! The revocation list in the table: one item, replaced as a whole if it still has the number that was read.

use super::{
    CallError,
    table::{PK, SK, Table, count, is_conflict, number, string, text},
};
use crate::{
    error::Cause,
    revocation::{RevocationList, RevocationSource, RevocationStore, RevocationStoreError},
};

/// The partition and sort key of the item.
const ITEM: &str = "revocations";
const LIST: &str = "list";
const SEQUENCE: &str = "sequence";

impl RevocationSource for Table {
    async fn load(&self) -> Result<RevocationList, RevocationStoreError> {
        let read = self.client.get_item().table_name(&*self.name).consistent_read(true);
        let read = read.key(PK, string(ITEM)).key(SK, string(ITEM)).send().await;
        let read = read.map_err(|error| RevocationStoreError::Unavailable(CallError::of(error).into()))?;
        let Some(item) = read.item else { return Ok(RevocationList::default()) };
        let json = text(&item, LIST).ok_or_else(|| damaged("its item has no list"))?;
        let list = RevocationList::from_json(json.as_bytes()).map_err(damaged)?;
        if count(&item, SEQUENCE) == Some(list.sequence()) {
            Ok(list)
        } else {
            Err(damaged("its item has another number than the list in it"))
        }
    }
}

impl RevocationStore for Table {
    async fn replace(&self, expected: u64, list: &RevocationList) -> Result<(), RevocationStoreError> {
        let json = list.to_json().map_err(damaged)?;
        let put = self
            .client
            .put_item()
            .table_name(&*self.name)
            .item(PK, string(ITEM))
            .item(SK, string(ITEM))
            .item(SEQUENCE, number(list.sequence()))
            .item(LIST, string(json));
        let put = match expected {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            expected => put
                .condition_expression("#sequence = :expected")
                .expression_attribute_names("#sequence", SEQUENCE)
                .expression_attribute_values(":expected", number(expected)),
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_conflict(&error) => Err(RevocationStoreError::Conflict),
            Err(error) => Err(RevocationStoreError::Unavailable(CallError::of(error).into())),
        }
    }
}

fn damaged(cause: impl Into<Cause>) -> RevocationStoreError {
    RevocationStoreError::Damaged(cause.into())
}
