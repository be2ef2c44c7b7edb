//! The addresses in a site file, each a type that holds only valid ones.

use std::str::FromStr;

use url::{Host, Url};

use super::text::parsed_text;
use crate::address::plain_url;

/// The site's Application Proxy URL: https, always with a trailing slash. It is the audience of the site's sessions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExternalUrl(Url);

/// The site's URL inside the customer's network, http or https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalUrl(Url);

/// An origin that the Web App is served from (RFC 6454): https, or http on localhost. Without a port, localhost stands for
/// any port, as in Entra's redirect URIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Url);

impl ExternalUrl {
    /// Returns the URL with its trailing slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether `text` is equivalent to this URL (RFC 3986 §6.2), with or without the trailing slash.
    pub fn is_same_as(&self, text: &str) -> bool {
        Url::parse(text).is_ok_and(|url| url == self.0 || url.as_str() == self.application_id_uri())
    }

    /// Returns the Application ID URI of the registration that Application Proxy creates: the URL without its trailing
    /// slash.
    pub fn application_id_uri(&self) -> &str {
        self.as_str().strip_suffix('/').unwrap_or(self.as_str())
    }
}

impl InternalUrl {
    /// Returns the URL as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the path as a client sends it: at least `/`.
    pub fn path(&self) -> &str {
        self.0.path()
    }
}

impl Origin {
    /// Whether a request's `Origin` header names this origin.
    pub fn is_named_by(&self, header: &str) -> bool {
        match header.parse::<Self>() {
            // Browsers serialise an origin in one way only (RFC 6454 §6.2); no other spelling is accepted.
            Ok(found) if found.0.origin().ascii_serialization() != header => false,
            Ok(found) if self.any_port() && self.0.port().is_none() => found.any_port(),
            Ok(found) => found.0.origin() == self.0.origin(),
            Err(_) => false,
        }
    }

    fn any_port(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl FromStr for ExternalUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut url = plain_url(text)?;
        if url.scheme() != "https" {
            return Err("must start with https://, as the external URL of Application Proxy does");
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let as_written =
            url.as_str().eq_ignore_ascii_case(text) || url.as_str().eq_ignore_ascii_case(&format!("{text}/"));
        if !as_written || url.path().contains("//") {
            return Err(
                "must have the plain form https://host/path/, without .., repeated slashes or a default port",
            );
        }
        Ok(Self(url))
    }
}

impl FromStr for InternalUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = plain_url(text)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must start with http:// or https://");
        }
        Ok(Self(url))
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = plain_url(text)?;
        if url.path() != "/" || text.ends_with('/') {
            return Err(
                "must be scheme and host only, such as https://host, without a path or trailing slash",
            );
        }
        match (url.scheme(), url.host()) {
            ("https", _) | ("http", Some(Host::Domain("localhost"))) => Ok(Self(url)),
            _ => Err("must start with https:// (or be http://localhost, for development)"),
        }
    }
}

parsed_text!(ExternalUrl, "external URL", "^https://[^?#@]+$");
parsed_text!(InternalUrl, "internal URL", "^https?://[^?#@]+$");
parsed_text!(Origin, "origin", "^(https://[^/?#@]+|http://localhost(:[0-9]+)?)$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_url_is_https_and_ends_with_a_slash() {
        let url: ExternalUrl = "https://PoziServer-riverbend.example/pozi".parse().unwrap();
        assert_eq!(url.as_str(), "https://poziserver-riverbend.example/pozi/");
        assert_eq!(url.application_id_uri(), "https://poziserver-riverbend.example/pozi");
        for text in [
            "http://riverbend.example/",
            "riverbend.example",
            "https://u@riverbend.example/",
            "https://riverbend.example/?a",
            "https://riverbend.example/#a",
            "https:riverbend.example/pozi/",
            "https://riverbend.example/pozi//",
            "https://riverbend.example/a/../pozi/",
            "https://",
            "file:///pozi",
        ] {
            assert!(text.parse::<ExternalUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn matches_an_origin_exactly() {
        let origin: Origin = "https://riverbend.enterprise.example".parse().unwrap();
        assert!(origin.is_named_by("https://riverbend.enterprise.example"));
        for other in [
            "null",
            "",
            "*",
            "http://riverbend.enterprise.example",
            "https://riverbend.enterprise.example:443",
            "https://riverbend.enterprise.example:8443",
            "https:riverbend.enterprise.example",
            " https://riverbend.enterprise.example",
            "https://riverbend%2eenterprise.example",
            "https://evil.example",
            "https://riverbend.enterprise.example.evil.example",
            "https://xriverbend.enterprise.example",
            "https://riverbend.enterprise.example@evil.example",
            "https://riverbend.enterprise.example/",
        ] {
            assert!(!origin.is_named_by(other), "{other}");
        }
    }

    #[test]
    fn localhost_without_a_port_matches_any_port() {
        let any: Origin = "http://localhost".parse().unwrap();
        assert!(any.is_named_by("http://localhost") && any.is_named_by("http://localhost:5173"));
        assert!(!any.is_named_by("https://localhost") && !any.is_named_by("http://localhost.evil.example"));
        let one: Origin = "http://localhost:5173".parse().unwrap();
        assert!(one.is_named_by("http://localhost:5173") && !one.is_named_by("http://localhost:5174"));
    }

    #[test]
    fn refuses_an_invalid_origin() {
        for text in [
            "https://riverbend.example/",
            "https://riverbend.example/app",
            "http://riverbend.example",
            "http://127.0.0.1:8080",
            "riverbend.example",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
