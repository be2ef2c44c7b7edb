//! How long a site is served without a newer revocation document.

use std::time::Duration;

use crate::{
    revocation::Revocations,
    sites::{PastRevocationLimit, Site},
    timestamp::Timestamp,
};

/// How long a verifier goes on without a newer revocation document, and what it does then. Each site chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationLimit {
    /// The age up to which the newest document is new enough.
    pub age: Duration,
    /// What happens to sessions beyond it.
    pub past: PastRevocationLimit,
}

/// The newest revocation document is older than the site accepts, so nobody knows what was revoked since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no revocation document of the last {} s is known, and the site is closed then; check that this machine reaches the service",
    limit.as_secs()
)]
pub struct RevocationsUnavailableError {
    /// The age that the site accepts.
    pub limit: Duration,
}

impl RevocationLimit {
    /// Returns the limit that `site` chooses.
    pub fn of(site: &Site) -> Self {
        Self { age: site.revocation_limit, past: site.past_revocation_limit }
    }

    /// Refuses if the `newest` document is older than the limit at `now`, and the site closes then.
    pub fn check(self, newest: &Revocations, now: Timestamp) -> Result<(), RevocationsUnavailableError> {
        if newest.age(now) > self.age && self.past == PastRevocationLimit::Close {
            return Err(RevocationsUnavailableError { limit: self.age });
        }
        Ok(())
    }
}

/// For a verifier that knows nothing of the site: it never closes.
impl Default for RevocationLimit {
    fn default() -> Self {
        Self { age: Duration::from_hours(24), past: PastRevocationLimit::Serve }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closes_only_a_site_that_wants_it_and_only_past_the_limit() {
        let since = Timestamp::from_unix_seconds(1_800_000_000);
        let newest = Revocations::awaited_since(since);
        let age = Duration::from_mins(5);
        for (past, later, is_open) in [
            (PastRevocationLimit::Close, 0, true),
            (PastRevocationLimit::Close, 300, true),
            (PastRevocationLimit::Close, 301, false),
            (PastRevocationLimit::Serve, 301, true),
            (PastRevocationLimit::Serve, u64::MAX >> 1, true),
        ] {
            let limit = RevocationLimit { age, past };
            let found = limit.check(&newest, since.plus(Duration::from_secs(later)));
            assert_eq!(found.is_ok(), is_open, "{past:?} after {later} s");
            assert!(found.is_ok() || found == Err(RevocationsUnavailableError { limit: age }));
        }
        let now = Timestamp::from_unix_seconds(since.unix_seconds() - 1_000);
        let limit = RevocationLimit { age, past: PastRevocationLimit::Close };
        assert!(limit.check(&newest, now).is_ok(), "this clock was set back");
        assert!(limit.check(&Revocations::none(), now).is_err(), "no document, and none is awaited");
    }
}
