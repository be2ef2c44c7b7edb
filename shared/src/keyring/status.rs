//! The states of a ring's keys without the keys, for operators.

use serde::{Deserialize, Serialize};

use super::{KEEP_AFTER, KeyId, KeyRing, KeyState, PUBLISH_BEFORE, RingKey, SigningAlgorithm};
use crate::timestamp::Timestamp;

/// A key of a ring without its halves: nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyStatus {
    /// Its id.
    #[serde(rename = "kid")]
    pub id: KeyId,
    /// What it signs with.
    #[serde(rename = "alg")]
    pub algorithm: SigningAlgorithm,
    /// Its state.
    #[serde(flatten)]
    pub state: KeyState,
    /// When a run first saw that the time in `state` is in the future, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Timestamp>,
}

impl KeyStatus {
    /// Returns the states of the keys of `ring`, the oldest first.
    pub fn all_of(ring: &KeyRing) -> Vec<Self> {
        let status = |key: &RingKey| Self {
            id: key.id.clone(),
            algorithm: ring.algorithm(),
            state: key.state,
            seen: key.seen,
        };
        ring.keys().iter().map(status).collect()
    }

    /// Returns since when rotation counts the key's age at `now`. `None` if its time is in the future, and no run has noted that.
    pub fn since(&self, now: Timestamp) -> Option<Timestamp> {
        let counted = |time: &Timestamp| now.age_of(*time).is_some();
        Some(self.state.since()).filter(counted).or(self.seen.filter(counted))
    }

    /// Returns when this key of `ring` will leave its state, at `now`, with the service's own policy: in the first run after that
    /// time. `None` if it is not known: a key signs for as long as the service is set to, unless its successor is published.
    pub fn changes(&self, ring: &[Self], now: Timestamp) -> Option<Timestamp> {
        match self.state {
            KeyState::Pending { .. } => Some(self.since(now)?.plus(PUBLISH_BEFORE)),
            KeyState::Active { .. } => {
                let next = ring.iter().find(|key| matches!(key.state, KeyState::Pending { .. }))?;
                next.changes(ring, now)
            }
            KeyState::Retiring { .. } => Some(self.since(now)?.plus(KEEP_AFTER)),
            KeyState::Revoked { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::keyring::{RotationPolicy, RotationRequest, plan, ring::testing::new_key};

    const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    /// Runs every quarter of an hour for ten days, and holds each prediction against what happens.
    #[test]
    fn every_predicted_change_happens_in_the_first_run_after_its_time() {
        let policy = RotationPolicy::of_service(SigningAlgorithm::Es256, Duration::from_hours(24)).unwrap();
        let run = |ring: Option<&KeyRing>, now| {
            let plan = plan(ring, now, &policy, &RotationRequest::Due);
            let new = plan.create.then(|| new_key(SigningAlgorithm::Es256));
            plan.applied_to(ring, new, &policy, now).unwrap()
        };
        let mut ring = run(None, START);
        let mut checked = 0;
        for quarter in 1..960 {
            let now = START.plus(Duration::from_mins(15 * quarter));
            let before = KeyStatus::all_of(&ring);
            ring = run(Some(&ring), now);
            for key in &before {
                let after = ring.keys().iter().find(|other| other.id == key.id);
                let is_changed = after.is_none_or(|after| after.state != key.state);
                let Some(predicted) = key.changes(&before, now) else {
                    assert!(!is_changed, "a change that was not known before");
                    continue;
                };
                assert_eq!(is_changed, now >= predicted);
                checked += u32::from(is_changed);
            }
        }
        assert!(checked > 20, "{checked}");
    }

    #[test]
    fn is_written_without_any_half_of_the_key() {
        let key = new_key(SigningAlgorithm::Rs256);
        let ring = KeyRing::first(SigningAlgorithm::Rs256, key, START).unwrap();
        let status = KeyStatus::all_of(&ring);
        let written = serde_json::to_value(&status).unwrap();
        let kid = ring.keys()[0].id.as_str();
        assert_eq!(
            written,
            json!([{ "kid": kid, "alg": "RS256", "state": "active", "since": 1_800_000_000 }])
        );
        assert_eq!(serde_json::from_value::<Vec<KeyStatus>>(written).unwrap(), status);
    }

    #[test]
    fn a_time_in_the_future_counts_from_when_a_run_noted_it() {
        let key = new_key(SigningAlgorithm::Es256);
        let ring = KeyRing::first(SigningAlgorithm::Es256, key, START.plus(Duration::from_hours(9))).unwrap();
        let mut status = KeyStatus::all_of(&ring).remove(0);
        assert_eq!(status.since(START), None);
        status.seen = Some(START);
        assert_eq!(status.since(START.plus(Duration::from_hours(1))), Some(START));
    }
}
