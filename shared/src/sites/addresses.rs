//! The addresses in a site file, each a type that holds only valid ones.

use std::str::FromStr;

use url::Url;

use super::text::parsed_text;
use crate::address::{is_absolute_uri, plain_url};

/// The site's Application Proxy URL: https, always with a trailing slash. It is the audience of the site's sessions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExternalUrl(Url);

/// The site's URL inside the customer's network, http or https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalUrl(Url);

impl ExternalUrl {
    /// Returns the URL with its trailing slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the URL's path, with its trailing slash.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Whether `text` is equivalent to this URL (RFC 3986 §6.2), with or without the trailing slash.
    pub fn is_same_as(&self, text: &str) -> bool {
        is_absolute_uri(text)
            && Url::parse(text).is_ok_and(|url| url == self.0 || url.as_str() == self.application_id_uri())
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
        if url.host_str().is_some_and(|host| host.contains('*')) {
            return Err("must name one host, and a * stands for none");
        }
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

parsed_text!(ExternalUrl, "external URL", "^https://[^?#@]+$");
parsed_text!(InternalUrl, "internal URL", "^https?://[^?#@]+$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_only_as_a_uri_to_the_letter() {
        let url: ExternalUrl = "https://poziserver-riverbend.example/pozi/".parse().unwrap();
        for text in [
            "https://poziserver-riverbend.example/pozi",
            "HTTPS://PoziServer-Riverbend.example:443/pozi/",
            "https://poziserver-riverbend.example/x/../pozi/",
        ] {
            assert!(url.is_same_as(text), "{text}");
        }
        for text in [
            " https://poziserver-riverbend.example/pozi/",
            "https:poziserver-riverbend.example/pozi/",
            "https:\\\\poziserver-riverbend.example\\pozi\\",
            "https://ｐoziserver-riverbend.example/pozi/",
        ] {
            assert!(Url::parse(text).is_ok_and(|parsed| parsed == url.0) && !url.is_same_as(text), "{text}");
        }
    }

    /// RFC 8693 §6; RFC 9110 §4.2.2, §4.2.4.
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
}
