//! The rotation policy on AWS: a key is published, before it signs, for longer than any consumer keeps an older set, and
//! afterwards for longer than any session.

use std::time::Duration;

use pozi_auth::{
    keyring::{RING_LIFETIMES, RotationPolicy, RotationPolicyError, RotationTimes, SigningAlgorithm},
    sites::MAX_SESSION_MINUTES,
};

/// The built-in JWT authorizer of HTTP APIs keeps a key set for two hours.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>.
const HELD_BY_CONSUMERS: Duration = Duration::from_hours(2);

/// An hour longer, for a publisher that reads the ring late and a run that comes late.
const PUBLISH_BEFORE: Duration = Duration::from_hours(3);

/// Returns the policy for keys of `algorithm` that sign for `sign_for` each.
pub fn policy(
    algorithm: SigningAlgorithm,
    sign_for: Duration,
) -> Result<RotationPolicy, RotationPolicyError> {
    let times = RotationTimes {
        publish_before: PUBLISH_BEFORE,
        sign_for,
        keep_after: Duration::from_mins(MAX_SESSION_MINUTES) + RING_LIFETIMES.keep,
        held_by_consumers: HELD_BY_CONSUMERS,
        held_by_signers: RING_LIFETIMES.keep,
    };
    RotationPolicy::new(algorithm, times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_keys_that_sign_no_longer_than_they_are_published_beforehand() {
        for (hours, valid) in [(0, false), (3, false), (4, true), (168, true)] {
            let policy = policy(SigningAlgorithm::Es256, Duration::from_hours(hours));
            assert_eq!(policy.is_ok(), valid, "{hours} h");
        }
    }
}
