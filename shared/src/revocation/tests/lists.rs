//! The list: what a change does to it, and for how long an entry stays.

use std::{sync::Mutex, time::Duration};

use super::*;
use crate::{keyring::KeyRing, revision::Revision};

const DAY: u64 = 24 * 3_600;
const KEY_STORED: u64 = 9_600 * 3_600;

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn person() -> (TenantId, ObjectId) {
    let Revoked::Person { tenant, object } = entry(1) else { unreachable!() };
    (tenant, object)
}

#[test]
fn reads_what_it_writes_and_nothing_else() {
    let list = list(3, |_| NOW).enter(Revoked::Key { id: key(0).0.id }, "two", NOW).unwrap();
    let json = list.to_json().unwrap();
    assert_eq!(RevocationList::from_json(json.as_bytes()).unwrap(), list);
    for json in
        ["", "{}", "[]", &json.replace("person", "people"), &json.replace("\"sequence\"", "\"number\"")]
    {
        assert!(RevocationList::from_json(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn every_change_has_the_next_number_and_replaces_an_entry_for_the_same() {
    let one = list(3, |_| NOW);
    let again = one.enter(entry(1), "two", later(60)).unwrap();
    assert_eq!((one.sequence(), again.sequence(), again.entries().len()), (3, 4, 3));
    let entered = again.entries().iter().find(|found| found.revoked == entry(1)).unwrap();
    assert_eq!((entered.entered, entered.by.as_str()), (later(60), "two"));
}

/// Entra issues subject tokens for up to 28 h; a backup may bring a key back after a year.
#[test]
fn an_entry_stays_for_as_long_as_it_can_matter() {
    let list = list(3, |_| NOW).enter(Revoked::Key { id: key(0).0.id }, "two", NOW).unwrap();
    for (seconds, kept) in [(30 * 3_600 - 1, 5), (30 * 3_600, 2), (KEY_STORED - 1, 2), (KEY_STORED, 1)] {
        let next = list.enter(entry(9), "one", later(seconds)).unwrap();
        assert_eq!(next.entries().len(), kept, "{seconds}");
    }
    for (seconds, live) in [(65 * 60 + 9, 4), (65 * 60 + 10, 1), (399 * DAY, 1)] {
        let now = later(seconds);
        assert_eq!(verify(&signed(&list, 1, now), 1, now).unwrap().count(), live, "{seconds}");
    }
}

#[test]
fn takes_a_thousand_entries_and_any_number_of_keys() {
    let mut list = list(1_000, |_| NOW);
    assert_eq!(list.enter(entry(1_000), "one", NOW), Err(ListFullError));
    assert!(list.enter(entry(0), "one", NOW).is_ok(), "it is in the list");
    let ids: Vec<KeyId> =
        (0..9).map(|number| serde_json::from_value(format!("{number:043}").into()).unwrap()).collect();
    for id in &ids {
        list = list.enter(Revoked::Key { id: id.clone() }, "one", NOW).unwrap();
    }
    for index in [0, 1] {
        let document = signed(&list, index, NOW);
        println!("1,000 entries and 8 keys: {} bytes, rice {}", document.len(), rice_of(&document));
        let revocations = verify(&document, index, NOW).unwrap();
        let published = ids.iter().map(|id| revocations.revokes_key(id.as_str()));
        assert_eq!(published.collect::<Vec<_>>(), [false, true, true, true, true, true, true, true, true]);
    }
    assert!(list.enter(entry(1_000), "one", later(30 * 3_600)).is_ok(), "the others are no longer stored");
}

#[test]
fn refuses_a_subject_token_that_was_issued_before_its_person_or_site_was_revoked() {
    let list = list(3, |_| NOW);
    let site = entry(0).to_string();
    let before = later(9);
    let refused = |person, site: &str, issued| {
        list.refuses(person, site, issued, later(60)).map(|entry| entry.revoked.kind())
    };
    let nobody = (TenantId::new(uuid(1)), ObjectId::new(uuid(1)));
    assert_eq!(refused(person(), "https://elsewhere.example/", before), Some(RevokedKind::Person));
    assert_eq!(refused(nobody, &site, before), Some(RevokedKind::Site));
    assert_eq!(refused(nobody, "https://elsewhere.example/", before), None);
    assert_eq!(refused(person(), &site, later(10)), None, "issued afterwards");
}

/// A clock was wrong. Without the note of a run, a person would be refused until the time comes.
#[test]
fn an_entry_from_the_future_counts_from_the_first_run_that_sees_it() {
    let ahead = list(3, |_| later(7 * DAY));
    let ring = KeyRing::from_json(&ring_json()).unwrap();
    let noted = ahead.record_ring(&ring, Revision(1), "rotate-keys", NOW).unwrap();
    assert_eq!(noted.record_ring(&ring, Revision(1), "rotate-keys", later(900)), None);
    let site = entry(0).to_string();
    for (list, issued, is_refused) in [
        (&ahead, later(899), true),
        (&ahead, later(2 * DAY), true),
        (&noted, later(9), true),
        (&noted, later(10), false),
    ] {
        let found = list.refuses(person(), &site, issued, issued);
        assert_eq!(found.is_some(), is_refused, "{issued:?}");
    }
    let revocations = verify(&signed(&noted, 0, later(900)), 0, later(900)).unwrap();
    assert!(revocations.revokes("k", later(9), &named(1)).is_some());
    assert_eq!(revocations.revokes("k", later(10), &named(1)), None);
    let kept = noted.enter(entry(9), "one", later(31 * 3_600)).unwrap();
    assert_eq!(kept.entries().len(), 2, "that one and the ring's key");
}

fn ring_json() -> Vec<u8> {
    use base64::engine::general_purpose::STANDARD;
    let entry = |index: usize, state: &str| {
        let private = STANDARD.encode(KEYS[index].as_pkcs8());
        format!(r#"{{"kid":"{}","state":"{state}","since":7,"private":"{private}"}}"#, key(index).0.id)
    };
    format!(r#"{{"algorithm":"ES256","keys":[{},{}]}}"#, entry(0, "active"), entry(2, "revoked")).into_bytes()
}

#[test]
fn a_run_records_the_rings_revision_and_its_revoked_keys_once() {
    let ring = KeyRing::from_json(&ring_json()).unwrap();
    let list = RevocationList::default().record_ring(&ring, Revision(5), "rotate-keys", NOW).unwrap();
    assert_eq!((list.sequence(), list.ring_revision()), (1, Revision(5)));
    assert_eq!(list.keys().collect::<Vec<_>>(), [&key(2).0.id]);
    assert_eq!(list.record_ring(&ring, Revision(5), "rotate-keys", later(60)), None);
    let next = list.record_ring(&ring, Revision(6), "rotate-keys", later(60)).unwrap();
    assert_eq!((next.sequence(), next.ring_revision(), next.entries().len()), (2, Revision(6), 1));
}

#[test]
fn an_older_ring_is_refused_until_it_is_accepted() {
    let ring = KeyRing::from_json(&ring_json()).unwrap();
    let list = RevocationList::default().record_ring(&ring, Revision(5), "rotate-keys", NOW).unwrap();
    for (stored, is_refused) in [(4, true), (5, false), (6, false)] {
        assert_eq!(list.requirements().check_ring(Revision(stored)).is_err(), is_refused, "{stored}");
    }
    let accepted = list.accept_ring(Revision(4), NOW);
    assert!(accepted.requirements().check_ring(Revision(4)).is_ok());
    assert!(accepted.sequence() > list.sequence());
    assert_eq!(accepted.keys().count(), 1, "what was revoked stays revoked");
}

#[test]
fn a_restored_list_goes_on_above_the_number_that_verifiers_hold() {
    let restored = list(3, |_| NOW);
    for (after, sequence) in [(3, 4), (9, 10), ((1 << 53) - 2, (1 << 53) - 1)] {
        assert_eq!(restored.resume(after, NOW).map(|list| list.sequence()), Ok(sequence));
    }
    for after in [0, 2] {
        assert_eq!(restored.resume(after, NOW), Err(ResumeError::NotBehind { current: 3, after }));
    }
    for after in [(1 << 53) - 1, u64::MAX] {
        assert_eq!(restored.resume(after, NOW), Err(ResumeError::TooHigh(after)));
    }
}

/// A list in memory that other writers change in the meantime, so often.
struct Contested(Mutex<(RevocationList, usize)>);

impl RevocationSource for Contested {
    async fn load(&self) -> Result<RevocationList, RevocationStoreError> {
        Ok(self.0.lock().unwrap().0.clone())
    }
}

impl RevocationStore for Contested {
    async fn replace(&self, expected: u64, list: &RevocationList) -> Result<(), RevocationStoreError> {
        let mut stored = self.0.lock().unwrap();
        if stored.1 > 0 {
            stored.1 -= 1;
            stored.0 = stored.0.enter(entry(7), "another", NOW).unwrap();
        }
        if stored.0.sequence() != expected {
            return Err(RevocationStoreError::Conflict);
        }
        stored.0 = list.clone();
        Ok(())
    }
}

#[test]
fn a_change_starts_over_after_a_conflict_and_loses_nobody_elses() {
    for (conflicts, is_done) in [(0, true), (2, true), (3, false)] {
        let store = Contested(Mutex::new((RevocationList::default(), conflicts)));
        let enter = |list: &RevocationList| {
            Ok::<_, RevocationStoreError>(Some(list.enter(entry(0), "one", NOW).unwrap()))
        };
        assert_eq!(ready(change(&store, enter)).is_ok(), is_done, "{conflicts}");
        let stored = store.0.lock().unwrap().0.clone();
        assert_eq!(stored.entries().len(), usize::from(is_done) + usize::from(conflicts > 0));
    }
    let store = Contested(Mutex::default());
    let unchanged = ready(change(&store, |_| Ok::<_, RevocationStoreError>(None))).unwrap();
    assert_eq!(unchanged, RevocationList::default());
}
