//! Asks QGIS Server for the layers of one project.

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
        read::{Documents, MOST_DOCUMENT, ReadError, Samples, read},
    },
    upstream::{MapServer, QgisRequest, UpstreamError},
};

/// How long the documents may take together.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long all samples may take together.
const SAMPLES_PATIENCE: Duration = Duration::from_secs(30);
/// How many layers are asked for a sample at most. Where there are more, the real names that WMS shows are believed.
const MOST_SAMPLES: usize = 200;
/// The most bytes of a sample: one feature without its geometry.
const MOST_SAMPLE: usize = 4 * 1024 * 1024;

/// Why the layers are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("QGIS Server took longer than {} s to describe the layers", PATIENCE.as_secs())]
    Slow,
    #[error("no answer to {operation}: {cause}")]
    Upstream { operation: &'static str, cause: UpstreamError },
    #[error("QGIS Server answers {operation} with the status {status}")]
    Status { operation: &'static str, status: StatusCode },
    #[error("the answer to {operation} was cut, or is larger than {most} bytes: {cause}")]
    Body { operation: &'static str, most: usize, cause: Box<dyn std::error::Error + Send + Sync> },
    #[error("{cause}: {}", std::error::Error::source(.cause).map(ToString::to_string).unwrap_or_default())]
    Read { cause: ReadError },
}

/// Asks for the layers of `project`, a file that the gate can read or not.
pub(super) async fn ask<M: MapServer>(server: &M, project: &str, is_file: bool) -> Result<Layers, AskError> {
    let question = Question { server, project };
    let documents = async {
        let file = if is_file { project_file(project).await } else { None };
        Ok::<_, AskError>((file, question.documents().await?))
    };
    let (file, documents) = tokio::time::timeout(PATIENCE, documents).await.map_err(|_| AskError::Slow)??;
    let [settings, schema, collections] = &documents;
    let documents = Documents { settings, schema, collections };
    let read =
        |samples: &Samples| read(documents, samples, file.as_ref()).map_err(|cause| AskError::Read { cause });
    let known = read(&Samples::new())?;
    if known.wanted.is_empty() {
        return Ok(known.layers);
    }
    Ok(read(&question.samples(known.wanted).await)?.layers)
}

/// The project file. One that cannot be read is told in the log: inserts are then refused.
async fn project_file(project: &str) -> Option<ProjectFile> {
    let path = PathBuf::from(project);
    let reading = tokio::task::spawn_blocking(move || ProjectFile::open(&path)).await;
    match reading {
        Ok(Ok(file)) => Some(file),
        Ok(Err(problem)) => {
            tracing::warn!(%problem, "the project file cannot be read, so that WFS Inserts into it are refused");
            None
        }
        Err(problem) => {
            tracing::error!(%problem, "reading a project file ended in a panic");
            None
        }
    }
}

struct Question<'a, M> {
    server: &'a M,
    project: &'a str,
}

impl<M: MapServer> Question<'_, M> {
    async fn ows(&self, operation: &'static str, query: &str) -> Result<Bytes, AskError> {
        self.get(operation, "", query.to_owned(), None, MOST_DOCUMENT).await
    }

    /// Project settings, schema and collections.
    async fn documents(&self) -> Result<[Bytes; 3], AskError> {
        let settings = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetProjectSettings";
        let schema = "SERVICE=WFS&VERSION=1.1.0&REQUEST=DescribeFeatureType";
        Ok([
            self.ows("WMS GetProjectSettings", settings).await?,
            self.ows("WFS DescribeFeatureType", schema).await?,
            self.collections().await?,
        ])
    }

    /// As many samples as there is time for.
    async fn samples(&self, wanted: Vec<String>) -> Samples {
        let mut samples = Samples::new();
        let asking = async {
            for type_name in wanted.into_iter().take(MOST_SAMPLES) {
                match self.sample(&type_name).await {
                    Ok(sample) => {
                        samples.insert(type_name, sample.to_vec());
                    }
                    // One layer whose database is away leaves the others as they are.
                    Err(problem) => {
                        tracing::warn!(layer = type_name, %problem, "a layer's fields are not known");
                    }
                }
            }
        };
        if tokio::time::timeout(SAMPLES_PATIENCE, asking).await.is_err() {
            tracing::warn!(project = self.project, "some layers' fields are not known: QGIS Server is slow");
        }
        samples
    }

    async fn collections(&self) -> Result<Bytes, AskError> {
        let operation = "OGC API Features /collections";
        let path = "/wfs3/collections.json";
        self.get(operation, path, String::new(), Some("application/json"), MOST_DOCUMENT).await
    }

    async fn sample(&self, type_name: &str) -> Result<Bytes, AskError> {
        let type_name = utf8_percent_encode(type_name, NON_ALPHANUMERIC);
        let query = format!(
            "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&OUTPUTFORMAT=GeoJSON&MAXFEATURES=1&GEOMETRYNAME=NONE&\
             TYPENAME={type_name}"
        );
        self.get("WFS GetFeature", "", query, None, MOST_SAMPLE).await
    }

    async fn get(
        &self,
        operation: &'static str,
        path: &str,
        query: String,
        accept: Option<&'static str>,
        most: usize,
    ) -> Result<Bytes, AskError> {
        let request = QgisRequest {
            method: Method::GET,
            path: path.to_owned(),
            query,
            body: None,
            accept,
            public_url: String::new(),
        };
        let answer = self.server.send(self.project, request).await;
        let answer: Response<Body> = answer.map_err(|cause| AskError::Upstream { operation, cause })?;
        if answer.status() != StatusCode::OK {
            return Err(AskError::Status { operation, status: answer.status() });
        }
        let body = Limited::new(answer.into_body(), most).collect().await;
        Ok(body.map_err(|cause| AskError::Body { operation, most, cause })?.to_bytes())
    }
}
