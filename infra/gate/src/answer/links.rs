//! Links of QGIS Server, which name its own host and the project's disk path, become links of this gate.

use std::{borrow::Cow, ops::Range};

use url::Url;

use super::{
    disk_path::DiskPath,
    query::{encoded_path, has_map, without_map},
};

/// The schemes of QGIS Server's links.
const SCHEMES: [&str; 2] = ["http://", "https://"];
/// The bytes that a link in running text may have behind its `MAP`.
const MAX_REST: usize = 4096;
/// What ends a link in running text.
const DELIMITERS: &[char] = &['"', '\'', '<', '>', '(', ')', '[', ']', '`'];

/// How the links in answers of one catalogue are rewritten.
#[derive(Debug, Clone)]
pub struct Links {
    base: String,
    own: Vec<Prefix>,
    project: DiskPath,
    folder: Option<DiskPath>,
    catalogue: String,
}

/// Where QGIS Server believes itself to be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Prefix {
    host: String,
    path: String,
}

impl Links {
    /// Links to `external_base` (`https://host/pozi/ows/roads/`) for answers from the project file `project` of the
    /// catalogue with the id `catalogue`. `own` are the addresses that QGIS Server may take for its own: the gate's
    /// upstream (`http://127.0.0.1:8085/qgis/`), for `FastCGI` the host that the gate sends (`http://localhost/`). What
    /// is no URL there is left out. Advertised URLs of the project need not be named; answers show them.
    pub fn new(external_base: &str, own: &[String], project: &str, catalogue: &str) -> Self {
        let base = format!("{}/", external_base.trim_end_matches('/'));
        let project = DiskPath::new(project);
        let own = own.iter().chain([&base]).filter_map(|own| Prefix::parse(own)).collect();
        Self { own, folder: project.folder(), project, catalogue: catalogue.to_owned(), base }
    }

    /// `link` as ours, where it is one of QGIS Server's: at an address of its own, or with a `MAP` that is the project.
    pub(super) fn link(&self, link: &str) -> Option<String> {
        let link = link.trim();
        (self.is_own(link) || self.names_project(link)).then(|| self.written(link))
    }

    /// `link` as ours, which is QGIS Server's own by the place where it stands.
    pub(super) fn endpoint(&self, link: &str) -> String {
        self.written(link.trim())
    }

    /// `link` as ours, where it is an absolute path of QGIS Server's OGC API, as its pages name their style sheets.
    pub(super) fn path(&self, link: &str) -> Option<String> {
        let link = link.trim();
        let is_path = link.starts_with('/') && !link.starts_with("//");
        (is_path && (api_part(self.below(link)).is_some() || self.names_project(link)))
            .then(|| self.written(link))
    }

    /// The root that the paths of an `OpenAPI` document are relative to. QGIS writes `…/wfs3/` there and paths that
    /// start with `/wfs3` again.
    pub(super) fn api_root(&self) -> &str {
        self.base.trim_end_matches('/')
    }

    /// `text` with links that name the project made ours, and with the catalogue's id where else the project's path
    /// stands. All other text stays as it is.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        replaced(text, |from| {
            let found = self.project.find(text, from)?;
            let bare = || (found.start, found.end, self.catalogue.clone());
            Some(self.link_around(text, from, &found).unwrap_or_else(bare))
        })
    }

    /// As [`Links::text`], and without the project's folder: for messages and styles, which name other files in it.
    pub(super) fn message<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let shown = self.text(text);
        let Some(folder) = &self.folder else { return shown };
        match replaced(&shown, |from| {
            folder.find(&shown, from).map(|found| (found.start, found.end, String::new()))
        }) {
            Cow::Borrowed(_) => shown,
            Cow::Owned(without) => Cow::Owned(without),
        }
    }

    /// The address of a link that is QGIS Server's own by its place, to know it again elsewhere in the document.
    pub(super) fn address(link: &str) -> &str {
        link.trim().split('?').next().unwrap_or_default()
    }

    /// The link in `text` behind byte `from` whose `MAP` is at `map`: its start, its end, and how it reads as ours.
    fn link_around(&self, text: &str, from: usize, map: &Range<usize>) -> Option<(usize, usize, String)> {
        let before = text.get(from..map.start)?;
        let word = before.rfind(is_delimiter).map_or(0, |at| at + delimiter_length(before, at));
        let start = from + word + last_scheme(before.get(word..)?).unwrap_or(0);
        let query = start + map_query(text.get(start..map.start)?)?;
        let rest = text.get(map.end..text.floor_char_boundary(map.end + MAX_REST))?;
        let rest = rest.get(..rest.find(is_delimiter).unwrap_or(rest.len()))?;
        let end = map.end + first_scheme(rest).unwrap_or(rest.len());
        let link = text.get(start..end)?;
        let written = match split_host(link) {
            Some(_) => self.written(link),
            None => self.with_query(text.get(start..query)?, text.get(query + 1..end)?),
        };
        Some((start, end, written))
    }

    fn is_own(&self, link: &str) -> bool {
        Prefix::parse(Self::address(link)).is_some_and(|found| self.own.iter().any(|own| own.holds(&found)))
    }

    fn names_project(&self, link: &str) -> bool {
        link.split_once('?').is_some_and(|(_, query)| has_map(query) && self.project.find(query, 0).is_some())
    }

    fn written(&self, link: &str) -> String {
        let (address, query) =
            link.split_once('?').map_or((link, None), |(address, query)| (address, Some(query)));
        let path = split_host(address).map_or(address, |(_, path)| path);
        let address = api_part(self.below(path))
            .map_or_else(|| self.base.clone(), |part| format!("{}{}", self.base, encoded_path(part)));
        // An address of a web service ends in `?` where QGIS's had a query (OGC 06-042 §6.3.3).
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

    /// The path without the longest of the paths that QGIS Server believes to be at.
    fn below<'p>(&self, path: &'p str) -> &'p str {
        self.own
            .iter()
            .filter_map(|own| path.strip_prefix(own.path.as_str()))
            .min_by_key(|rest| rest.len())
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .unwrap_or(path)
    }
}

