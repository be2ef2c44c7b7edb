//! The claims of a session token (RFC 9068 §2.2): whose it is, for which site and catalogues, and until when. It has no
//! name, e-mail address or group id, so a leaked session reveals nothing else about its person.

use std::{fmt, str::FromStr};

use serde::Serialize;
use uuid::Uuid;

use crate::{
    address::{is_loopback, plain_url},
    entra::VerifiedSubject,
    identifiers::{ClientId, TenantId},
    revision::Revision,
    sites::Grant,
    timestamp::Timestamp,
};

/// The `typ` of a session token's header (RFC 9068 §2.1), which no Entra token has.
pub(super) const TYPE: &str = "at+jwt";

/// The service's own URL, `iss` of its tokens: https, without a trailing slash (http on a loopback host, for local trials).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

/// A text is not an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an issuer is an https URL without user, query, fragment or trailing slash (http only for localhost); its path may have letters, digits, -, _, . and ~"
)]
pub struct IssuerError;

/// The claims of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionClaims {
    /// Who minted it.
    pub iss: Issuer,
    /// The site's external URL.
    pub aud: String,
    /// `<tid>.<oid>`: the same for a person in every session, and unique across tenants.
    pub sub: String,
    /// The client that the person used.
    pub client_id: ClientId,
    /// The person's tenant.
    pub tid: TenantId,
    /// When it was minted.
    pub iat: Timestamp,
    /// When it ends.
    pub exp: Timestamp,
    /// Its own id, a random UUID.
    pub jti: String,
    /// What it gives access to: `<catalogue>:<download|read|write>`, separated by spaces.
    pub scope: String,
    /// The part of `scope` that the site's rules allow, perhaps nothing. Only in a session of a site that is observed, whose
    /// `scope` opens every catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforced_scope: Option<String>,
    /// The revision of the site's document that the session was decided by.
    pub policy_revision: Revision,
}

impl SessionClaims {
    /// Returns the claims of a session of `subject` under `grant`, with `id` as its `jti`. It ends with the grant's lifetime
    /// or the subject token, whichever is earlier.
    pub fn new(issuer: &Issuer, subject: &VerifiedSubject, grant: &Grant, id: Uuid, now: Timestamp) -> Self {
        Self {
            iss: issuer.clone(),
            aud: grant.audience().to_owned(),
            sub: Self::subject(subject),
            client_id: subject.client(),
            tid: subject.tenant(),
            iat: now,
            exp: now.plus(grant.life()).min(subject.expires()),
            jti: id.to_string(),
            scope: grant.scope().to_string(),
            enforced_scope: grant.observed().map(|observed| observed.enforced_scope.to_string()),
            policy_revision: grant.revision(),
        }
    }

    /// Returns the claim `sub` of every session of `subject`.
    pub fn subject(subject: &VerifiedSubject) -> String {
        format!("{}.{}", subject.tenant(), subject.object())
    }

    /// Returns the seconds from minting until the session ends.
    pub fn expires_in(&self) -> u64 {
        self.exp.since(self.iat).as_secs()
    }
}

impl Issuer {
    /// Returns an issuer of `bytes` characters, at least 8, that only stands for its length.
    pub(super) fn of_length(bytes: usize) -> Self {
        Self(format!("https://{}", "i".repeat(bytes.saturating_sub(8))))
    }

    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the URL at which the issuer publishes its keys.
    pub fn key_set_url(&self) -> String {
        format!("{self}/.well-known/jwks.json")
    }

    /// Returns the URL's path without a trailing slash: empty for a host alone.
    pub fn path(&self) -> &str {
        let after_scheme = self.0.find("://").map_or(0, |at| at + 3);
        self.0[after_scheme..].find('/').map_or("", |at| &self.0[after_scheme + at..])
    }
}

impl FromStr for Issuer {
    type Err = IssuerError;

    fn from_str(text: &str) -> Result<Self, IssuerError> {
        let url = plain_url(text).map_err(|_| IssuerError)?;
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        // Not normalised: tokens and the configuration of every verifier have exactly these characters.
        let as_written = url.as_str().strip_suffix('/').unwrap_or(url.as_str());
        if secure && as_written == text && is_plain_path(url.path()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IssuerError)
        }
    }
}

