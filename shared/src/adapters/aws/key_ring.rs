//! The ring of signing keys in the table: one item, replaced whole by whoever saw the latest. Private keys are never in it
//! but sealed, and the public ones stand beside them, so that whoever publishes need not read the others.

use aws_sdk_dynamodb::operation::put_item::PutItemError;

use super::table::{Item, PK, SK, Table, count, number, reason, string, text};
use crate::keyring::{
    KeyRing, KeyRingError, KeyRingSource, KeyRingStore, PrivateHalf, PublishedKeySource, PublishedKeys,
    Revision,
};

/// The name of the one item, in both keys.
const RING_ITEM: &str = "ring";
const RING: &str = "ring";
const PUBLISHED: &str = "published";
const REVISION: &str = "revision";

/// The whole ring, for who signs and who rotates.
#[derive(Debug, Clone)]
pub struct TableKeyRing(Table);

/// Its public half alone, for who publishes: nothing else is asked of the table, and its role allows nothing else.
#[derive(Debug, Clone)]
pub struct TablePublishedKeys(Table);

impl TableKeyRing {
    /// The ring in `table`.
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    /// The table that it is in.
    pub fn table(&self) -> &Table {
        &self.0
    }
}

impl TablePublishedKeys {
    /// The public half of the ring in `table`.
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

impl KeyRingSource for TableKeyRing {
    async fn load(&self) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
        let Some(item) = read(&self.0, "pk, sk, revision, ring").await? else { return Ok(None) };
        let damaged = |what: &str| KeyRingError::Damaged(format!("its item {what}"));
        let revision = count(&item, REVISION).ok_or_else(|| damaged("has no revision"))?;
        let ring = text(&item, RING).ok_or_else(|| damaged("has no ring"))?;
        let ring =
            KeyRing::from_json(ring.as_bytes()).map_err(|problem| damaged(&format!("is {problem}")))?;
        refuse_bare_keys(&ring)?;
        Ok(Some((ring, Revision(revision))))
    }
}

impl KeyRingStore for TableKeyRing {
    async fn replace(&self, expected: Option<Revision>, ring: &KeyRing) -> Result<(), KeyRingError> {
        refuse_bare_keys(ring)?;
        let damaged = |problem: &dyn std::fmt::Display| KeyRingError::Damaged(problem.to_string());
        let json = ring.to_json().map_err(|problem| damaged(&problem))?;
        let json = std::str::from_utf8(&json).map_err(|problem| damaged(&problem))?;
        let published = PublishedKeys::of(ring);
        let published = String::from_utf8_lossy(published.as_json());
        let next = expected.map_or(1, |Revision(count)| count.saturating_add(1));
        let put = self
            .0
            .client
            .put_item()
            .table_name(&*self.0.name)
            .item(PK, string(RING_ITEM))
            .item(SK, string(RING_ITEM))
            .item(REVISION, number(next))
            .item(RING, string(json))
            .item(PUBLISHED, string(published));
        let put = match expected {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(Revision(expected)) => put
                .condition_expression("revision = :expected")
                .expression_attribute_values(":expected", number(expected)),
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Err(KeyRingError::Conflict)
            }
            Err(error) => Err(KeyRingError::Unavailable(reason(&error))),
        }
    }
}

impl PublishedKeySource for TablePublishedKeys {
    async fn published(&self) -> Result<Option<PublishedKeys>, KeyRingError> {
        let Some(item) = read(&self.0, "pk, sk, revision, published").await? else { return Ok(None) };
        let json = text(&item, PUBLISHED).unwrap_or_default();
        let keys = PublishedKeys::from_json(json.as_bytes());
        keys.map(Some).map_err(|problem| KeyRingError::Damaged(format!("its published half is {problem}")))
    }
}

/// The attributes of the ring's item, as they are now and not as they were a moment ago: who replaces a ring must have
/// seen the latest.
async fn read(table: &Table, attributes: &str) -> Result<Option<Item>, KeyRingError> {
    let item = table
        .client
        .get_item()
        .table_name(&*table.name)
        .key(PK, string(RING_ITEM))
        .key(SK, string(RING_ITEM))
        .projection_expression(attributes)
        .consistent_read(true);
    let answer = item.send().await.map_err(|error| KeyRingError::Unavailable(reason(&error)))?;
    Ok(answer.item)
}

/// Everybody who can read the table could sign with a private key that is not sealed.
fn refuse_bare_keys(ring: &KeyRing) -> Result<(), KeyRingError> {
    let bare = ring.keys().iter().find(|key| matches!(key.private, PrivateHalf::Plain(_)));
    bare.map_or(Ok(()), |key| {
        Err(KeyRingError::Exposed(format!(
            "the private half of key {} is not sealed; nothing but a sealed one goes into the table",
            key.id
        )))
    })
}
