//! What is due for a key ring at a given time, or asked for. Pure, so that tests can walk through every day of a key's life.

use std::time::Duration;

use super::{KeyId, KeyRing, KeyState, NewKey, RingKey, RotationPolicy, RotationRequest, RotationTimes};
use crate::timestamp::Timestamp;

/// What to do with a ring now: nothing, most of the time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Make a key: the first one of a ring, or the next one. It signs at once if no other key does.
    pub create: bool,
    /// Make this pending key the active one.
    pub promote: Option<KeyId>,
    /// Retire this active key.
    pub retire: Option<KeyId>,
    /// Revoke this key, whatever its state.
    pub revoke: Option<KeyId>,
    /// Remove these keys.
    pub remove: Vec<KeyId>,
    /// Note that the times of these keys are in the future, so that their age counts from this run.
    pub note_future: Vec<KeyId>,
}

/// Returns how long the newest pending or active key has been in its state. It grows without bound when rotation has
/// stopped. A key whose time is in the future does not count until a run has noted that: it is not new.
pub fn newest_key_age(ring: &KeyRing, now: Timestamp) -> Option<Duration> {
    let age = |key: &RingKey| match key.state {
        KeyState::Pending { .. } | KeyState::Active { .. } => key.age(now),
        KeyState::Retiring { .. } | KeyState::Revoked { .. } => None,
    };
    ring.keys().iter().filter_map(age).min()
}

/// Returns what to do at `now` with `ring` (`None`: nothing is stored yet), for `request`.
///
/// A pending key signs as soon as it was published for as long as consumers may hold an older key set: it was made because the
/// active key's time was nearly over, or because a rotation was asked for. A request to rotate only makes the pending key
/// earlier; if there is one already, it changes nothing.
///
/// A request to revoke deliberately breaks what the policy promises: the key leaves the published set at once, so its sessions
/// end before they expire, and if it was the active one, its successor signs at once, although consumers may not know it yet:
/// the pending key, which some of them know, or else a new one. A key that was revoked already is left alone. Such a run
/// deletes nothing, so that it does not depend on a vault that cannot delete; the next run deletes the key.
///
/// A time in the future was stored by a run whose clock was ahead, unless the clock of this run is behind. Either way, nothing
/// is removed or promoted because of it, and nothing waits for it: the key's age counts from the first run that saw it.
pub fn plan(
    ring: Option<&KeyRing>,
    now: Timestamp,
    policy: &RotationPolicy,
    request: &RotationRequest,
) -> Plan {
    let Some(ring) = ring else { return Plan { create: true, ..Plan::default() } };
    let times = policy.times();
    let revoked = request.revoked();
    let age = |key: &RingKey| key.age(now).unwrap_or_default();
    let is_used = |key: &&RingKey| !key.is_revoked() && revoked != Some(&key.id);
    let used = || ring.keys().iter().filter(is_used);
    let mut plan = Plan {
        revoke: revoked
            .filter(|id| ring.keys().iter().any(|key| key.id == **id && !key.is_revoked()))
            .cloned(),
        note_future: used().filter(|key| key.age(now).is_none()).map(|key| key.id.clone()).collect(),
        remove: if revoked.is_none() { removable(ring, now, times) } else { Vec::new() },
        ..Plan::default()
    };
    let active = used().find(|key| matches!(key.state, KeyState::Active { .. }));
    let pending = used().find(|key| matches!(key.state, KeyState::Pending { .. }));
    match (active, pending) {
        (Some(active), Some(pending)) => {
            if age(pending) >= times.publish_before {
                plan.retire = Some(active.id.clone());
                plan.promote = Some(pending.id.clone());
            }
        }
        (Some(active), None) => {
            let is_due = age(active) + times.publish_before >= times.sign_for;
            plan.create = is_due || *request == RotationRequest::Rotate;
        }
        (None, Some(pending)) => plan.promote = Some(pending.id.clone()),
        (None, None) => plan.create = true,
    }
    plan
}