impl Prefix {
    fn parse(address: &str) -> Option<Self> {
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

    fn holds(&self, other: &Self) -> bool {
        let below = other.path.strip_prefix(self.path.as_str());
        self.host == other.host && below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
    }
}

/// The scheme with host, and the path.
fn split_host(address: &str) -> Option<(&str, &str)> {
    let scheme = SCHEMES.into_iter().find(|scheme| starts_with(address, scheme))?;
    let rest = address.get(scheme.len()..)?;
    let end = scheme.len() + rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some((address.get(..end)?, address.get(end..)?))
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

/// From `wfs3` or `ogcapi` on, without the slash before it.
fn api_part(path: &str) -> Option<&str> {
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

/// Where the query starts of a link that goes on with the value of `MAP`.
fn map_query(before: &str) -> Option<usize> {
    let (key, name) = before.split_at_checked(before.len().checked_sub("MAP=".len())?)?;
    (name.eq_ignore_ascii_case("MAP=") && key.ends_with(['?', '&'])).then(|| key.find('?')).flatten()
}

/// Where the last `http://` or `https://` starts.
fn last_scheme(word: &str) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    SCHEMES.iter().filter_map(|scheme| word.rfind(scheme)).max()
}

/// Where the first starts.
fn first_scheme(word: &str) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    SCHEMES.iter().filter_map(|scheme| word.find(scheme)).min()
}

fn is_delimiter(found: char) -> bool {
    found.is_whitespace() || DELIMITERS.contains(&found)
}

fn delimiter_length(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

/// `text` with what `next` finds from a byte on (start, end, replacement) replaced.
fn replaced(text: &str, next: impl Fn(usize) -> Option<(usize, usize, String)>) -> Cow<'_, str> {
    let mut written = String::new();
    let mut copied = 0;
    while let Some((start, end, replacement)) = next(copied) {
        written.push_str(text.get(copied..start).unwrap_or_default());
        written.push_str(&replacement);
        copied = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    written.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(written)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in super::super) fn links() -> Links {
        let own =
            ["http://127.0.0.1:8085/qgis/qgis_mapserv.fcgi.exe".to_owned(), "http://localhost/".to_owned()];
        Links::new("https://council.example/pozi/ows/roads", &own, "C:/Pozi/Demo Maps.qgs", "roads")
    }

    #[test]
    fn addresses_of_qgis_become_ours_and_lose_map() {
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
    fn links_to_elsewhere_stay() {
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
    fn only_paths_of_the_api_are_ours() {
        assert_eq!(
            links().path("/qgis/qgis_mapserv.fcgi.exe/wfs3/static/style.css").as_deref(),
            Some("https://council.example/pozi/ows/roads/wfs3/static/style.css")
        );
        assert_eq!(links().path("//wfs3/x"), None);
        assert_eq!(links().path("/about"), None);
    }

    #[test]
    fn text_loses_the_path_and_keeps_the_rest() {
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
        fn a_link_that_we_wrote_is_ours_and_stays(link in r"http://localhost(:80)?/(wfs3[./a-zé ]{0,6}|q)(\?(MAP=x&|[a-zA-Z=&%é ?]){0,10})?") {
            let written = links().link(&link).unwrap();
            prop_assert!(Url::parse(&written).is_ok_and(|url| url.as_str().starts_with("https://council.example/pozi/ows/roads/")), "{written}");
            prop_assert_eq!(links().link(&written), Some(written.clone()));
        }

        #[test]
        fn no_text_keeps_the_path(before in r"(\?MAP=|&map=|http://|\PC){0,9}", after in r"[&?/ a-z%]{0,9}") {
            let text = format!("{before}C:/Pozi/Demo%20Maps.qgs{after}");
            let written = links().text(&text).into_owned();
            prop_assert!(links().project.find(&written, 0).is_none(), "{written}");
            prop_assert_eq!(links().text(&written).into_owned(), written.clone());
        }
    }
}
