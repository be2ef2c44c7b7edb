//! Fetches the layers of one project from QGIS Server.

use std::{path::PathBuf, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    layers::{
        Layers,
        project::ProjectFile,
        read::{Documents, MAX_DOCUMENT, ReadError, Samples, read},
    },
    upstream::{MapServer, QgisRequest, UpstreamError},
};
use pozi_auth::error::with_causes;

/// The time limit for all documents together.
const DOCUMENTS_TIMEOUT: Duration = Duration::from_mins(1);
/// The time limit for all samples together.
const SAMPLES_TIMEOUT: Duration = Duration::from_secs(30);
/// The most samples that are fetched. For further layers, the real names in WMS are trusted.
const MAX_SAMPLES: usize = 200;
/// The largest sample, in bytes: one feature without its geometry.
const MAX_SAMPLE: usize = 4 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("QGIS Server took longer than {} s to describe the layers", DOCUMENTS_TIMEOUT.as_secs())]
    TimedOut,
    #[error("{operation} failed")]
    Upstream { operation: &'static str, source: UpstreamError },
    #[error("QGIS Server answered {operation} with status {status}")]
    Status { operation: &'static str, status: StatusCode },
    #[error("the answer to {operation} was cut short, or is larger than {max} bytes")]
    Body { operation: &'static str, max: usize, source: Box<dyn std::error::Error + Send + Sync> },
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Fetches the layers of `project`. `is_file` tells whether the gate can read the project file.
pub(super) async fn layers<M: MapServer>(
    server: &M,
    project: &str,
    is_file: bool,
) -> Result<Layers, FetchError> {
    let client = Client { server, project };
    let documents = async {
        let file = if is_file { project_file(project).await } else { None };
        Ok::<_, FetchError>((file, client.documents().await?))
    };
    let documents = tokio::time::timeout(DOCUMENTS_TIMEOUT, documents).await;
    let (file, documents) = documents.unwrap_or(Err(FetchError::TimedOut))?;
    let [settings, schema, collections] = &documents;
    let documents = Documents { settings, schema, collections };
    let joined = read(documents, &Samples::new(), file.as_ref())?;
    if joined.wanted.is_empty() {
        return Ok(joined.layers);
    }
    let samples = client.samples(joined.wanted).await;
    Ok(read(documents, &samples, file.as_ref())?.layers)
}

async fn project_file(project: &str) -> Option<ProjectFile> {
    let path = PathBuf::from(project);
    match tokio::task::spawn_blocking(move || ProjectFile::open(&path)).await {
        Ok(Ok(file)) => Some(file),
        Ok(Err(error)) => {
            let problem = with_causes(&error);
            tracing::warn!(project, problem, "cannot read the project file; its WFS Inserts are refused");
            None
        }
        Err(error) => {
            tracing::error!(project, problem = %error, "reading the project file panicked");
            None
        }
    }
}

struct Client<'a, M> {
    server: &'a M,
    project: &'a str,
}

impl<M: MapServer> Client<'_, M> {
    /// Fetches project settings, schema and collections.
    async fn documents(&self) -> Result<[Bytes; 3], FetchError> {
        let settings = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetProjectSettings";
        let schema = "SERVICE=WFS&VERSION=1.1.0&REQUEST=DescribeFeatureType";
        let collections = ("/wfs3/collections.json", Some("application/json"));
        Ok([
            self.ows("WMS GetProjectSettings", settings, MAX_DOCUMENT).await?,
            self.ows("WFS DescribeFeatureType", schema, MAX_DOCUMENT).await?,
            self.get("OGC API Features /collections", collections, "", MAX_DOCUMENT).await?,
        ])
    }

    /// Fetches as many samples as there is time for.
    async fn samples(&self, wanted: Vec<String>) -> Samples {
        let mut samples = Samples::new();
        let fetching = async {
            for type_name in wanted.into_iter().take(MAX_SAMPLES) {
                match self.sample(&type_name).await {
                    Ok(sample) => {
                        samples.insert(type_name, sample.to_vec());
                    }
                    // A layer whose database is down must not affect the others.
                    Err(error) => {
                        let problem = with_causes(&error);
                        tracing::warn!(layer = type_name, problem, "a layer's fields are not known");
                    }
                }
            }
        };
        if tokio::time::timeout(SAMPLES_TIMEOUT, fetching).await.is_err() {
            tracing::warn!(project = self.project, "some layers' fields are not known: QGIS Server is slow");
        }
        samples
    }

    async fn ows(&self, operation: &'static str, query: &str, max: usize) -> Result<Bytes, FetchError> {
        self.get(operation, ("", None), query, max).await
    }

    async fn sample(&self, type_name: &str) -> Result<Bytes, FetchError> {
        let type_name = utf8_percent_encode(type_name, NON_ALPHANUMERIC);
        let query = format!(
            "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&OUTPUTFORMAT=GeoJSON&MAXFEATURES=1&GEOMETRYNAME=NONE&\
             TYPENAME={type_name}"
        );
        self.ows("WFS GetFeature", &query, MAX_SAMPLE).await
    }

    async fn get(
        &self,
        operation: &'static str,
        (path, accept): (&str, Option<&'static str>),
        query: &str,
        max: usize,
    ) -> Result<Bytes, FetchError> {
        let request = QgisRequest {
            method: Method::GET,
            path: path.to_owned(),
            query: query.to_owned(),
            body: None,
            accept,
            public_url: String::new(),
        };
        let answer = self.server.send(self.project, request).await;
        let answer: Response<Body> = answer.map_err(|source| FetchError::Upstream { operation, source })?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status { operation, status: answer.status() });
        }
        let body = Limited::new(answer.into_body(), max).collect().await;
        Ok(body.map_err(|source| FetchError::Body { operation, max, source })?.to_bytes())
    }
}