/// Returns the keys that have been retired for long enough, and those that were revoked.
fn removable(ring: &KeyRing, now: Timestamp, times: &RotationTimes) -> Vec<KeyId> {
    let leaves = |key: &&RingKey| match key.state {
        KeyState::Retiring { .. } => key.age(now).unwrap_or_default() >= times.keep_after,
        KeyState::Revoked { .. } => true,
        KeyState::Pending { .. } | KeyState::Active { .. } => false,
    };
    ring.keys().iter().filter(leaves).map(|key| key.id.clone()).collect()
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the ring after this plan, with `new` as the key that the plan creates. `None` if there is neither a ring nor
    /// a new key.
    pub fn applied_to(
        &self,
        ring: Option<&KeyRing>,
        new: Option<NewKey>,
        policy: &RotationPolicy,
        now: Timestamp,
    ) -> Option<KeyRing> {
        let Some(ring) = ring else { return KeyRing::first(policy.algorithm(), new?, now) };
        let next = |key: &RingKey| match Some(&key.id) {
            id if id == self.promote.as_ref() => (KeyState::Active { since: now }, None),
            id if id == self.retire.as_ref() => (KeyState::Retiring { since: now }, None),
            id if id == self.revoke.as_ref() => (KeyState::Revoked { since: now }, None),
            _ if self.note_future.contains(&key.id) => (key.state, Some(now)),
            _ => (key.state, key.seen),
        };
        let kept = ring.keys().iter().filter(|key| !self.remove.contains(&key.id));
        let changed = |key: &RingKey| {
            let (state, seen) = next(key);
            RingKey { state, seen, ..key.clone() }
        };
        let mut keys: Vec<_> = kept.map(changed).collect();
        let is_active = |key: &RingKey| matches!(key.state, KeyState::Active { .. });
        let since = now;
        let state =
            if keys.iter().any(is_active) { KeyState::Pending { since } } else { KeyState::Active { since } };
        keys.extend(new.and_then(|new| RingKey::new(new, state)));
        Some(ring.with_keys(keys))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keyring::{PublishedKeySet, SigningAlgorithm, policy::testing, ring::testing::new_key};

    const HOUR: u64 = 3_600;
    const START: u64 = 1_800_000_000;

    fn policy() -> RotationPolicy {
        testing::policy(SigningAlgorithm::Es256)
    }

    fn step(ring: Option<&KeyRing>, now: u64) -> Option<KeyRing> {
        step_for(&RotationRequest::Due, ring, now)
    }

    fn step_for(request: &RotationRequest, ring: Option<&KeyRing>, now: u64) -> Option<KeyRing> {
        let now = Timestamp::from_unix_seconds(now);
        let plan = plan(ring, now, &policy(), request);
        let new = plan.create.then(|| new_key(SigningAlgorithm::Es256));
        if plan.is_empty() { ring.cloned() } else { plan.applied_to(ring, new, &policy(), now) }
    }

    fn states(ring: &KeyRing) -> Vec<&'static str> {
        let name = |key: &RingKey| match key.state {
            KeyState::Pending { .. } => "pending",
            KeyState::Active { .. } => "active",
            KeyState::Retiring { .. } => "retiring",
            KeyState::Revoked { .. } => "revoked",
        };
        ring.keys().iter().map(name).collect()
    }

    #[test]
    fn a_key_passes_through_all_its_states() {
        let mut ring = None;
        let mut seen = Vec::new();
        for hour in 0..30 {
            ring = step(ring.as_ref(), START + hour * HOUR);
            let keys = ring.as_ref().unwrap();
            assert!(keys.keys().iter().all(|key| key.seen.is_none()), "no key is from the future");
            let now = states(keys);
            if seen.last().is_none_or(|(_, before)| *before != now) {
                seen.push((hour, now));
            }
        }
        let expected: [(u64, &[&str]); 4] = [
            (0, &["active"]),
            (21, &["active", "pending"]),
            (24, &["retiring", "active"]),
            (26, &["active"]),
        ];
        assert_eq!(
            seen.iter().map(|(hour, states)| (*hour, states.as_slice())).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn a_late_run_never_promotes_a_key_that_was_published_too_briefly() {
        let first = step(None, START).unwrap();
        let late = step(Some(&first), START + 1_000 * HOUR).unwrap();
        assert_eq!(states(&late), ["active", "pending"]);
        assert_eq!(step(Some(&late), START + 1_002 * HOUR), Some(late.clone()));
        assert_eq!(states(&step(Some(&late), START + 1_003 * HOUR).unwrap()), ["retiring", "active"]);
    }

    #[test]
    fn a_second_run_at_the_same_time_changes_nothing() {
        for hour in [0, 21, 24, 26] {
            let mut ring = None;
            for passed in 0..=hour {
                ring = step(ring.as_ref(), START + passed * HOUR);
            }
            assert_eq!(step(ring.as_ref(), START + hour * HOUR), ring);
        }
    }

    /// A run with a clock that is behind cannot tell that from times in the future. What it notes does not count for others.
    #[test]
    fn a_clock_set_back_removes_and_promotes_nothing() {
        let mut ring = None;
        for hour in 0..25 {
            ring = step(ring.as_ref(), START + hour * HOUR);
        }
        let before = ring.unwrap();
        let after = step(Some(&before), START - 1_000 * HOUR).unwrap();
        let states_of = |ring: &KeyRing| ring.keys().iter().map(|key| key.state).collect::<Vec<_>>();
        assert_eq!(states_of(&after), states_of(&before));
        for hour in 25..40 {
            let (after, before) =
                (step(Some(&after), START + hour * HOUR), step(Some(&before), START + hour * HOUR));
            assert_eq!(states_of(&after.unwrap()), states_of(&before.unwrap()), "hour {hour}");
        }
    }

    /// Runs every hour for ten days, one of them with a clock a year ahead, at each hour of a key's life.
    #[test]
    fn one_run_a_year_ahead_delays_rotation_by_no_more_than_a_keys_life() {
        const YEAR: u64 = 365 * 24 * HOUR;
        for wrong in 1..30 {
            let mut ring = step(None, START);
            let mut signers = Vec::new();
            for hour in 1..240 {
                let now = START + hour * HOUR + if hour == wrong { YEAR } else { 0 };
                ring = step(ring.as_ref(), now);
                let ring = ring.as_ref().unwrap();
                let age = newest_key_age(ring, Timestamp::from_unix_seconds(now)).unwrap();
                assert!(age < Duration::from_hours(24), "hour {hour} after {wrong}: {age:?}");
                let signer = ring.active().unwrap().id.clone();
                if signers.last() != Some(&signer) {
                    signers.push(signer);
                }
            }
            assert!(
                (9..=11).contains(&signers.len()),
                "{} keys signed, wrong at hour {wrong}",
                signers.len()
            );
            let stored = ring.unwrap().keys().iter().map(|key| key.state.since().unix_seconds()).max();
            assert!(stored < Some(START + YEAR), "no time in the future is left, wrong at hour {wrong}");
        }
    }

    #[test]
    fn a_key_from_the_future_is_not_new() {
        let ring = step(None, START + 9_000 * HOUR).unwrap();
        let now = Timestamp::from_unix_seconds(START);
        assert_eq!(newest_key_age(&ring, now), None);
        assert_eq!(
            plan(Some(&ring), now, &policy(), &RotationRequest::Due).note_future,
            [ring.keys()[0].id.clone()]
        );
        let noted = step(Some(&ring), START).unwrap();
        assert!(plan(Some(&noted), now, &policy(), &RotationRequest::Due).is_empty(), "it is noted once");
        let later = Timestamp::from_unix_seconds(START + 5 * HOUR);
        assert_eq!(newest_key_age(&noted, later), Some(Duration::from_hours(5)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn whenever_it_runs_one_key_is_active_and_none_leaves_too_early(pauses in prop::collection::vec(0..40 * HOUR, 1..25)) {
            let mut now = START;
            let mut ring = step(None, now).unwrap();
            for pause in pauses {
                now += pause;
                let next = step(Some(&ring), now).unwrap();
                prop_assert_eq!(states(&next).iter().filter(|state| **state == "active").count(), 1);
                prop_assert!(states(&next).iter().filter(|state| **state == "pending").count() <= 1);
                for key in ring.keys() {
                    let after = next.keys().iter().find(|other| other.id == key.id).map(|other| other.state);
                    match (key.state, after) {
                        (KeyState::Retiring { since }, None) => prop_assert!(now - since.unix_seconds() >= 2 * HOUR),
                        (_, None) => prop_assert!(false, "a key that was not retiring was removed"),
                        (KeyState::Pending { since }, Some(KeyState::Active { .. })) => prop_assert!(now - since.unix_seconds() >= 3 * HOUR),
                        (before, Some(after)) => {
                            let retires = matches!(after, KeyState::Retiring { .. });
                            prop_assert!(before == after || retires);
                        }
                    }
                }
                ring = next;
            }
        }
    }

    fn revoke(ring: &KeyRing, state: &str) -> RotationRequest {
        let at = states(ring).iter().position(|other| *other == state).unwrap();
        RotationRequest::Revoke(ring.keys()[at].id.clone())
    }

    /// A ring after `hours` of runs on schedule.
    fn after(hours: u64) -> KeyRing {
        let mut ring = step(None, START).unwrap();
        for hour in 1..=hours {
            ring = step(Some(&ring), START + hour * HOUR).unwrap();
        }
        ring
    }

    #[test]
    fn a_key_that_was_asked_for_signs_once_consumers_have_it() {
        let now = START + 5 * HOUR;
        let asked = step_for(&RotationRequest::Rotate, Some(&after(5)), now).unwrap();
        assert_eq!(states(&asked), ["active", "pending"]);
        assert_eq!(step_for(&RotationRequest::Rotate, Some(&asked), now + HOUR), Some(asked.clone()));
        assert_eq!(step(Some(&asked), now + 3 * HOUR - 1), Some(asked.clone()));
        assert_eq!(states(&step(Some(&asked), now + 3 * HOUR).unwrap()), ["retiring", "active"]);
    }

    #[test]
    fn a_revoked_key_is_unpublished_at_once_whatever_its_state() {
        let cases: [(u64, &str, &[&str]); 5] = [
            (5, "active", &["revoked", "active"]),
            (22, "active", &["revoked", "active"]),
            (22, "pending", &["active", "revoked", "pending"]),
            (25, "active", &["retiring", "revoked", "active"]),
            (25, "retiring", &["revoked", "active"]),
        ];
        for (hours, state, expected) in cases {
            let (ring, now) = (after(hours), START + hours * HOUR);
            let request = revoke(&ring, state);
            let revoked = step_for(&request, Some(&ring), now).unwrap();
            assert_eq!(states(&revoked), expected, "{state} after {hours} h");
            let published = String::from_utf8(PublishedKeySet::of(&revoked).as_json().to_vec()).unwrap();
            assert!(!published.contains(request.revoked().unwrap().as_str()));
            assert_eq!(step_for(&request, Some(&revoked), now), Some(revoked.clone()), "asking twice");
            let next = step(Some(&revoked), now).unwrap();
            assert!(!states(&next).contains(&"revoked"), "the next run removes it");
        }
    }

    /// Somebody may know the pending key already, so it is better than a new one.
    #[test]
    fn the_pending_key_takes_over_from_a_revoked_one() {
        let ring = after(22);
        let pending = ring.keys()[1].id.clone();
        let revoked = step_for(&revoke(&ring, "active"), Some(&ring), START + 22 * HOUR).unwrap();
        assert_eq!(revoked.active().map(|key| &key.id), Some(&pending));
    }

    #[test]
    fn a_run_that_revokes_deletes_nothing() {
        let (ring, now) = (after(25), Timestamp::from_unix_seconds(START + 27 * HOUR));
        let plan_for = |request: &RotationRequest| plan(Some(&ring), now, &policy(), request);
        assert_eq!(plan_for(&RotationRequest::Due).remove.len(), 1);
        assert_eq!(plan_for(&RotationRequest::Rotate).remove.len(), 1);
        assert_eq!(plan_for(&revoke(&ring, "active")).remove.len(), 0);
    }

    /// What somebody asks for, and the key that is meant, counted from the oldest.
    fn any_request() -> impl Strategy<Value = (u8, prop::sample::Index)> {
        (0..6_u8, any::<prop::sample::Index>())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_asked_one_key_is_active_and_only_revoking_breaks_a_promise(
            steps in prop::collection::vec((0..10 * HOUR, any_request()), 1..25),
        ) {
            let mut now = START;
            let mut ring = step(None, now).unwrap();
            for (pause, (kind, index)) in steps {
                now += pause;
                let request = match kind {
                    0 => RotationRequest::Revoke(index.get(ring.keys()).id.clone()),
                    1 | 2 => RotationRequest::Rotate,
                    _ => RotationRequest::Due,
                };
                let next = step_for(&request, Some(&ring), now).unwrap();
                let twice = step_for(&request, Some(&next), now).unwrap();
                let signer = |ring: &KeyRing| ring.active().map(|key| key.id.clone());
                // What was asked for may come true in the same run; the next request is then a new one.
                if signer(&next) == signer(&ring) || request.revoked().is_some() {
                    prop_assert_eq!(kept(&twice), kept(&next), "asking twice is asking once");
                }
                check_step(&ring, &next, &request, now)?;
                ring = next;
            }
        }
    }

    /// Returns the keys of a ring that are not revoked.
    fn kept(ring: &KeyRing) -> Vec<&RingKey> {
        ring.keys().iter().filter(|key| !key.is_revoked()).collect()
    }

    /// Checks every promise about the step from `ring` to `next` for `request`.
    fn check_step(
        ring: &KeyRing,
        next: &KeyRing,
        request: &RotationRequest,
        now: u64,
    ) -> Result<(), TestCaseError> {
        let count = |state: &str| states(next).into_iter().filter(|other| *other == state).count();
        prop_assert_eq!(count("active"), 1);
        prop_assert!(count("pending") <= 1);
        prop_assert!(
            *request != RotationRequest::Rotate || count("pending") == 1 || states(ring).contains(&"pending")
        );
        let revokes_active = ring.active().is_some_and(|key| request.revoked() == Some(&key.id));
        for key in next.keys() {
            let is_new = ring.keys().iter().all(|other| other.id != key.id);
            let signs = matches!(key.state, KeyState::Active { .. });
            prop_assert!(!(is_new && signs) || revokes_active, "a key signs unpublished");
        }
        for key in ring.keys() {
            let after = next.keys().iter().find(|other| other.id == key.id).map(|other| other.state);
            match (key.state, after) {
                (KeyState::Revoked { .. }, None | Some(KeyState::Revoked { .. }))
                | (KeyState::Active { .. }, Some(KeyState::Retiring { .. })) => (),
                (_, Some(KeyState::Revoked { .. })) => prop_assert_eq!(request.revoked(), Some(&key.id)),
                (KeyState::Retiring { since }, None) => prop_assert!(now - since.unix_seconds() >= 2 * HOUR),
                (_, None) => prop_assert!(false, "a key that was not retiring was removed"),
                (KeyState::Pending { since }, Some(KeyState::Active { .. })) => {
                    prop_assert!(now - since.unix_seconds() >= 3 * HOUR || revokes_active);
                }
                (before, Some(after)) => prop_assert_eq!(before, after),
            }
        }
        Ok(())
    }
}
