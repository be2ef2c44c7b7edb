//! The settings that decide about requests: the site, the prefix of its paths, and limits. Plain values, replaced as a
//! whole when a file changes.

use std::{collections::HashMap, time::Duration};

pub use pozi_auth::sites::PathStyle;
use pozi_auth::sites::{CatalogueId, Site};

/// The settings for every request, until the configuration changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The site whose sessions are accepted, with its catalogues.
    pub site: Site,
    /// The URL by which clients reach `base`, with a slash at the end; in production the site's external URL.
    pub public_url: String,
    /// The prefix of every path: like `/pozi`, without a slash at the end, or empty.
    pub base: String,
    /// How project paths are compared.
    pub project_paths: PathStyle,
    /// Limits on sizes, times and numbers.
    pub limits: Limits,
}

/// Limits of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Pixels in one map.
    pub max_pixels: u64,
    /// Features in one answer.
    pub max_features: u64,
    /// Features in one answer without access to downloads, where the site file has a rule for them.
    pub max_features_without_download: u64,
    /// Bytes in a request's body.
    pub body_bytes: usize,
    /// Requests of one catalogue that QGIS Server handles at the same time.
    pub requests_per_catalogue: usize,
    /// Further requests of one catalogue that may wait.
    pub waiting_per_catalogue: usize,
    /// How long QGIS Server may take; Application Proxy itself waits no longer than 85 s.
    pub upstream: Duration,
    /// How long a connection may stay open without a request. Longer than the proxies in front keep theirs open, so
    /// that none sends a request on a connection that is being closed.
    pub idle: Duration,
    /// How long the head of a request may take to arrive after its first byte.
    pub header: Duration,
    /// How long a body may stall, in either direction.
    pub body: Duration,
    /// Open connections; further ones wait to be accepted.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 25_000_000,
            max_features: 100_000,
            max_features_without_download: 1,
            body_bytes: 8 * 1024 * 1024,
            requests_per_catalogue: 4,
            waiting_per_catalogue: 32,
            upstream: Duration::from_secs(85),
            idle: Duration::from_secs(150),
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            connections: 12_000,
        }
    }
}

/// Returns two catalogues of `site` with the same project file, which `MAP` could not tell apart; nothing if every
/// catalogue has its own.
pub fn shared_project(site: &Site, style: PathStyle) -> Option<[&CatalogueId; 2]> {
    let mut seen = HashMap::new();
    site.catalogues.iter().find_map(|catalogue| {
        let earlier = seen.insert(style.folded(&catalogue.project), &catalogue.id)?;
        Some([earlier, &catalogue.id])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(projects: [&str; 3]) -> Site {
        let catalogue = |index| {
            format!("[[catalogue]]\nid = 'c{index}'\ntitle = 'C'\nproject = '/srv/{index}'\nread = []\n")
        };
        let catalogues: String = (0..projects.len()).map(catalogue).collect();
        let head = "name = 'riverbend'\ninternal_url = 'http://gis.internal/pozi/'\nexternal_url = 'https://poziserver.example/pozi/'\nclient_id = '0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10'\ntenant_id = '7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11'\norigins = []\n";
        let mut site = Site::parse(&format!("{head}{catalogues}")).unwrap();
        // A site file cannot have one project twice as it is written; a gate may compare in another style.
        for (catalogue, project) in site.catalogues.iter_mut().zip(projects) {
            catalogue.project = project.to_owned();
        }
        site
    }

    #[test]
    fn finds_two_catalogues_with_one_project_in_any_spelling() {
        let two = site(["C:/a.qgz", "C:/b.qgz", "c:\\A.qgz"]);
        let [first, second] = shared_project(&two, PathStyle::Windows).unwrap();
        assert_eq!((first.as_str(), second.as_str()), ("c0", "c2"));
        assert_eq!(shared_project(&two, PathStyle::Unix), None);
        assert!(shared_project(&site(["/a.qgz", "/b.qgz", "/b.qgz"]), PathStyle::Unix).is_some());
        assert_eq!(shared_project(&site(["C:/a.qgz", "C:/b.qgz", "C:/c.qgz"]), PathStyle::Windows), None);
    }
}
