//! Plain URLs, without user, query or fragment, and loopback URLs, the only ones to fetch from over http.

use std::{fmt, str::FromStr};

use fluent_uri::Uri;
use url::{Host, Url};

/// An http or https URL with a loopback host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopbackUrl(Url);

/// A text is not a [`LoopbackUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a URL on this machine, such as http://localhost:8080/entra")]
pub struct LoopbackUrlError;

/// A URL to fetch documents from: https, or http with a loopback host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecureUrl(Url);

/// A text is not a [`SecureUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an https URL without user, query or fragment (http is allowed for localhost only)")]
pub struct SecureUrlError;

/// Parses a URL with a host and without user, query or fragment. The error says what is required, as in "must be …".
pub fn plain_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a full URL, such as https://host/path/")?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !url.has_host() || has_user || url.query().is_some() || url.fragment().is_some() {
        return Err("must have a host, and no user, query or fragment");
    }
    Ok(url)
}

/// Whether `text` is an absolute URI to the letter of RFC 3986 §4.3: with a scheme and without a fragment. One of http or
/// https also has a host (RFC 9110 §4.2). `Url` is the browsers' parser, which mends spaces, slashes and letters.
pub fn is_absolute_uri(text: &str) -> bool {
    let Ok(uri) = Uri::parse(text) else { return false };
    let needs_host =
        ["http", "https"].iter().any(|scheme| uri.scheme().as_str().eq_ignore_ascii_case(scheme));
    let has_host = uri.authority().is_some_and(|authority| !authority.host().is_empty());
    !uri.has_fragment() && (has_host || !needs_host)
}

/// Whether `url`'s host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl LoopbackUrl {
    /// Returns the URL without a trailing slash.
    pub fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl SecureUrl {
    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl FromStr for SecureUrl {
    type Err = SecureUrlError;

    fn from_str(text: &str) -> Result<Self, SecureUrlError> {
        let url = plain_url(text).map_err(|_| SecureUrlError)?;
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if secure { Ok(Self(url)) } else { Err(SecureUrlError) }
    }
}

impl FromStr for LoopbackUrl {
    type Err = LoopbackUrlError;

    fn from_str(text: &str) -> Result<Self, LoopbackUrlError> {
        let url = Url::parse(text).map_err(|_| LoopbackUrlError)?;
        let is_http = matches!(url.scheme(), "http" | "https");
        if is_http && is_loopback(&url) { Ok(Self(url)) } else { Err(LoopbackUrlError) }
    }
}

impl fmt::Display for LoopbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8707 §2; RFC 9110 §4.2.2.
    #[test]
    fn an_absolute_uri_is_one_to_the_letter() {
        for text in [
            "https://riverbend.example/pozi/",
            "HTTPS://riverbend.example",
            "https://riverbend.example:8443/a%20b?c=d",
            "urn:example:riverbend",
        ] {
            assert!(is_absolute_uri(text), "{text}");
        }
        for text in [
            "",
            "riverbend",
            "/pozi/",
            "//riverbend.example/pozi/",
            " https://riverbend.example/pozi/",
            "https://riverbend.example/pozi/ ",
            "\thttps://riverbend.example/pozi/",
            "https:riverbend.example/pozi/",
            "https:/riverbend.example/pozi/",
            "https:///riverbend.example/pozi/",
            "https:\\\\riverbend.example\\pozi\\",
            "https://riverbend.example\\pozi/",
            "https://riverbend.example/po zi/",
            "https://riverbend.example/po\nzi/",
            "https://ｒiverbend.example/pozi/",
            "https://riverbend。example/pozi/",
            "https://bücher.example/",
            "https://riverbend.example/%zz",
            "https://riverbend.example/{pozi}",
            "https://riverbend.example/#",
            "https://riverbend.example/#a",
            "https://:443/",
        ] {
            assert!(!is_absolute_uri(text), "{text:?}");
        }
    }

    #[test]
    fn accepts_plain_http_for_loopback_hosts_only() {
        for text in
            ["https://auth.example/.well-known/jwks.json", "http://localhost:8080/keys", "http://[::1]/keys"]
        {
            assert_eq!(text.parse::<SecureUrl>().unwrap().as_str(), text);
        }
        for text in [
            "http://auth.example/keys",
            "http://localhost.evil.example",
            "https://u@auth.example",
            "file:///keys",
            "https:///",
        ] {
            assert_eq!(text.parse::<SecureUrl>(), Err(SecureUrlError), "{text}");
        }
    }

    #[test]
    fn accepts_loopback_urls_only() {
        for text in ["http://localhost:8080/entra/", "http://127.0.0.1:1/entra", "https://[::1]/entra"] {
            assert!(text.parse::<LoopbackUrl>().unwrap().base().ends_with("/entra"));
        }
        for text in [
            "https://login.evil.example",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "http://10.0.0.1",
            "localhost",
            "file:///keys",
        ] {
            assert_eq!(text.parse::<LoopbackUrl>(), Err(LoopbackUrlError), "{text}");
        }
    }
}
