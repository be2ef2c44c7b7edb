//! Web addresses that name a place and nothing else, and those on this very machine, the only ones that plain http is
//! spoken with.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// A URL, http or https, on a loopback host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopbackUrl(Url);

/// A text that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only a URL on this machine is taken, such as http://localhost:8080/entra")]
pub struct NotLoopback;

/// A URL that is fetched from in earnest: https, or http on a loopback host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecureUrl(Url);

/// A text that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only an https URL without user, query or fragment is taken (http only for localhost)")]
pub struct NotSecure;

/// Parses a URL that names a host and has no user, query or fragment; the error says what to write.
pub fn plain_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a whole URL, such as https://host/path/")?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !url.has_host() || has_user || url.query().is_some() || url.fragment().is_some() {
        return Err("must name a host, and have no user, query or fragment");
    }
    Ok(url)
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
    /// The URL without a trailing slash.
    pub fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl SecureUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether TLS is spoken there.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl FromStr for SecureUrl {
    type Err = NotSecure;

    fn from_str(text: &str) -> Result<Self, NotSecure> {
        let url = plain_url(text).map_err(|_| NotSecure)?;
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if secure { Ok(Self(url)) } else { Err(NotSecure) }
    }
}

impl FromStr for LoopbackUrl {
    type Err = NotLoopback;

    fn from_str(text: &str) -> Result<Self, NotLoopback> {
        let url = Url::parse(text).map_err(|_| NotLoopback)?;
        let is_http = matches!(url.scheme(), "http" | "https");
        if is_http && is_loopback(&url) { Ok(Self(url)) } else { Err(NotLoopback) }
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

    #[test]
    fn plain_http_is_spoken_on_this_machine_only() {
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
            assert_eq!(text.parse::<SecureUrl>(), Err(NotSecure), "{text}");
        }
    }

    #[test]
    fn takes_this_machine_and_no_other() {
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
            assert_eq!(text.parse::<LoopbackUrl>(), Err(NotLoopback), "{text}");
        }
    }
}
