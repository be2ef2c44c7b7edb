//! The service's own URL, by which its tokens and documents name it.

use std::{fmt, str::FromStr};

use serde::Serialize;

use crate::address::{is_loopback, plain_url};

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

/// The path of the revocation document, below the issuer's URL.
pub const REVOCATIONS_PATH: &str = "/.well-known/pozi-revocations";

impl Issuer {
    /// Returns an issuer of `bytes` characters, at least 8, that only stands for its length.
    pub(crate) fn of_length(bytes: usize) -> Self {
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

    /// Returns the URL at which the issuer publishes its revocation document.
    pub fn revocations_url(&self) -> String {
        format!("{self}{REVOCATIONS_PATH}")
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
    use super::*;

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
