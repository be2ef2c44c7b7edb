//! Finds the catalogue of a request: by its path, or by `MAP` with the paths that sites had before the gate.
//!
//! ```text
//! {base}/ows/{catalogue}/            {base}/ows/{catalogue}/wfs3/…
//! {base}/qgisserver?MAP={project}    {base}/qgisserver/wfs3/…?MAP={project}
//! {base}/qgisserver/next/{catalogue}
//! {base}/qgisserver/wfs3.json        without MAP: the Web App's check that the server is up
//! ```

mod path;

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use pozi_auth::sites::{Catalogue, CatalogueId};

pub use self::path::segments;
use crate::settings::{PathStyle, Settings};

/// The catalogues of a site and their addresses.
#[derive(Debug, Clone)]
pub struct Catalogues {
    base: Vec<String>,
    paths: PathStyle,
    by_id: HashMap<String, Arc<Catalogue>>,
    by_project: HashMap<String, Arc<Catalogue>>,
}

/// Where a request leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// A catalogue, and the rest of the path.
    Catalogue(&'a Catalogue, &'a [Cow<'a, str>]),
    /// The check that the server is up, which needs no session and whose answer reveals nothing.
    ResourceCheck,
}

/// Why a request leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The gate has no such path.
    #[error("there is nothing at this path: maps are at …/ows/<catalogue>/ and …/qgisserver?MAP=<project>")]
    NoSuchPath,
    /// The site has no such catalogue.
    #[error("this site has no such catalogue")]
    UnknownCatalogue,
    /// The site has no such project.
    #[error("MAP is not the project of any catalogue of this site")]
    UnknownProject,
    /// `MAP` and the path lead to different catalogues.
    #[error("MAP is the project of a different catalogue than the one in the path")]
    Contradiction,
}

impl Catalogues {
    /// Takes the catalogues of `settings`, whose projects all differ.
    pub fn new(settings: &Settings) -> Self {
        let all: Vec<_> = settings.site.catalogues.iter().cloned().map(Arc::new).collect();
        let ids = all.iter().map(|catalogue| catalogue.id.as_str().to_owned());
        let projects = all.iter().map(|catalogue| settings.project_paths.folded(&catalogue.project));
        Self {
            base: settings.base.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            paths: settings.project_paths,
            by_id: ids.zip(all.iter().cloned()).collect(),
            by_project: projects.zip(all.iter().cloned()).collect(),
        }
    }

    /// Accepts `name` as another `MAP` for the catalogue `id`, unless it is the project of another catalogue.
    #[must_use]
    pub fn with_project_name(mut self, id: &CatalogueId, name: &str) -> Self {
        if let Some(catalogue) = self.by_id.get(id.as_str()) {
            self.by_project.entry(self.paths.folded(name)).or_insert_with(|| Arc::clone(catalogue));
        }
        self
    }

    /// Finds where the decoded `segments` of a path lead, together with the `MAP` of the query.
    pub fn place<'a>(
        &'a self,
        segments: &'a [Cow<'a, str>],
        map: Option<&str>,
    ) -> Result<Place<'a>, PlaceError> {
        let rest = self.below_base(segments).ok_or(PlaceError::NoSuchPath)?;
        let (first, rest) = rest.split_first().ok_or(PlaceError::NoSuchPath)?;
        let map = map.filter(|map| !map.is_empty());
        if first == "ows" {
            let (id, rest) = rest.split_first().ok_or(PlaceError::NoSuchPath)?;
            return self.named(id, rest, map);
        }
        if !self.is_same(first, "qgisserver") {
            return Err(PlaceError::NoSuchPath);
        }
        match (rest, map) {
            ([next, id, rest @ ..], map) if next == "next" => self.named(id, rest, map),
            ([name, ..], None) if name == "wfs3.json" || name == "wfs3" => Ok(Place::ResourceCheck),
            (rest, Some(map)) => self.of_project(map).map(|catalogue| Place::Catalogue(catalogue, rest)),
            (_, None) => Err(PlaceError::UnknownProject),
        }
    }

    fn named<'a>(
        &'a self,
        id: &str,
        rest: &'a [Cow<'a, str>],
        map: Option<&str>,
    ) -> Result<Place<'a>, PlaceError> {
        let catalogue = self.by_id.get(id).ok_or(PlaceError::UnknownCatalogue)?;
        match map.map(|map| self.of_project(map)) {
            None => {}
            Some(Ok(other)) if other.id == catalogue.id => {}
            Some(_) => return Err(PlaceError::Contradiction),
        }
        Ok(Place::Catalogue(catalogue, rest))
    }

    fn of_project(&self, map: &str) -> Result<&Catalogue, PlaceError> {
        self.by_project.get(&self.paths.folded(map)).map(Arc::as_ref).ok_or(PlaceError::UnknownProject)
    }

    fn below_base<'a>(&self, segments: &'a [Cow<'a, str>]) -> Option<&'a [Cow<'a, str>]> {
        let (head, rest) = segments.split_at_checked(self.base.len())?;
        head.iter().zip(&self.base).all(|(own, base)| self.is_same(own, base)).then_some(rest)
    }

    /// Compares names in paths, on Windows without case like IIS.
    fn is_same(&self, text: &str, name: &str) -> bool {
        if self.paths == PathStyle::Windows { text.eq_ignore_ascii_case(name) } else { text == name }
    }
}

#[cfg(test)]
mod tests {
    use pozi_auth::sites::Site;

    use super::*;
    use crate::settings::Limits;

