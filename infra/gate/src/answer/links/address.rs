//! The parts of an address that decide whether a link is QGIS Server's own.

use url::Url;

pub(super) const SCHEMES: [&str; 2] = ["http://", "https://"];

/// An address at which QGIS Server may believe itself to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    host: String,
    pub(super) path: String,
}

impl Address {
    pub(super) fn parse(address: &str) -> Option<Self> {
        let (host, path) = split_host(address)?;
        let url = Url::parse(host).ok()?;
        // QGIS guesses the scheme, and writes the port of https into links of http.
        let port = url.port().filter(|port| ![80, 443].contains(port));
        let host = url.host_str()?;
        Some(Self {
            host: port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether `other` is this address or below it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        let below = other.path.strip_prefix(self.path.as_str());
        self.host == other.host && below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
    }
}

/// Splits an absolute URL into scheme with host, and path.
pub(super) fn split_host(address: &str) -> Option<(&str, &str)> {
    let starts_with =
        |start: &&str| address.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    let scheme = SCHEMES.into_iter().find(starts_with)?;
    let rest = address.get(scheme.len()..)?;
    address.split_at_checked(scheme.len() + rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// Returns the part of `path` from `wfs3` or `ogcapi` on, without the slash before it.
pub(super) fn api_part(path: &str) -> Option<&str> {
    let mut at = 0;
    for segment in path.split('/') {
        let name = segment.split('.').next().unwrap_or_default();
        if ["wfs3", "ogcapi"].contains(&name) {
            return path.get(at..);
        }
        at += segment.len() + 1;
    }
    None
}
