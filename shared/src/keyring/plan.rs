//! What is due for a key ring at a given time. Pure, so that tests can walk through every day of a key's life.

use std::time::Duration;

use super::{KeyId, KeyRing, KeyState, NewKey, RingKey, SigningAlgorithm};
use crate::{sites::MAX_SESSION_MINUTES, timestamp::Timestamp};

/// How long a key spends in each state, long enough that no session is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationPolicy {
    algorithm: SigningAlgorithm,
    times: RotationTimes,
}

/// The times of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationTimes {
    /// How long a key is published before it signs.
    pub publish_before: Duration,
    /// How long it signs.
    pub sign_for: Duration,
    /// How long it stays published after it last signed.
    pub keep_after: Duration,
    /// How long a consumer may use an older key set: `max-age` plus `stale-while-revalidate`, plus the time that the
    /// publisher takes to read a new ring. AWS HTTP APIs keep a key set for 2 h.
    pub held_by_consumers: Duration,
    /// How long a signer may use an older ring.
    pub held_by_signers: Duration,
}

/// Times with which a session could be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotationPolicyError {
    /// A key would sign while consumers still hold a key set without it.
    #[error("a key must be published, before it signs, for as long as consumers may hold an older key set")]
    PublishedTooBriefly,
    /// A key would be replaced before its successor was published long enough.
    #[error("a key must sign for longer than its successor is published beforehand")]
    SignsTooBriefly,
    /// A key would be removed before the last token that it signed expires.
    #[error(
        "a key must stay published, after it last signed, for the longest session ({MAX_SESSION_MINUTES} min) plus the time that a signer may hold an older ring"
    )]
    KeptTooBriefly,
}

/// What to do with a ring now: nothing, most of the time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Make a key: the first one of a ring, or the next one.
    pub create: bool,
    /// Make this pending key the active one.
    pub promote: Option<KeyId>,
    /// Retire this active key.
    pub retire: Option<KeyId>,
    /// Remove these keys.
    pub remove: Vec<KeyId>,
    /// Note that the times of these keys are in the future, so that their age counts from this run.
    pub note_future: Vec<KeyId>,
}

impl RotationPolicy {
    /// Creates a policy for keys of `algorithm`; refuses times with which a session could be lost.
    pub fn new(algorithm: SigningAlgorithm, times: RotationTimes) -> Result<Self, RotationPolicyError> {
        if times.publish_before < times.held_by_consumers {
            return Err(RotationPolicyError::PublishedTooBriefly);
        }
        if times.sign_for <= times.publish_before {
            return Err(RotationPolicyError::SignsTooBriefly);
        }
        if times.keep_after < Duration::from_mins(MAX_SESSION_MINUTES) + times.held_by_signers {
            return Err(RotationPolicyError::KeptTooBriefly);
        }
        Ok(Self { algorithm, times })
    }

    /// Returns what its keys sign with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }
}

/// Returns how long the newest pending or active key has been in its state. It grows without bound when rotation has
/// stopped. A key whose time is in the future does not count until a run has noted that: it is not new.
pub fn newest_key_age(ring: &KeyRing, now: Timestamp) -> Option<Duration> {
    let age = |key: &RingKey| match key.state {
        KeyState::Pending { .. } | KeyState::Active { .. } => key.age(now),
        KeyState::Retiring { .. } => None,
    };
    ring.keys().iter().filter_map(age).min()
}

