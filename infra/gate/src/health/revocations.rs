//! The revocation document in `/health`.

use std::time::Duration;

use pozi_auth::{
    revocation::RevocationDocumentError,
    session::{RevocationLimit, RevocationStatus},
    sites::PastRevocationLimit,
    timestamp::Timestamp,
};
use serde::Serialize;

/// The age from which the document deserves attention: the service makes a new one every minute.
const OLD: Duration = Duration::from_mins(5);

/// What is known of revoked sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevocationsReport {
    /// The number of the newest revocation document; nothing if there never was one.
    pub sequence: Option<u64>,
    /// How many keys, sites, people and sessions it revokes.
    pub entries: usize,
    /// Its age, in seconds, by its own time; nothing if there never was one.
    pub age_seconds: Option<u64>,
    /// Whether every request is refused, because the document is older than the site accepts.
    pub is_closed: bool,
    /// What is wrong and how to fix it; nothing if the document is new.
    pub problem: Option<String>,
}

impl RevocationsReport {
    pub(super) fn of(status: &RevocationStatus, limit: RevocationLimit, now: Timestamp) -> Self {
        let RevocationStatus { newest, is_received, refused } = status;
        let problems = [refused.as_ref().map(offered), old(status, limit, now)];
        let problems: Vec<_> = problems.into_iter().flatten().collect();
        Self {
            sequence: is_received.then(|| newest.sequence()),
            entries: newest.count(),
            age_seconds: is_received.then(|| newest.age(now).as_secs()),
            is_closed: limit.check(newest, now).is_err(),
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
        }
    }
}

/// Returns what is wrong with a document that was refused.
fn offered(error: &RevocationDocumentError) -> String {
    if let RevocationDocumentError::Older { .. } = error {
        format!("the service offers an older revocation document than the one in force: {error}")
    } else {
        format!("the revocation document that the service offers is refused: {error}")
    }
}

/// Returns how old the newest document is and what follows from that; nothing if it is new.
fn old(status: &RevocationStatus, limit: RevocationLimit, now: Timestamp) -> Option<String> {
    let age = status.newest.age(now);
    if age <= OLD {
        return None;
    }
    let seconds = age.as_secs();
    let found = if status.is_received {
        format!("the newest revocation document is {seconds} s old")
    } else {
        format!("no revocation document arrived in {seconds} s")
    };
    let effect = match limit.past {
        PastRevocationLimit::Serve => "what is revoked meanwhile stays open until it expires".to_owned(),
        PastRevocationLimit::Close if age > limit.age => {
            "every request is refused until a new one arrives".to_owned()
        }
        PastRevocationLimit::Close => {
            format!("every request will be refused in {} s", limit.age.saturating_sub(age).as_secs())
        }
    };
    Some(format!("{found}, and {effect}; check that this machine reaches the service (`pozi-gate check`)"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pozi_auth::revocation::Revocations;

    use super::*;

    const SINCE: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn problem(
        past: PastRevocationLimit,
        refused: Option<RevocationDocumentError>,
        seconds: u64,
    ) -> (bool, Option<String>) {
        let newest = Arc::new(Revocations::awaited_since(SINCE));
        let limit = RevocationLimit { age: Duration::from_mins(10), past };
        let now = SINCE.plus(Duration::from_secs(seconds));
        let status = RevocationStatus { newest, is_received: false, refused };
        let report = RevocationsReport::of(&status, limit, now);
        assert_eq!((report.sequence, report.entries, report.age_seconds), (None, 0, None));
        (report.is_closed, report.problem)
    }

    #[test]
    fn says_what_follows_from_an_old_document() {
        use PastRevocationLimit::{Close, Serve};
        for (past, seconds, is_closed, says) in [
            (Close, 300, false, None),
            (Close, 301, false, Some("every request will be refused in 299 s")),
            (Close, 600, false, Some("every request will be refused in 0 s")),
            (Close, 601, true, Some("every request is refused until")),
            (Serve, 300, false, None),
            (Serve, 100_000, false, Some("no revocation document arrived in 100000 s, and what is revoked")),
        ] {
            let (found, problem) = problem(past, None, seconds);
            assert_eq!(found, is_closed, "{past:?} {seconds}");
            assert_eq!(problem.is_some(), says.is_some(), "{problem:?}");
            assert!(says.is_none_or(|says| problem.as_ref().unwrap().contains(says)), "{problem:?}");
        }
    }

    #[test]
    fn an_older_document_comes_with_the_command_that_helps() {
        let older = RevocationDocumentError::Older { held: 7, held_at: SINCE, offered: 3, offered_at: SINCE };
        let (_, found) = problem(PastRevocationLimit::Serve, Some(older), 0);
        let found = found.unwrap();
        assert!(
            found.contains("an older revocation document")
                && found.contains("`pozi revoke resume --after 7`")
        );
        let forged = Some(RevocationDocumentError::BadSignature);
        let (_, found) = problem(PastRevocationLimit::Serve, forged.clone(), 0);
        assert!(found.unwrap().ends_with("is refused: its signature does not match"));
        let (_, found) = problem(PastRevocationLimit::Serve, forged, 301);
        assert!(found.unwrap().contains("does not match; no revocation document arrived in 301 s"));
    }
}
