//! The sample maps: a project with its data, copied for each catalogue, and QGIS Server if it is installed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{body::Body, response::Response};
use maud::html;
use pozi_auth::sites::{Catalogue, Site};
use pozi_gate::{
    config::UpstreamConfig,
    upstream::{MapServer, QgisRequest, Upstream, UpstreamError},
};
use serde_json::json;
use tokio::sync::OnceCell;

/// QGIS Server's path in Debian's package `qgis-server`.
pub const PROGRAM: &str = "/usr/lib/cgi-bin/qgis_mapserv.fcgi";

const PROJECT: &str = include_str!("../maps/project.qgs");
const PLACE: &str = include_str!("../maps/place.geojson");
/// The placeholder for the catalogue's title in both files.
const TITLE: &str = "Title of the catalogue";
/// Only one, since a second process would not see what the first writes to a file that both have open.
const PROCESSES: usize = 1;
/// Limit of a process's address space, in MB (10⁶ bytes): one bad request must not take all memory.
const MAX_MEMORY_MB: u64 = 4_000;

/// A sample project cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}", folder.display())]
pub struct CopyError {
    folder: PathBuf,
    source: io::Error,
}

/// Writes the sample project for each catalogue of `site` to `maps/<site>/<catalogue>` below the folder `state`, replacing
/// an earlier one. Returns the site with these projects.
pub fn copy_projects(state: &Path, site: &Site) -> Result<Site, CopyError> {
    let mut site = site.clone();
    for catalogue in &mut site.catalogues {
        let folder = state.join("maps").join(site.name.as_str()).join(catalogue.id.as_str());
        let project = copy_project(&folder, catalogue);
        catalogue.project = project.map_err(|source| CopyError { folder, source })?;
    }
    Ok(site)
}

fn copy_project(folder: &Path, catalogue: &Catalogue) -> io::Result<String> {
    fs::create_dir_all(folder)?;
    let folder = fs::canonicalize(folder)?;
    let in_xml = html! { (catalogue.title) }.into_string();
    let in_json = json!(catalogue.title).to_string();
    fs::write(folder.join("place.geojson"), PLACE.replace(&format!("\"{TITLE}\""), &in_json))?;
    let project = folder.join("project.qgs");
    fs::write(&project, PROJECT.replace(TITLE, &in_xml))?;
    project.into_os_string().into_string().map_err(|_| io::Error::other("the path is not valid UTF-8"))
}

/// QGIS Server, started by the first request. Clones are the same server.
#[derive(Debug, Clone)]
pub struct Qgis(Arc<Program>);

#[derive(Debug)]
struct Program {
    path: PathBuf,
    folder: PathBuf,
    prints: bool,
    server: OnceCell<Upstream>,
}

impl Qgis {
    /// The program at `path`, usually [`PROGRAM`], with `folder` for its files. `prints`: whether a layout may be printed.
    pub fn new(path: impl Into<PathBuf>, folder: impl Into<PathBuf>, prints: bool) -> Self {
        let program = Program { path: path.into(), folder: folder.into(), prints, server: OnceCell::new() };
        Self(Arc::new(program))
    }

    /// Whether QGIS Server is installed.
    pub fn is_installed(&self) -> bool {
        self.0.path.is_file()
    }
}

impl MapServer for Qgis {
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let Self(program) = self;
        program.server.get_or_try_init(async || program.start()).await?.send(project, request).await
    }
}

impl Program {
    fn start(&self) -> Result<Upstream, UpstreamError> {
        let unreachable =
            |source| UpstreamError::Unreachable { address: self.path.display().to_string(), source };
        if !self.path.is_file() {
            return Err(unreachable(io::ErrorKind::NotFound.into()));
        }
        let config = UpstreamConfig::Processes {
            program: self.path.clone(),
            processes: PROCESSES,
            memory_mb: MAX_MEMORY_MB,
            variables: [].into(),
        };
        let folder = std::path::absolute(&self.folder).map_err(unreachable)?;
        Upstream::start(&config, &folder, self.prints).map_err(|cause| unreachable(io::Error::other(cause)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::samples;

    #[test]
    fn a_copy_has_its_catalogues_title_escaped() {
        let state = tempfile::tempdir().unwrap();
        let mut site = Site::parse(&samples::site_files()[0].text).unwrap();
        site.catalogues[0].title = r#"<Parks> & "trees" \ Bäume"#.into();
        let copied = copy_projects(state.path(), &site).unwrap();
        let own = fs::canonicalize(state.path()).unwrap().join("maps/riverbend/planning");
        let project = &copied.catalogues[0].project;
        assert_eq!(Path::new(project), own.join("project.qgs"));
        let text = fs::read_to_string(project).unwrap();
        assert!(text.contains("<title>&lt;Parks&gt; &amp; &quot;trees&quot; \\ Bäume</title>"));
        let place: Value = serde_json::from_slice(&fs::read(own.join("place.geojson")).unwrap()).unwrap();
        let names =
            place["features"].as_array().unwrap().iter().map(|feature| &feature["properties"]["name"]);
        assert!(names.into_iter().any(|name| *name == site.catalogues[0].title));
        assert_eq!(copied.catalogues[1].id, site.catalogues[1].id);
        assert!(fs::read_to_string(&copied.catalogues[1].project).unwrap().contains("Heritage register"));
    }

    #[test]
    fn the_files_have_the_placeholder_of_the_title() {
        assert_eq!((PROJECT.matches(TITLE).count(), PLACE.matches(TITLE).count()), (2, 1));
    }
}