/// Returns what to do at `now` with `ring` (`None`: nothing is stored yet).
///
/// A time in the future was stored by a run whose clock was ahead, unless the clock of this run is behind. Either way, nothing
/// is removed or promoted because of it, and nothing waits for it: the key's age counts from the first run that saw it.
pub fn plan(ring: Option<&KeyRing>, now: Timestamp, policy: &RotationPolicy) -> Plan {
    let Some(ring) = ring else { return Plan { create: true, ..Plan::default() } };
    let mut plan = Plan::default();
    let mut active = None;
    let mut pending = None;
    for key in ring.keys() {
        let known = key.age(now);
        if known.is_none() {
            plan.note_future.push(key.id.clone());
        }
        let age = known.unwrap_or_default();
        match key.state {
            KeyState::Pending { .. } => pending = pending.or(Some((&key.id, age))),
            KeyState::Active { .. } => active = Some((&key.id, age)),
            KeyState::Retiring { .. } if age >= policy.times.keep_after => plan.remove.push(key.id.clone()),
            KeyState::Retiring { .. } => (),
        }
    }
    match (active, pending) {
        (Some((active, signed_for)), Some((pending, published_for))) => {
            if signed_for >= policy.times.sign_for && published_for >= policy.times.publish_before {
                plan.retire = Some(active.clone());
                plan.promote = Some(pending.clone());
            }
        }
        (Some((_, signed_for)), None) => {
            plan.create = signed_for + policy.times.publish_before >= policy.times.sign_for;
        }
        (None, _) => (),
    }
    plan
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
        let Some(ring) = ring else { return KeyRing::first(policy.algorithm, new?, now) };
        let next = |key: &RingKey| match Some(&key.id) {
            id if id == self.promote.as_ref() => (KeyState::Active { since: now }, None),
            id if id == self.retire.as_ref() => (KeyState::Retiring { since: now }, None),
            _ if self.note_future.contains(&key.id) => (key.state, Some(now)),
            _ => (key.state, key.seen),
        };
        let kept = ring.keys().iter().filter(|key| !self.remove.contains(&key.id));
        let changed = |key: &RingKey| {
            let (state, seen) = next(key);
            RingKey { state, seen, ..key.clone() }
        };
        let mut keys: Vec<_> = kept.map(changed).collect();
        keys.extend(new.and_then(|new| RingKey::new(new, KeyState::Pending { since: now })));
        Some(ring.with_keys(keys))
    }
}

/// For the tests of this module.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Published for 3 h, signing for a day, kept for 2 h.
    pub(in super::super) fn policy(algorithm: SigningAlgorithm) -> RotationPolicy {
        let times = RotationTimes {
            publish_before: Duration::from_hours(3),
            sign_for: Duration::from_hours(24),
            keep_after: Duration::from_hours(2),
            held_by_consumers: Duration::from_hours(2),
            held_by_signers: Duration::from_hours(1),
        };
        RotationPolicy::new(algorithm, times).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keyring::ring::testing::new_key;

    const HOUR: u64 = 3_600;
    const START: u64 = 1_800_000_000;

    fn policy() -> RotationPolicy {
        testing::policy(SigningAlgorithm::Es256)
    }

    fn step(ring: Option<&KeyRing>, now: u64) -> Option<KeyRing> {
        let now = Timestamp::from_unix_seconds(now);
        let plan = plan(ring, now, &policy());
        let new = plan.create.then(|| new_key(SigningAlgorithm::Es256));
        if plan.is_empty() { ring.cloned() } else { plan.applied_to(ring, new, &policy(), now) }
    }

    fn states(ring: &KeyRing) -> Vec<&'static str> {
        let name = |key: &RingKey| match key.state {
            KeyState::Pending { .. } => "pending",
            KeyState::Active { .. } => "active",
            KeyState::Retiring { .. } => "retiring",
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
        assert_eq!(plan(Some(&ring), now, &policy()).note_future, [ring.keys()[0].id.clone()]);
        let noted = step(Some(&ring), START).unwrap();
        assert!(plan(Some(&noted), now, &policy()).is_empty(), "it is noted once");
        let later = Timestamp::from_unix_seconds(START + 5 * HOUR);
        assert_eq!(newest_key_age(&noted, later), Some(Duration::from_hours(5)));
    }

    #[test]
    fn refuses_times_with_which_a_session_could_be_lost() {
        let error = |change: fn(&mut RotationTimes)| {
            let minutes = |count: u64| Duration::from_secs(count * 60);
            let mut times = RotationTimes {
                publish_before: minutes(10),
                sign_for: minutes(11),
                keep_after: minutes(65),
                held_by_consumers: minutes(10),
                held_by_signers: minutes(5),
            };
            change(&mut times);
            RotationPolicy::new(SigningAlgorithm::Es256, times).err()
        };

        assert_eq!(error(|_| ()), None, "each is as short as allowed");
        assert_eq!(
            error(|times| times.publish_before -= Duration::from_secs(1)),
            Some(RotationPolicyError::PublishedTooBriefly)
        );
        assert_eq!(
            error(|times| times.held_by_consumers += Duration::from_secs(1)),
            Some(RotationPolicyError::PublishedTooBriefly)
        );
        assert_eq!(
            error(|times| times.sign_for = times.publish_before),
            Some(RotationPolicyError::SignsTooBriefly)
        );
        assert_eq!(
            error(|times| times.keep_after -= Duration::from_secs(1)),
            Some(RotationPolicyError::KeptTooBriefly)
        );
        assert_eq!(
            error(|times| times.held_by_signers += Duration::from_secs(1)),
            Some(RotationPolicyError::KeptTooBriefly)
        );
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
}
