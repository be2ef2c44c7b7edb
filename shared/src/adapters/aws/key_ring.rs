//! The key ring in the table: one item, replaced as a whole on the revision that was read. Private keys are stored only
//! sealed or as names in a vault; the public ones and the states are in attributes of their own, so that a publisher and
//! an operator read nothing else.

use super::{
    CallError,
    table::{Item, PK, SK, Table, count, is_conflict, number, string, text},
};
use crate::{
    error::Cause,
    keyring::{
        KeyRing, KeyRingError, KeyRingSource, KeyRingStore, KeyStatus, PrivateHalf, PublishedKeySet,
        PublishedKeySource,
    },
    revision::Revision,
};

/// The partition and sort key of the item.
const RING_ITEM: &str = "ring";
const RING: &str = "ring";
const PUBLISHED: &str = "published";
const STATES: &str = "states";
const REVISION: &str = "revision";

/// The public keys of the ring, for publishing: the function's role allows reading nothing else.
#[derive(Debug, Clone)]
pub struct TablePublishedKeys(Table);

impl TablePublishedKeys {
    /// Uses the ring in `table`.
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    /// Returns the published keys with the states of all keys, for operators. `None` if no ring was ever stored.
    pub async fn overview(&self) -> Result<Option<RingOverview>, KeyRingError> {
        let Some(item) = read(&self.0, "pk, sk, revision, published, states").await? else { return Ok(None) };
        let published = published_in(&item)?;
        let revision = Revision(count(&item, REVISION).ok_or_else(|| damaged("its item has no revision"))?);
        let states = text(&item, STATES).map(serde_json::from_str).transpose().map_err(damaged)?;
        Ok(Some(RingOverview { revision, published, states }))
    }
}

/// What a ring's item says about its keys without any private half.
#[derive(Debug, Clone)]
pub struct RingOverview {
    /// The ring's revision.
    pub revision: Revision,
    /// The published keys.
    pub published: PublishedKeySet,
    /// The state of every key. `None` if the ring was stored before states were stored beside it.
    pub states: Option<Vec<KeyStatus>>,
}

impl KeyRingSource for Table {
    async fn load(&self) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
        let Some(item) = read(self, "pk, sk, revision, ring").await? else { return Ok(None) };
        let revision = count(&item, REVISION).ok_or_else(|| damaged("its item has no revision"))?;
        let ring = text(&item, RING).ok_or_else(|| damaged("its item has no ring"))?;
        let ring = KeyRing::from_json(ring.as_bytes()).map_err(damaged)?;
        refuse_plain_keys(&ring)?;
        Ok(Some((ring, Revision(revision))))
    }
}

impl KeyRingStore for Table {
    async fn replace(&self, expected: Option<Revision>, ring: &KeyRing) -> Result<(), KeyRingError> {
        refuse_plain_keys(ring)?;
        let json = ring.to_json().map_err(damaged)?;
        let json = std::str::from_utf8(&json).map_err(damaged)?;
        let published = PublishedKeySet::of(ring);
        let published = String::from_utf8_lossy(published.as_json());
        let states = serde_json::to_string(&KeyStatus::all_of(ring)).map_err(damaged)?;
        let put = self
            .client
            .put_item()
            .table_name(&*self.name)
            .item(PK, string(RING_ITEM))
            .item(SK, string(RING_ITEM))
            .item(REVISION, number(Revision::after(expected).0))
            .item(RING, string(json))
            .item(PUBLISHED, string(published))
            .item(STATES, string(states));
        let put = match expected {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(Revision(expected)) => put
                .condition_expression("revision = :expected")
                .expression_attribute_values(":expected", number(expected)),
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_conflict(&error) => Err(KeyRingError::Conflict),
            Err(error) => Err(KeyRingError::Unavailable(CallError::of(error).into())),
        }
    }
}

impl PublishedKeySource for TablePublishedKeys {
    async fn published(&self) -> Result<Option<PublishedKeySet>, KeyRingError> {
        let Some(item) = read(&self.0, "pk, sk, revision, published").await? else { return Ok(None) };
        published_in(&item).map(Some)
    }
}

fn published_in(item: &Item) -> Result<PublishedKeySet, KeyRingError> {
    let json = text(item, PUBLISHED).unwrap_or_default();
    PublishedKeySet::from_json(json.as_bytes()).map_err(damaged)
}

/// Reads attributes of the ring's item. The read is consistent, because a ring is replaced on the revision that was read.
async fn read(table: &Table, attributes: &str) -> Result<Option<Item>, KeyRingError> {
    let item = table
        .client
        .get_item()
        .table_name(&*table.name)
        .key(PK, string(RING_ITEM))
        .key(SK, string(RING_ITEM))
        .projection_expression(attributes)
        .consistent_read(true);
    let answer = item.send().await.map_err(|error| KeyRingError::Unavailable(CallError::of(error).into()))?;
    Ok(answer.item)
}

fn damaged(cause: impl Into<Cause>) -> KeyRingError {
    KeyRingError::Damaged(cause.into())
}

/// Anyone with read access to the table could sign with a private key in clear.
fn refuse_plain_keys(ring: &KeyRing) -> Result<(), KeyRingError> {
    match ring.keys().iter().find(|key| matches!(key.private, PrivateHalf::Plain(_))) {
        None => Ok(()),
        Some(key) => Err(KeyRingError::Exposed(
            format!("the private half of key {} is not sealed; the table takes only sealed ones", key.id)
                .into(),
        )),
    }
}
