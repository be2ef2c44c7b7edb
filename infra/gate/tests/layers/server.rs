//! A QGIS Server process that the gate starts, for one project.

use std::{collections::BTreeMap, num::NonZeroUsize, path::Path, time::Duration};

use axum::body::Body;
use http::{Method, Response};
use http_body_util::BodyExt;
use pozi_gate::upstream::{MapServer, Processes, ProcessesConfig, QgisBody, QgisRequest, UpstreamError};

pub(crate) const PROGRAM: &str = "/usr/lib/cgi-bin/qgis_mapserv.fcgi";

/// A QGIS Server that always opens its own project file, whatever path the gate sends.
pub(crate) struct Server {
    project: String,
    processes: Processes,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Must be called within a Tokio runtime.
    pub(crate) fn start(project: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = ProcessesConfig {
            program: PROGRAM.into(),
            processes: NonZeroUsize::MIN,
            memory: 4_000_000_000,
            project: None,
            prints: false,
            variables: BTreeMap::new(),
            folder: folder.path().join("run"),
            grace: Duration::from_secs(5),
        };
        let processes = Processes::start(config).unwrap();
        Self { project: project.to_str().unwrap().to_owned(), processes, _folder: folder }
    }

    /// Sends a GET, and returns the body of the answer.
    pub(crate) async fn get(&self, query: &str) -> String {
        self.text(request(Method::GET, query, None)).await
    }

    /// Sends a POST, and returns the body of the answer.
    pub(crate) async fn post(&self, query: &str, content_type: &'static str, body: Vec<u8>) -> String {
        let body = QgisBody { content_type, bytes: body.into() };
        self.text(request(Method::POST, query, Some(body))).await
    }

    async fn text(&self, request: QgisRequest) -> String {
        let answer = self.processes.send(&self.project, request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8_lossy(&body).into_owned()
    }
}

impl MapServer for Server {
    async fn send(&self, _project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        self.processes.send(&self.project, request).await
    }
}

fn request(method: Method, query: &str, body: Option<QgisBody>) -> QgisRequest {
    QgisRequest {
        method,
        path: String::new(),
        query: query.to_owned(),
        body,
        accept: None,
        public_url: String::new(),
    }
}
