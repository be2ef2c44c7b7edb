//! How long a key spends in each state: before it signs, published for longer than any consumer keeps an older set, and
//! afterwards for longer than any session.

use std::time::Duration;

use super::{RING_LIFETIMES, SigningAlgorithm};
use crate::sites::MAX_SESSION_MINUTES;

/// How long a consumer may keep a key set. The built-in JWT authorizer of HTTP APIs keeps one for two hours.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>.
pub const HELD_BY_CONSUMERS: Duration = Duration::from_hours(2);

/// How long the service publishes a key before it signs: an hour longer than consumers keep an older set, for a publisher
/// that reads the ring late and a run that comes late.
pub const PUBLISH_BEFORE: Duration = Duration::from_hours(3);

/// How long the service publishes a key after it last signed: for the longest session, and the time that a signer may use an
/// older ring.
pub const KEEP_AFTER: Duration =
    Duration::from_secs(60 * MAX_SESSION_MINUTES + RING_LIFETIMES.keep.as_secs());

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
    /// How long it signs, unless a rotation is asked for earlier.
    pub sign_for: Duration,
    /// How long it stays published after it last signed.
    pub keep_after: Duration,
    /// How long a consumer may use an older key set: `max-age`, plus the time that a shared cache and the publisher take to read
    /// a new ring. AWS HTTP APIs keep a key set for 2 h.
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

    /// Returns the service's own policy, for keys of `algorithm` that sign for `sign_for` each.
    pub fn of_service(algorithm: SigningAlgorithm, sign_for: Duration) -> Result<Self, RotationPolicyError> {
        let times = RotationTimes {
            publish_before: PUBLISH_BEFORE,
            sign_for,
            keep_after: KEEP_AFTER,
            held_by_consumers: HELD_BY_CONSUMERS,
            held_by_signers: RING_LIFETIMES.keep,
        };
        Self::new(algorithm, times)
    }

    /// Returns the times.
    pub(super) fn times(&self) -> &RotationTimes {
        &self.times
    }

    /// Returns what its keys sign with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
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
    use super::*;

    #[test]
    fn the_service_refuses_keys_that_sign_no_longer_than_they_are_published_beforehand() {
        for (hours, valid) in [(0, false), (3, false), (4, true), (168, true)] {
            let policy = RotationPolicy::of_service(SigningAlgorithm::Es256, Duration::from_hours(hours));
            assert_eq!(policy.is_ok(), valid, "{hours} h");
        }
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
}
