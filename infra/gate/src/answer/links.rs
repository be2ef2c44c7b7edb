//! Rewrites links of QGIS Server, which name its own host and the project's disk path, into links of this gate.

mod address;
mod text;

use self::address::{Address, api_part, split_host};
use super::{
    disk_path::DiskPath,
    query::{encoded_path, has_map, without_map},
};

/// Rewrites the links in the answers of one catalogue.
#[derive(Debug, Clone)]
pub struct Links {
    base: String,
    own: Vec<Address>,
    project: DiskPath,
    folder: Option<DiskPath>,
    catalogue: String,
}

impl Links {
    /// Creates a rewriter for the catalogue with the id `catalogue` and the project file `project`. Links will lead to
    /// `external_base` (`https://host/pozi/ows/roads/`).
    ///
    /// `own` lists the addresses that QGIS Server may take for its own: the gate's upstream
    /// (`http://127.0.0.1:8085/qgis/`), or for `FastCGI` the host that the gate sends (`http://localhost/`). Entries that
    /// are not URLs are ignored. A project's Advertised URLs need not be listed: they are recognised in the answers.
    pub fn new(external_base: &str, own: &[String], project: &str, catalogue: &str) -> Self {
        let base = format!("{}/", external_base.trim_end_matches('/'));
        let project = DiskPath::new(project);
        let own = own.iter().chain([&base]).filter_map(|own| Address::parse(own)).collect();
        Self { own, folder: project.folder(), project, catalogue: catalogue.to_owned(), base }
    }

    /// Rewrites `link` if it is one of QGIS Server's: at one of its own addresses, or with the project as `MAP`.
    pub(super) fn link(&self, link: &str) -> Option<String> {
        let link = link.trim();
        (self.is_own(link) || self.names_project(link)).then(|| self.rewrite(link))
    }

    /// Rewrites `link`, which its position in the document marks as QGIS Server's own.
    pub(super) fn endpoint(&self, link: &str) -> String {
        self.rewrite(link.trim())
    }

    /// Rewrites `link` if it is an absolute path of the OGC API: its pages refer to style sheets that way.
    pub(super) fn path(&self, link: &str) -> Option<String> {
        let link = link.trim();
        let is_path = link.starts_with('/') && !link.starts_with("//");
        (is_path && (api_part(self.below(link)).is_some() || self.names_project(link)))
            .then(|| self.rewrite(link))
    }

    /// Returns the root that the paths of an `OpenAPI` document are relative to. QGIS writes `…/wfs3/` there, and paths
    /// that start with `/wfs3` again.
    pub(super) fn api_root(&self) -> &str {
        self.base.trim_end_matches('/')
    }

    /// Returns `link` without its query, to recognise an endpoint elsewhere in the document.
    pub(super) fn address(link: &str) -> &str {
        link.trim().split('?').next().unwrap_or_default()
    }

    fn is_own(&self, link: &str) -> bool {
        Address::parse(Self::address(link)).is_some_and(|found| self.own.iter().any(|own| own.holds(&found)))
    }

    fn names_project(&self, link: &str) -> bool {
        link.split_once('?').is_some_and(|(_, query)| has_map(query) && self.project.find(query, 0).is_some())
    }

    fn rewrite(&self, link: &str) -> String {
        let (address, query) =
            link.split_once('?').map_or((link, None), |(address, query)| (address, Some(query)));
        let path = split_host(address).map_or(address, |(_, path)| path);
        let address = api_part(self.below(path))
            .map_or_else(|| self.base.clone(), |part| format!("{}{}", self.base, encoded_path(part)));
        // The address of a web service keeps its final `?` (OGC 06-042 §6.3.3).
        match query {
            Some(query) if address == self.base => format!("{address}?{}", without_map(query, &self.project)),
            Some(query) => self.with_query(&address, query),
            None => address,
        }
    }

    fn with_query(&self, address: &str, query: &str) -> String {
        let query = without_map(query, &self.project);
        if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") }
    }

