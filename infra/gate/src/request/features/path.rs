//! The paths of OGC API Features, a closed list. QGIS answers unknown paths with the landing page, and any that holds `/api`
//! with the description of the API.

use std::borrow::Cow;

use crate::request::{RequestRefusal, query_writer::segment};

/// A path below `/wfs3` or `/ogcapi`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeaturesPath {
    /// `wfs3`, or `ogcapi` from QGIS 4 on.
    root: &'static str,
    /// What is there.
    pub resource: Resource,
    /// `.json`, `.geojson`, `.html` or empty.
    suffix: &'static str,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// The landing page.
    Landing,
    /// The description of the API.
    Api,
    /// The classes of the standard that QGIS conforms to.
    Conformance,
    /// The list of collections.
    Collections,
    /// A collection.
    Collection(String),
    /// Its features.
    Items(String),
    /// One of its features.
    Item(String, String),
    /// Its queryables or schema: QGIS 3 answers with the landing page.
    Described(String, &'static str),
    /// A style sheet, script or picture of QGIS's HTML pages.
    Static(Vec<String>),
}

impl FeaturesPath {
    /// Parses the decoded segments after a catalogue. `None` if they do not begin with `wfs3` or `ogcapi`.
    pub fn parse(segments: &[Cow<'_, str>]) -> Option<Result<Self, RequestRefusal>> {
        let (first, rest) = segments.split_first()?;
        let (name, suffix) = split_suffix(first);
        let root = ["wfs3", "ogcapi"].into_iter().find(|root| *root == name)?;
        let trimmed = rest.strip_suffix(&[Cow::Borrowed("")]).unwrap_or(rest);
        if trimmed.is_empty() {
            return Some(Ok(Self { root, resource: Resource::Landing, suffix }));
        }
        if !suffix.is_empty() {
            return Some(Err(RequestRefusal::NotFound));
        }
        let found = resource(trimmed).map(|(resource, suffix)| Self { root, resource, suffix });
        Some(found.ok_or(RequestRefusal::NotFound))
    }

    /// Writes the path for QGIS Server: `/wfs3/…`.
    pub fn write(&self) -> String {
        let rest = match &self.resource {
            Resource::Landing if self.suffix.is_empty() => "/".to_owned(),
            Resource::Landing => String::new(),
            Resource::Api => "/api".to_owned(),
            Resource::Conformance => "/conformance".to_owned(),
            Resource::Collections => "/collections".to_owned(),
            Resource::Collection(id) => format!("/collections/{}", segment(id)),
            Resource::Items(id) => format!("/collections/{}/items", segment(id)),
            Resource::Item(id, feature) => format!("/collections/{}/items/{}", segment(id), segment(feature)),
            Resource::Described(id, what) => format!("/collections/{}/{what}", segment(id)),
            Resource::Static(parts) => {
                parts.iter().fold("/static".to_owned(), |path, part| format!("{path}/{}", segment(part)))
            }
        };
        format!("/{}{rest}{}", self.root, self.suffix)
    }

    /// Whether the client asks for an HTML page.
    pub fn is_html(&self) -> bool {
        self.suffix == ".html"
    }

    /// The id of the collection.
    pub fn collection(&self) -> Option<&str> {
        match &self.resource {
            Resource::Collection(id)
            | Resource::Items(id)
            | Resource::Item(id, _)
            | Resource::Described(id, _) => Some(id),
            _ => None,
        }
    }
}

fn resource(segments: &[Cow<'_, str>]) -> Option<(Resource, &'static str)> {
    let segments: Vec<_> = segments.iter().map(|segment| &**segment).collect();
    match segments[..] {
        ["api" | "api.openapi3"] => {
            Some((Resource::Api, if segments[0] == "api" { "" } else { ".openapi3" }))
        }
        ["static", ref parts @ ..] => files(parts).map(|parts| (Resource::Static(parts), "")),
        ["collections", id, "queryables"] => Some((Resource::Described(name(id)?, "queryables"), "")),
        ["collections", id, "schema"] => Some((Resource::Described(name(id)?, "schema"), "")),
        [single] => {
            let (single, suffix) = split_suffix(single);
            let resource = match single {
                "api" => Resource::Api,
                "conformance" => Resource::Conformance,
                "collections" => Resource::Collections,
                _ => return None,
            };
            Some((resource, suffix))
        }
        ["collections", id] => {
            let (id, suffix) = split_suffix(id);
            Some((Resource::Collection(name(id)?), suffix))
        }
        ["collections", id, items] => {
            let (items, suffix) = split_suffix(items);
            (items == "items").then(|| name(id)).flatten().map(|id| (Resource::Items(id), suffix))
        }
        ["collections", id, "items", feature] => {
            let (feature, suffix) = split_suffix(feature);
            Some((Resource::Item(name(id)?, feature_id(feature)?), suffix))
        }
        _ => None,
    }
}

fn split_suffix(text: &str) -> (&str, &'static str) {
    for suffix in [".geojson", ".json", ".html"] {
        if let Some(name) = text.strip_suffix(suffix) {
            return (name, suffix);
        }
    }
    (text, "")
}

fn name(text: &str) -> Option<String> {
    ((1..=255).contains(&text.len()) && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// QGIS reads it as the text of a primary key, and fails on quotes.
fn feature_id(text: &str) -> Option<String> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | ':' | '-');
    ((1..=255).contains(&text.len()) && text.chars().all(fits)).then(|| text.to_owned())
}

fn files(parts: &[&str]) -> Option<Vec<String>> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_file =
        |part: &&str| (1..=100).contains(&part.len()) && part.chars().all(fits) && !part.starts_with('.');
    ((1..=5).contains(&parts.len()) && parts.iter().all(is_file))
        .then(|| parts.iter().map(|part| (*part).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<Result<String, RequestRefusal>> {
        let segments: Vec<_> = path.split('/').map(Cow::Borrowed).collect();
        FeaturesPath::parse(&segments).map(|path| path.map(|path| path.write()))
    }

    #[test]
    fn writes_known_paths_anew() {
        for (path, written) in [
            ("wfs3", "/wfs3/"),
            ("wfs3/", "/wfs3/"),
            ("wfs3.json", "/wfs3.json"),
            ("wfs3.html", "/wfs3.html"),
            ("ogcapi/collections", "/ogcapi/collections"),
            ("wfs3/api", "/wfs3/api"),
            ("wfs3/api.openapi3", "/wfs3/api.openapi3"),
            ("wfs3/conformance.json", "/wfs3/conformance.json"),
            (
                "wfs3/collections/Road Centrelines/items.json",
                "/wfs3/collections/Road%20Centrelines/items.json",
            ),
            ("wfs3/collections/Bäume", "/wfs3/collections/B%C3%A4ume"),
            ("wfs3/collections/zones/items/1", "/wfs3/collections/zones/items/1"),
            ("wfs3/collections/zones/queryables", "/wfs3/collections/zones/queryables"),
            ("wfs3/static/style.css", "/wfs3/static/style.css"),
        ] {
            assert_eq!(parsed(path), Some(Ok(written.to_owned())), "{path}");
        }
    }

    #[test]
    fn refuses_other_paths() {
        for path in [
            "wfs3/collections/zones/items/1' or '1",
            "wfs3/collections/zones/items/1/x",
            "wfs3/collections//items",
            "wfs3/static/.htaccess",
            "wfs3/static",
            "wfs3/index",
            "wfs3.json/collections",
            "wfs3/map/0123",
        ] {
            assert_eq!(parsed(path), Some(Err(RequestRefusal::NotFound)), "{path}");
        }
        for path in ["", "wfs3x", "index.json", "static/style.css", "WFS3"] {
            assert_eq!(parsed(path), None, "{path}");
        }
    }
}
