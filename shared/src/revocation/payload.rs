//! The payload of a document: its groups of entries, which share one time each.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{
    RevocationSetError,
    limits::{MAX_ENTRIES, MAX_GROUPS},
    marks::scaled,
    rice::{self, MAX_RICE},
};
use crate::{revision::Revision, timestamp::Timestamp};

/// How far a group's time may be after the document's own, which is rounded down to the minute. In seconds.
const MAX_AHEAD: u64 = 120;

/// The payload as JSON. Other members are ignored, so that later versions can add some; a repeated one is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payload {
    pub(super) iss: String,
    pub(super) iat: Timestamp,
    pub(super) sequence: u64,
    pub(super) ring_revision: Revision,
    /// The ids of revoked keys.
    pub(super) keys: Vec<String>,
    /// How many low bits the codes in `set` have.
    pub(super) rice: u32,
    /// The time of each group and how many entries it has; the earliest first.
    pub(super) groups: Vec<(Timestamp, u64)>,
    /// The entries, coded, base64url.
    pub(super) set: String,
}

/// Entries that end what was issued before one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) issued_before: Timestamp,
    range: u64,
    /// Scaled to the range, in ascending order.
    values: Vec<u64>,
}

impl Group {
    /// Returns the group of `marks`, of which `rice` bits and those that tell them apart are kept.
    pub(super) fn of(issued_before: Timestamp, marks: &[u64], rice: u32) -> Self {
        let range = range(marks.len() as u64, rice);
        let mut values: Vec<_> = marks.iter().map(|mark| scaled(*mark, range)).collect();
        values.sort_unstable();
        Self { issued_before, range, values }
    }

    /// Whether `mark` is among its entries. Another mark also is, with the probability 2^-`rice`.
    pub(super) fn contains(&self, mark: u64) -> bool {
        self.values.binary_search(&scaled(mark, self.range)).is_ok()
    }

    /// Returns how many entries it has.
    pub(super) fn count(&self) -> usize {
        self.values.len()
    }
}

/// Returns the members `groups` and `set` of these groups.
pub(super) fn write(groups: &[Group], rice: u32) -> (Vec<(Timestamp, u64)>, String) {
    let lists: Vec<_> = groups.iter().map(|group| group.values.clone()).collect();
    let lengths = groups.iter().map(|group| (group.issued_before, group.count() as u64)).collect();
    (lengths, URL_SAFE_NO_PAD.encode(rice::encode(&lists, rice)))
}

/// Reads the members `groups` and `set`.
pub(super) fn read(payload: &Payload) -> Result<Vec<Group>, RevocationSetError> {
    let Payload { iat, rice, groups, set, .. } = payload;
    let total = groups.iter().try_fold(0_u64, |total, (_, count)| total.checked_add(*count));
    let is_published = groups.len() <= MAX_GROUPS
        && groups.iter().all(|(_, count)| *count > 0)
        && groups.windows(2).all(|pair| pair[0].0 < pair[1].0)
        && total.is_some_and(|total| total <= MAX_ENTRIES as u64);
    if !is_published {
        return Err(RevocationSetError::Groups);
    }
    if groups.last().is_some_and(|(time, _)| time.since(*iat).as_secs() > MAX_AHEAD) {
        return Err(RevocationSetError::FromFuture);
    }
    if *rice > MAX_RICE {
        return Err(RevocationSetError::Rice(*rice));
    }
    let bytes = URL_SAFE_NO_PAD.decode(set).map_err(|_| RevocationSetError::Base64)?;
    let lists = rice::decode(&bytes, *rice, groups.iter().map(|(_, count)| *count))?;
    let group = |(values, (issued_before, count)): (Vec<u64>, &(Timestamp, u64))| {
        let range = range(*count, *rice);
        let is_in_range = values.last().is_none_or(|last| *last < range);
        is_in_range
            .then_some(Group { issued_before: *issued_before, range, values })
            .ok_or(RevocationSetError::OutOfRange)
    };
    lists.into_iter().zip(groups).map(group).collect()
}

/// Returns the range of the values of `count` entries: at most 1,000·2^40.
fn range(count: u64, rice: u32) -> u64 {
    count << rice
}