    /// Returns `path` without the longest of QGIS Server's own paths that it starts with.
    fn below<'p>(&self, path: &'p str) -> &'p str {
        self.own
            .iter()
            .filter_map(|own| path.strip_prefix(own.path.as_str()))
            .min_by_key(|rest| rest.len())
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .unwrap_or(path)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    pub(in super::super) fn links() -> Links {
        let own =
            ["http://127.0.0.1:8085/qgis/qgis_mapserv.fcgi.exe".to_owned(), "http://localhost/".to_owned()];
        Links::new("https://council.example/pozi/ows/roads", &own, "C:/Pozi/Demo Maps.qgs", "roads")
    }

    #[test]
    fn rewrites_addresses_of_qgis_and_drops_map() {
        for (link, written) in [
            (
                "http://127.0.0.1:8085/qgis/qgis_mapserv.fcgi.exe?MAP=C:/Pozi/Demo MAPs.qgs&",
                "https://council.example/pozi/ows/roads/?",
            ),
            ("http://localhost:80?MAP=C:/Pozi/Demo Maps.qgs", "https://council.example/pozi/ows/roads/?"),
            ("http://localhost", "https://council.example/pozi/ows/roads/"),
            (
                "http://127.0.0.1:8085/qgis/qgis_mapserv.fcgi.exe/wfs3/collections/Road Centrelines/items?MAP=C:/Pozi/Demo Maps.qgs&offset=4&limit=2",
                "https://council.example/pozi/ows/roads/wfs3/collections/Road%20Centrelines/items?offset=4&limit=2",
            ),
            (
                "https://council.example:443/pozi/ows/roads/wfs3.json?MAP=C:/Pozi/Demo%20Maps.qgs",
                "https://council.example/pozi/ows/roads/wfs3.json",
            ),
            (
                "https://elsewhere.example/old?map=C%3A%5CPozi%5CDemo+Maps.qgs&SERVICE=WMS",
                "https://council.example/pozi/ows/roads/?SERVICE=WMS",
            ),
            (
                "http://127.0.0.1:8085/qgis/qgis_mapserv.fcgi.exe/?MAP=C:/Pozi/Demo Maps.qgs?request=DescribeFeatureType&typenames=Road%20Centrelines&service=WFS&version=2.0",
                "https://council.example/pozi/ows/roads/?request=DescribeFeatureType&typenames=Road%20Centrelines&service=WFS&version=2.0",
            ),
        ] {
            assert_eq!(links().link(link).as_deref(), Some(written), "{link}");
        }
    }

    #[test]
    fn keeps_links_to_other_sites() {
        for link in [
            "https://council.example/about?x=1&y=2",
            "https://council.example/pozi/ows/roadsandmore/",
            "https://meta.example/?MAP=C:/Other.qgs",
            "http://127.0.0.1:8086/",
            "http://127.0.0.1:8085/other",
            "mailto:a@b.example",
            "",
        ] {
            assert_eq!(links().link(link), None, "{link}");
        }
    }

    #[test]
    fn rewrites_only_paths_of_the_api() {
        assert_eq!(
            links().path("/qgis/qgis_mapserv.fcgi.exe/wfs3/static/style.css").as_deref(),
            Some("https://council.example/pozi/ows/roads/wfs3/static/style.css")
        );
        assert_eq!(links().path("//wfs3/x"), None);
        assert_eq!(links().path("/about"), None);
    }

    #[test]
    fn removes_the_project_path_from_text() {
        for (text, written) in [
            ("see https://a.example/x?y=1&z", "see https://a.example/x?y=1&z"),
            ("Project c:\\pozi\\demo maps.qgs fails", "Project roads fails"),
            ("/wfs3/api?MAP=C:/Pozi/Demo Maps.qgs", "/wfs3/api"),
            ("/wfs3/a?x=1&MAP=C:/Pozi/Demo Maps.qgs&limit=2 more", "/wfs3/a?x=1&limit=2 more"),
            (
                "see http://old.example/q?MAP=C:/Pozi/Demo Maps.qgs&SERVICE=WMS, or\u{a0}http://old.example/q?MAP=C:/Pozi/Demo%20Maps.qgs",
                "see https://council.example/pozi/ows/roads/?SERVICE=WMS, or\u{a0}https://council.example/pozi/ows/roads/?",
            ),
        ] {
            assert_eq!(links().text(text), written, "{text}");
        }
        assert_eq!(
            links().message("cannot open C:/Pozi/data.gpkg of C:/Pozi/Demo Maps.qgs"),
            "cannot open data.gpkg of roads"
        );
    }

    proptest! {
        #[test]
        fn rewriting_is_idempotent(link in r"http://localhost(:80)?/(wfs3[./a-zé ]{0,6}|q)(\?(MAP=x&|[a-zA-Z=&%é ?]){0,10})?") {
            let written = links().link(&link).unwrap();
            prop_assert!(Url::parse(&written).is_ok_and(|url| url.as_str().starts_with("https://council.example/pozi/ows/roads/")), "{written}");
            prop_assert_eq!(links().link(&written), Some(written.clone()));
        }

        #[test]
        fn no_text_keeps_the_project_path(before in r"(\?MAP=|&map=|http://|\PC){0,9}", after in r"[&?/ a-z%]{0,9}") {
            let text = format!("{before}C:/Pozi/Demo%20Maps.qgs{after}");
            let written = links().text(&text).into_owned();
            prop_assert!(links().project.find(&written, 0).is_none(), "{written}");
            prop_assert_eq!(links().text(&written).into_owned(), written.clone());
        }
    }
}
