//! The origins of the Web App.

use std::str::FromStr;

use url::{Host, Url};

use super::text::parsed_text;
use crate::address::plain_url;

/// An origin that the Web App is served from (RFC 6454), as a browser sends it: https; http on localhost; or the scheme of an
/// app with a web view, as in `capacitor://localhost`. `http://localhost` without a port stands for any port, as in Entra's
/// redirect URIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// A text is not an [`Origin`]. `Display` says what is required, as in "must be …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is no URL with a host, or it has more than a scheme and a host.
    #[error("must be scheme and host only, such as https://host, without a path or trailing slash")]
    Form,
    /// It has a `*`.
    #[error("must be one origin, because a browser never sends a *; list each origin")]
    Wildcard,
    /// No page has this host.
    #[error("must have a host that exists: labels of letters, digits and -, separated by dots")]
    Host,
    /// Another spelling than a browser's.
    #[error("must be written as a browser sends it: {0}")]
    Spelling(String),
    /// Another scheme.
    #[error("must start with https:// or an app's own scheme (or be http://localhost, for development)")]
    Scheme,
}

impl Origin {
    /// Whether a request's `Origin` header names this origin.
    pub fn is_named_by(&self, header: &str) -> bool {
        const ANY_PORT: &str = "http://localhost";
        match header.strip_prefix(ANY_PORT) {
            Some(rest) if self.0 == ANY_PORT => rest.is_empty() || is_port(rest),
            _ => self.0 == header,
        }
    }
}

/// Whether `text` is a colon and a port as browsers write it: in decimal, and not that of the scheme (http).
fn is_port(text: &str) -> bool {
    let number = text.strip_prefix(':').and_then(|digits| digits.parse::<u16>().ok());
    number.is_some_and(|number| number != 80 && text == format!(":{number}"))
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text.contains('*') {
            return Err(OriginError::Wildcard);
        }
        let url = plain_url(text).map_err(|_| OriginError::Form)?;
        let has_path = !matches!(url.path(), "" | "/") || text.ends_with('/');
        if has_path || !text.contains("://") || text.contains('\\') {
            return Err(OriginError::Form);
        }
        let host = host(&url).ok_or(OriginError::Host)?;
        let has_scheme = match url.scheme() {
            "https" => true,
            "http" => host == "localhost",
            scheme => is_of_an_app(scheme),
        };
        if !has_scheme {
            return Err(OriginError::Scheme);
        }
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let serialised = format!("{}://{host}{port}", url.scheme());
        if text.eq_ignore_ascii_case(&serialised) {
            Ok(Self(serialised))
        } else {
            Err(OriginError::Spelling(serialised))
        }
    }
}

/// Returns the host of `url` in lower case if a page can have it: an IP address, or a domain of plain labels.
fn host(url: &Url) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_plain);
    match url.host()? {
        Host::Domain(name) => {
            let fits = name.len() <= 253 && name.split('.').all(is_label);
            fits.then(|| name.to_ascii_lowercase())
        }
        address => Some(address.to_string()),
    }
}

/// Whether `scheme` may be an app's own. Of the others, some have no origin (`file`, `data`, `blob`, `about`), and no page is
/// loaded by the rest.
fn is_of_an_app(scheme: &str) -> bool {
    !matches!(
        scheme,
        "file" | "data" | "blob" | "about" | "javascript" | "ftp" | "ws" | "wss" | "mailto" | "null"
    )
}

parsed_text!(Origin, "origin", "^(http://localhost(:[0-9]+)?|(?!http:)[a-z][a-z0-9+.-]*://[^/?#@*]+)$");

#[cfg(test)]
mod tests {
    use super::*;

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
        for port in [":80", ":05173", ":+5173", ":65536", ":", ":5173:1", ":5173/"] {
            assert!(!any.is_named_by(&format!("http://localhost{port}")), "{port}");
        }
        let one: Origin = "http://localhost:5173".parse().unwrap();
        assert!(one.is_named_by("http://localhost:5173") && !one.is_named_by("http://localhost:5174"));
    }

    #[test]
    fn an_app_has_an_origin_with_its_own_scheme() {
        for text in ["capacitor://localhost", "ionic://localhost", "app://pozi.example", "tauri://localhost"]
        {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(origin.to_string(), text);
            assert!(origin.is_named_by(text), "{text}");
            for other in [
                "https://localhost",
                "http://localhost",
                "null",
                "app://evil.example",
                "capacitor://localhost:1",
            ] {
                assert!(!origin.is_named_by(other), "{text}: {other}");
            }
        }
    }

    #[test]
    fn refuses_an_invalid_origin_for_its_own_reason() {
        use OriginError as E;
        let spelling = |text: &str| E::Spelling(text.to_owned());
        let long = format!("https://{}.example", "a".repeat(64));
        for (text, error) in [
            ("https://riverbend.example/", E::Form),
            ("https://riverbend.example/app", E::Form),
            ("https://riverbend.example?a", E::Form),
            ("https://u@riverbend.example", E::Form),
            ("https:riverbend.example", E::Form),
            ("https:\\\\riverbend.example", E::Form),
            ("riverbend.example", E::Form),
            ("localhost:5173", E::Form),
            ("null", E::Form),
            ("*", E::Wildcard),
            ("https://*.enterprise.example", E::Wildcard),
            ("https://riverbend..example", E::Host),
            ("https://riverbend.example.", E::Host),
            ("https://riverbend$.example", E::Host),
            ("https://${council}.example", E::Host),
            (long.as_str(), E::Host),
            ("http://riverbend.example", E::Scheme),
            ("http://127.0.0.1:8080", E::Scheme),
            ("file://localhost", E::Form),
            ("blob://localhost", E::Scheme),
            ("wss://riverbend.example", E::Scheme),
            ("https://riverbend.example:443", spelling("https://riverbend.example")),
            ("http://localhost:080", spelling("http://localhost")),
            ("https://bücher.example", spelling("https://xn--bcher-kva.example")),
            ("https://0x7f.1", spelling("https://127.0.0.1")),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(error), "{text}");
        }
        let upper: Origin = "HTTPS://Riverbend.Example".parse().unwrap();
        assert!(upper.is_named_by("https://riverbend.example"));
    }
}
