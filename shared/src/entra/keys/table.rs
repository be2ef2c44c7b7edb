//! Walks through the table in the module's document: every combination of what is held, what is in the memory, the pause
//! that is running, and the result of a fetch.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::entra::signed::{OTHER_KEY, TENANT_KEY, location, now};

/// A key set: when it was fetched, in seconds before now (negative: from the future), and whether it has the key.
#[derive(Debug, Clone, Copy)]
struct Set {
    age: i64,
    has_key: bool,
}

const HOUR: i64 = 3_600;

/// Sets that may be held, in turn fresh, stale, too old and from the future.
const HELD: [Option<Set>; 7] = [
    None,
    Some(Set { age: 1_800, has_key: true }),
    Some(Set { age: 1_800, has_key: false }),
    Some(Set { age: 3 * HOUR, has_key: true }),
    Some(Set { age: 3 * HOUR, has_key: false }),
    Some(Set { age: 24 * HOUR, has_key: true }),
    Some(Set { age: -8_760 * HOUR, has_key: true }),
];

/// Sets that may be in the memory: newer than each of those that may be held, and older.
const KEPT: [Option<Set>; 9] = [
    None,
    Some(Set { age: 900, has_key: true }),
    Some(Set { age: 900, has_key: false }),
    Some(Set { age: 2 * HOUR, has_key: true }),
    Some(Set { age: 2 * HOUR, has_key: false }),
    Some(Set { age: 4 * HOUR, has_key: true }),
    Some(Set { age: 4 * HOUR, has_key: false }),
    Some(Set { age: 25 * HOUR, has_key: true }),
    Some(Set { age: -24 * HOUR, has_key: true }),
];

/// The newest usable set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Newest {
    FreshWith,
    StaleWith,
    Without,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pause {
    None,
    Failure,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fetch {
    Brings,
    Lacks,
    Fails,
    FailsOnce,
}

/// What a call returns; the time to wait in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Returns {
    Key,
    Unknown(Option<u64>),
    Unavailable(u64),
}

/// What remains of the two pauses after the call, in seconds: after a failure, and after an unknown key.
type Pauses = (Option<u64>, Option<u64>);

/// How long each pause has been running.
const RUNNING: u64 = 2;

/// The table: for each newest set, pause and result, what is returned, how often Entra is asked, and the pauses afterwards.
fn expected(newest: Newest, pause: Pause, fetch: Fetch) -> (Returns, usize, Pauses) {
    use Fetch::{Brings, Fails, FailsOnce, Lacks};
    let holds = newest != Newest::Nothing;
    let before: Pauses = match pause {
        Pause::None => (None, None),
        Pause::Failure => (Some(if holds { 298 } else { 3 }), None),
        Pause::Unknown => (None, Some(298)),
    };
    let asked = if fetch == FailsOnce || fetch == Fails { 2 } else { 1 };
    match (newest, pause, fetch) {
        (Newest::FreshWith, _, _) | (Newest::StaleWith, Pause::Failure, _) => (Returns::Key, 0, before),
        (Newest::Without, Pause::Failure, _) => (Returns::Unavailable(298), 0, before),
        (Newest::Nothing, Pause::Failure, _) => (Returns::Unavailable(3), 0, before),
        (Newest::Without, Pause::Unknown, _) => (Returns::Unknown(Some(298)), 0, before),
        (_, _, Brings | FailsOnce) => (Returns::Key, asked, before),
        (_, _, Lacks) => (Returns::Unknown(None), asked, (None, Some(300))),
        (Newest::StaleWith, _, Fails) => (Returns::Key, asked, (Some(300), Some(300))),
        (Newest::Without, _, Fails) => (Returns::Unavailable(300), asked, (Some(300), Some(300))),
        (Newest::Nothing, _, Fails) => (Returns::Unavailable(5), asked, (Some(5), before.1)),
    }
}

struct Source(Fetch, Arc<AtomicUsize>);