/// Whether `path` is `/`, or has only segments of unreserved characters (RFC 3986 §2.3): routes are made of them.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    path == "/" || path.split('/').skip(1).all(|part| !part.is_empty() && part.bytes().all(is_plain))
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        entra::{Groups, testing::subject},
        sites::{Enforcement, Site, decide, documents, testing},
    };

    fn claims(life: u64, subject_expires: u64) -> SessionClaims {
        let grant = testing::grant("planning:read", Duration::from_secs(life));
        let subject = subject(Groups::Listed(BTreeSet::new()), Timestamp::from_unix_seconds(subject_expires));
        let issuer = "https://auth.example".parse().unwrap();
        SessionClaims::new(&issuer, &subject, &grant, Uuid::nil(), Timestamp::from_unix_seconds(1_000))
    }

    /// RFC 8693 §5.
    #[test]
    fn a_session_never_outlives_its_subject_token() {
        assert_eq!(claims(600, 5_000).expires_in(), 600);
        assert_eq!(claims(600, 1_200).expires_in(), 200);
    }

    /// RFC 8693 §6; RFC 9068 §2.2.2.
    #[test]
    fn names_the_person_by_tenant_and_object_id_only() {
        let claims = serde_json::to_value(claims(600, 5_000)).unwrap();
        let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["aud", "client_id", "exp", "iat", "iss", "jti", "policy_revision", "scope", "sub", "tid"]
        );
        assert_eq!(
            claims["sub"],
            "00000000-0000-0000-0000-000000000001.00000000-0000-0000-0000-000000000002"
        );
    }

    /// Returns the claims of a person in no group at riverbend, which is at revision 7 and observed or not.
    fn minted(enforcement: Enforcement, life: Duration, now: Timestamp, expires: Timestamp) -> SessionClaims {
        let site = Site { enforcement, session_life: life, revision: Revision(7), ..documents::site() };
        let person = subject(Groups::Listed(BTreeSet::new()), expires);
        let grant = decide(&person, &site, None, now).unwrap();
        SessionClaims::new(&"https://auth.example".parse().unwrap(), &person, &grant, Uuid::nil(), now)
    }

    #[test]
    fn a_session_carries_the_revision_and_an_observed_one_what_the_rules_allow() {
        // 2027-01-15 08:00 UTC.
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let later = now.plus(Duration::from_hours(1));
        let minted = |enforcement: &str| {
            let claims = minted(enforcement.parse().unwrap(), Duration::from_mins(10), now, later);
            serde_json::to_value(claims).unwrap()
        };
        let enforced = minted("enforced");
        assert_eq!((&enforced["policy_revision"], enforced.get("enforced_scope")), (&7.into(), None));
        let observed = minted("observe until 2027-02-01");
        assert_eq!(observed["policy_revision"], 7);
        assert_eq!(observed["scope"], "parks:read planning:read planning:write");
        assert_eq!(observed["enforced_scope"], "parks:read");
    }

    proptest! {
        /// Whatever the time, the site's settings and the subject token's end.
        #[test]
        fn no_observed_session_lives_past_the_last_day(
            now in 1_799_000_000..1_801_000_000_u64,
            day in 0..80_u64,
            minutes in 1..=60_u64,
            token in 1..200_000_u64,
        ) {
            const DAY: u64 = 86_400;
            let until = crate::sites::Day::of(Timestamp::from_unix_seconds(1_799_000_000 + day * DAY));
            let end = (1_799_000_000 / DAY + day + 1) * DAY;
            let enforcement = format!("observe until {until}").parse().unwrap();
            let at = Timestamp::from_unix_seconds;
            let claims = minted(enforcement, Duration::from_mins(minutes), at(now), at(now + token));
            let is_observed = now < end && end - DAY <= (now / DAY + 60) * DAY;
            prop_assert_eq!(claims.enforced_scope.is_some(), is_observed);
            let own = now + minutes * 60;
            let expected = if is_observed { own.min(end) } else { own }.min(now + token);
            prop_assert_eq!(claims.exp.unix_seconds(), expected);
            prop_assert!(!is_observed || claims.exp.unix_seconds() <= end);
            prop_assert!(is_observed || claims.scope == "parks:read", "enforced on any other day");
        }
    }

    /// RFC 6749 §3.2; RFC 8414 §2, §3.1; RFC 8693 §6; RFC 9110 §4.2.4.
    #[test]
    fn accepts_an_issuer_only_in_its_normal_form() {
        for text in [
            "https://auth.example",
            "https://auth.example/pozi",
            "https://auth.example:8443",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
        ] {
            assert_eq!(text.parse::<Issuer>().map(|issuer| issuer.to_string()).as_deref(), Ok(text));
        }
        for (text, path) in [
            ("https://auth.example", ""),
            ("https://[::1]/c", "/c"),
            ("http://[::1]:8080", ""),
            ("https://auth.example:8443/a/b", "/a/b"),
        ] {
            assert_eq!(text.parse::<Issuer>().unwrap().path(), path);
        }
        for text in [
            "",
            "auth.example",
            "http://auth.example",
            "https://auth.example/",
            "https://AUTH.example",
            "https://auth.example?x",
            "https://auth.example#x",
            "https://u@auth.example",
            "http://localhost.evil.example",
            "https://auth.example/pozi/",
            "https://auth.example/a//b",
            "https://auth.example/a%20b",
            "https://auth.example/{stage}",
            "https://auth.example/:stage",
            "https://auth.example/*",
        ] {
            assert!(text.parse::<Issuer>().is_err(), "{text}");
        }
    }
}
