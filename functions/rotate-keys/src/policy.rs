//! How keys live on AWS: published for longer than any consumer keeps an older set before they sign, and for longer than
//! any session afterwards.

use std::time::Duration;

use pozi_auth::{
    keyring::{PolicyProblem, RING_LIFETIMES, RotationPolicy, RotationTimes, SigningAlgorithm},
    sites::MAX_SESSION_MINUTES,
};

/// The built-in JWT authorizer of HTTP APIs keeps a key set for two hours.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>.
const HELD_BY_CONSUMERS: Duration = Duration::from_hours(2);

/// An hour more, for a publisher that reads the ring late and a run that comes late.
const PUBLISH_BEFORE: Duration = Duration::from_hours(3);

/// Keys of `algorithm` that sign for `sign_for` each.
pub fn policy(algorithm: SigningAlgorithm, sign_for: Duration) -> Result<RotationPolicy, PolicyProblem> {
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
    fn a_key_signs_for_longer_than_its_successor_is_published_beforehand_or_there_is_no_policy() {
        for (hours, sound) in [(0, false), (3, false), (4, true), (168, true)] {
            let made = policy(SigningAlgorithm::Es256, Duration::from_hours(hours));
            assert_eq!(made.is_ok(), sound, "{hours} h");
        }
    }
}