impl KeySetFetch for Source {
    async fn fetch(&self, _: KeySetLocation) -> Result<Vec<u8>, FetchError> {
        let asked = self.1.fetch_add(1, Ordering::SeqCst);
        match self.0 {
            Fetch::Fails => Err(FetchError::NoAnswer("reset".into())),
            Fetch::FailsOnce if asked == 0 => Err(FetchError::NoAnswer("reset".into())),
            Fetch::Brings | Fetch::FailsOnce => Ok(document(true)),
            Fetch::Lacks => Ok(document(false)),
        }
    }
}

struct Memory(Option<Set>);

impl KeySetMemory for Memory {
    fn recall(&self, _: KeySetLocation) -> Option<StoredKeySet> {
        let set = self.0?;
        Some(StoredKeySet { document: document(set.has_key).into(), fetched: set.fetched() })
    }
}

impl Set {
    fn fetched(self) -> Timestamp {
        let seconds = now().unix_seconds().checked_add_signed(-self.age).unwrap();
        Timestamp::from_unix_seconds(seconds)
    }

    fn is_usable(&self) -> bool {
        (0..24 * HOUR).contains(&self.age)
    }
}

fn document(has_key: bool) -> Vec<u8> {
    if has_key { TENANT_KEY.document(None) } else { OTHER_KEY.document(None) }
}

fn newest(held: Option<Set>, kept: Option<Set>) -> Newest {
    let usable = [held, kept].into_iter().flatten().filter(Set::is_usable);
    match usable.min_by_key(|set| set.age) {
        None => Newest::Nothing,
        Some(set) if !set.has_key => Newest::Without,
        Some(set) if set.age < HOUR => Newest::FreshWith,
        Some(_) => Newest::StaleWith,
    }
}

async fn found(held: Option<Set>, kept: Option<Set>, pause: Pause, fetch: Fetch) -> (Returns, usize, Pauses) {
    let asked = Arc::new(AtomicUsize::new(0));
    let keys = TenantKeys::with_memory(Source(fetch, Arc::clone(&asked)), Memory(kept), KEY_LIFETIMES);
    let slot = keys.slot(location(TokenVersion::V1));
    if let Some(set) = held {
        let value = EntraKeySet::parse(&document(set.has_key), Cloud::Public).unwrap();
        slot.remember(value, set.fetched(), set.fetched());
    }
    let since = Timestamp::from_unix_seconds(now().unix_seconds() - RUNNING);
    slot.set_pauses((pause == Pause::Failure).then_some(since), (pause == Pause::Unknown).then_some(since));
    let returned = match keys.find(location(TokenVersion::V1), TENANT_KEY.id, now()).await {
        Ok(_) => Returns::Key,
        Err(SubjectRefusal::UnknownKey { retry_after, .. }) => {
            Returns::Unknown(retry_after.map(|left| left.as_secs()))
        }
        Err(SubjectRefusal::KeysUnavailable { retry_after }) => Returns::Unavailable(retry_after.as_secs()),
        Err(other) => panic!("{other:?}"),
    };
    let (failure, unknown) = slot.pauses(now());
    let pauses = (failure.map(|left| left.as_secs()), unknown.map(|left| left.as_secs()));
    (returned, asked.load(Ordering::SeqCst), pauses)
}

#[tokio::test]
async fn every_combination_follows_the_table() {
    let mut rows = BTreeSet::new();
    for held in HELD {
        for kept in KEPT {
            for pause in [Pause::None, Pause::Failure, Pause::Unknown] {
                for fetch in [Fetch::Brings, Fetch::Lacks, Fetch::Fails, Fetch::FailsOnce] {
                    let newest = newest(held, kept);
                    let found = found(held, kept, pause, fetch).await;
                    let case = format!("held {held:?}, kept {kept:?}, {pause:?}, {fetch:?}");
                    assert_eq!(found, expected(newest, pause, fetch), "{case}");
                    rows.insert((newest, pause, fetch));
                }
            }
        }
    }
    assert_eq!(rows.len(), 4 * 3 * 4, "every row was reached");
}
