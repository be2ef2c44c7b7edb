//! A person's token: read within limits, and judged by the exchange itself.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use pozi_auth::{
    adapters::HttpKeySets,
    entra::{
        Groups, KEY_LIFETIMES, KeySetFetch, KeySetLocation, SubjectRefusal, TenantKeys, UnverifiedToken,
    },
    error::with_causes,
    fetch::FetchError,
    jws::MAX_TOKEN_BYTES,
    oauth::{ExchangeError, RequestRefusal},
    sites::Site,
    timestamp::Timestamp,
};
use pozi_token_exchange::Explanation;

use super::sites::KnownSites;

/// A token as read. It has no `Debug` form, so that nothing can print it.
pub(super) struct Token(String);

/// What the exchange would do with a token.
pub(super) enum Judged {
    /// The token is accepted.
    Accepted(Explanation),
    /// The exchange refuses it.
    Refused(ExchangeError),
    /// Nobody knows whether Entra issued it, because its tenant's keys cannot be fetched.
    Unverified {
        /// Why not.
        why: String,
        /// The groups that its text claims, at the site that the command line names.
        claimed: Groups,
    },
}

impl Token {
    /// Reads a token from the file at `path`, or from standard input if that is `-`. One line break at its end belongs to the
    /// file.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") { Self::from(io::stdin().lock()) } else { Self::from(File::open(path)?) }
    }

    fn from(source: impl Read) -> io::Result<Self> {
        let mut text = String::new();
        // More than the largest token, so that a larger one is refused for its size.
        source.take(4 * MAX_TOKEN_BYTES as u64).read_to_string(&mut text)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Self(line.strip_suffix('\r').unwrap_or(line).to_owned()))
    }

    /// Returns its text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what an exchange at `now` would do with the token, among the sites that are `known`. Its tenant's keys are
    /// fetched with `fetch`.
    pub(super) async fn judge(
        &self,
        site: &Site,
        known: &KnownSites,
        fetch: HttpKeySets,
        now: Timestamp,
    ) -> Judged {
        if self.0.len() > MAX_TOKEN_BYTES {
            return Judged::Refused(RequestRefusal::TokenTooLarge { bytes: self.0.len() }.into());
        }
        let last_error = Arc::default();
        let fetch = ReportingFetch { fetch, last_error: Arc::clone(&last_error) };
        let keys = TenantKeys::new(fetch, KEY_LIFETIMES);
        match pozi_token_exchange::explain(&self.0, known, &keys, &known.revoked(), now).await {
            Ok(explanation) => Judged::Accepted(explanation),
            Err(ExchangeError::Subject(SubjectRefusal::KeysUnavailable { retry_after })) => {
                let why = last_error.lock().unwrap_or_else(PoisonError::into_inner).take();
                self.unverified(site, why, retry_after)
            }
            Err(error) => Judged::Refused(error),
        }
    }

    fn unverified(&self, site: &Site, why: Option<String>, retry_after: std::time::Duration) -> Judged {
        match UnverifiedToken::parse(&self.0) {
            Ok(token) => Judged::Unverified {
                why: why.unwrap_or_else(|| "the answer is not a key set".to_owned()),
                claimed: token.into_claimed_groups(site.expected.groups_as_roles),
            },
            // Unreachable, because the exchange has parsed it; the refusal is the exchange's.
            Err(_) => Judged::Refused(SubjectRefusal::KeysUnavailable { retry_after }.into()),
        }
    }
}

/// Fetches key sets, and keeps the last error for people.
struct ReportingFetch {
    fetch: HttpKeySets,
    last_error: Arc<Mutex<Option<String>>>,
}

impl KeySetFetch for ReportingFetch {
    async fn fetch(&self, location: KeySetLocation) -> Result<Vec<u8>, FetchError> {
        let fetched = self.fetch.fetch(location).await;
        if let Err(error) = &fetched {
            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(with_causes(error));
        }
        fetched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_belongs_to_the_file_and_the_size_is_limited() {
        let read = |text: &str| Token::from(text.as_bytes()).unwrap().0;
        for (text, expected) in
            [("a.b.c", "a.b.c"), ("a.b.c\n", "a.b.c"), ("a.b.c\r\n", "a.b.c"), ("a\n\n", "a\n"), (" a", " a")]
        {
            assert_eq!(read(text), expected, "{text:?}");
        }
        assert_eq!(read(&"x".repeat(1 << 20)).len(), 4 * MAX_TOKEN_BYTES);
    }
}