    fn catalogues(project_paths: PathStyle) -> Catalogues {
        let site = Site::parse(include_str!("../../tests/site.toml"));
        let site = site.unwrap();
        let public_url = site.external_url.as_str().to_owned();
        let settings =
            Settings { site, public_url, base: "/pozi".into(), project_paths, limits: Limits::default() };
        Catalogues::new(&settings)
    }

    fn place(path: &str, map: Option<&str>) -> Result<String, PlaceError> {
        let all = catalogues(PathStyle::Windows);
        let segments = segments(path).ok_or(PlaceError::NoSuchPath)?;
        all.place(&segments, map).map(|place| match place {
            Place::Catalogue(catalogue, rest) => format!("{}:{}", catalogue.id, rest.join("/")),
            Place::ResourceCheck => "check".into(),
        })
    }

    #[test]
    fn finds_a_catalogue_by_path_and_by_map() {
        for (path, map, found) in [
            ("/pozi/ows/planning/", None, "planning:"),
            ("/pozi/ows/planning", None, "planning:"),
            ("/pozi/ows/planning/wfs3/collections", None, "planning:wfs3/collections"),
            ("/pozi/ows/planning/", Some("c:\\pozi\\PLANNING.qgs"), "planning:"),
            ("/pozi/qgisserver", Some("C:/Pozi/Planning.qgs"), "planning:"),
            ("/Pozi/QGISServer/", Some("C:/Pozi/roads.qgs"), "roads:"),
            ("/pozi/qgisserver/wfs3/collections", Some("C:/Pozi/roads.qgs"), "roads:wfs3/collections"),
            ("/pozi/qgisserver/next/roads", None, "roads:"),
            ("/pozi/qgisserver/wfs3.json", None, "check"),
            ("/pozi/qgisserver/wfs3", None, "check"),
        ] {
            assert_eq!(place(path, map).as_deref(), Ok(found), "{path} {map:?}");
        }
    }

    #[test]
    fn refuses_other_paths_and_projects() {
        for (path, map, error) in [
            ("/", None, PlaceError::NoSuchPath),
            ("/ows/planning/", None, PlaceError::NoSuchPath),
            ("/pozi/ows", None, PlaceError::NoSuchPath),
            ("/pozi/ows/", None, PlaceError::UnknownCatalogue),
            ("/pozi/ows/Planning/", None, PlaceError::UnknownCatalogue),
            ("/pozi/ows/other/", None, PlaceError::UnknownCatalogue),
            ("/pozi/ows/planning/../roads/", None, PlaceError::NoSuchPath),
            ("/pozi/ows/planning%2f..%2froads/", None, PlaceError::NoSuchPath),
            ("/pozi/ows/planning%5croads/", None, PlaceError::NoSuchPath),
            ("/pozi//ows/planning/", None, PlaceError::NoSuchPath),
            ("/pozi/ows/planning/", Some("C:/Pozi/roads.qgs"), PlaceError::Contradiction),
            ("/pozi/ows/planning/", Some("/etc/passwd"), PlaceError::Contradiction),
            ("/pozi/qgisserver", None, PlaceError::UnknownProject),
            ("/pozi/qgisserver/wms", None, PlaceError::UnknownProject),
            ("/pozi/qgisserver/wfs3.html", None, PlaceError::UnknownProject),
            ("/pozi/qgisserver", Some("C:/Pozi/../Pozi/roads.qgs"), PlaceError::UnknownProject),
            ("/pozi/qgisserver", Some("C:/Pozi/roads.qgs "), PlaceError::UnknownProject),
            ("/pozi/qgisserver", Some("roads.qgs"), PlaceError::UnknownProject),
        ] {
            assert_eq!(place(path, map), Err(error), "{path} {map:?}");
        }
    }

    #[test]
    fn a_project_name_never_replaces_the_project_of_another_catalogue() {
        let id = |text: &str| text.parse().unwrap();
        let all = catalogues(PathStyle::Windows)
            .with_project_name(&id("planning"), "D:/Old/planning.qgz")
            .with_project_name(&id("planning"), "C:/Pozi/roads.qgs")
            .with_project_name(&id("other"), "D:/Old/other.qgz");
        let segments = segments("/pozi/qgisserver").unwrap();
        let found = |map: &str| match all.place(&segments, Some(map)) {
            Ok(Place::Catalogue(catalogue, _)) => Ok(catalogue.id.to_string()),
            Ok(Place::ResourceCheck) => Ok("check".to_owned()),
            Err(error) => Err(error),
        };
        for name in ["d:\\old\\Planning.qgz", "C:/Pozi/Planning.qgs"] {
            assert_eq!(found(name).as_deref(), Ok("planning"), "{name}");
        }
        assert_eq!(found("C:/Pozi/roads.qgs").as_deref(), Ok("roads"));
        assert_eq!(found("D:/Old/other.qgz"), Err(PlaceError::UnknownProject));
    }

    #[test]
    fn paths_are_case_sensitive_on_linux() {
        let all = catalogues(PathStyle::Unix);
        let at = |path: &str, map: &str| all.place(&segments(path).unwrap(), Some(map)).is_ok();
        assert!(at("/pozi/qgisserver", "C:/Pozi/Planning.qgs"));
        assert!(!at("/pozi/qgisserver", "C:/Pozi/planning.qgs"));
        assert!(!at("/pozi/qgisserver", "C:\\Pozi\\Planning.qgs"));
        assert!(!at("/pozi/QgisServer", "C:/Pozi/Planning.qgs"));
    }
}
