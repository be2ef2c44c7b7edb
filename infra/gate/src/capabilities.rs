//! Checks whether QGIS Server answers, by a request for the capabilities of a project.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use pozi_auth::{adapters::SystemClock, sites::Catalogue, timestamp::Clock};

use crate::{
    upstream::{MapServer, QgisRequest, UpstreamError},
    watched::UpstreamStates,
};

/// The time between checks. Each is for one catalogue, in turn, since opening a project takes seconds.
const INTERVAL: Duration = Duration::from_mins(1);
/// How many bytes of an answer are searched for its root element or an exception.
const INSPECTED_BYTES: usize = 4 * 1024;
/// Maximum size in bytes of an answer. It is read to its end, so that QGIS Server can complete it. Capabilities of large
/// projects have 5 MB.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// The time for one check.
const TIMEOUT: Duration = Duration::from_secs(85);

/// Why QGIS Server did not answer with capabilities.
#[derive(Debug, thiserror::Error)]
pub enum CapabilitiesError {
    /// There is no answer.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// It took too long.
    #[error("QGIS Server did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The answer ended early.
    #[error("the answer of QGIS Server ended early")]
    Incomplete(#[source] axum::Error),
    /// A status of the web server or of QGIS other than 200, with QGIS's own text if there is one.
    #[error("QGIS Server answered with status {0}{1}")]
    Status(u16, String),
    /// An exception of QGIS, most often because of the project.
    #[error("QGIS Server cannot open the project{0}")]
    Project(String),
    /// Another document.
    #[error("the server is not QGIS Server: it did not answer with WMS_Capabilities")]
    NotQgis,
    /// Too large an answer.
    #[error("the capabilities have more than {0} bytes")]
    TooLarge(usize),
}

/// Asks `server` for the capabilities of the project file `project`, and reads the whole answer.
pub async fn ask_capabilities(server: &impl MapServer, project: &str) -> Result<(), CapabilitiesError> {
    let asking = tokio::time::timeout(TIMEOUT, ask(server, project));
    asking.await.unwrap_or(Err(CapabilitiesError::TimedOut(TIMEOUT)))
}

async fn ask(server: &impl MapServer, project: &str) -> Result<(), CapabilitiesError> {
    let request = QgisRequest {
        method: Method::GET,
        path: String::new(),
        query: "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities".to_owned(),
        body: None,
        accept: None,
        public_url: String::new(),
    };
    let answer = server.send(project, request).await?;
    let status = answer.status();
    let (mut body, mut beginning, mut read) = (answer.into_body(), Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(CapabilitiesError::Incomplete)?.into_data() else { continue };
        let remaining = INSPECTED_BYTES.saturating_sub(beginning.len());
        beginning.extend(data.iter().take(remaining));
        read = read.saturating_add(data.len());
        if read > MAX_BYTES {
            return Err(CapabilitiesError::TooLarge(MAX_BYTES));
        }
    }
    check_answer(status, &String::from_utf8_lossy(&beginning))
}

fn check_answer(status: StatusCode, beginning: &str) -> Result<(), CapabilitiesError> {
    let reason = exception_text(beginning).map_or_else(String::new, |text| format!(": {text}"));
    if status != StatusCode::OK {
        return Err(CapabilitiesError::Status(status.as_u16(), reason));
    }
    if beginning.contains("<WMS_Capabilities") {
        return Ok(());
    }
    Err(if beginning.contains("<ServiceException") {
        CapabilitiesError::Project(reason)
    } else {
        CapabilitiesError::NotQgis
    })
}

/// The text of QGIS's exception, on one line of at most 200 characters.
fn exception_text(beginning: &str) -> Option<String> {
    const LENGTH: usize = 200;
    let (_, rest) =
        beginning.split_once("<ServiceException ").or_else(|| beginning.split_once("<ServiceException>"))?;
    let text = rest.split_once('>').map_or(rest, |(_, text)| text);
    let text = text.split('<').next().unwrap_or_default();
    let words: Vec<_> =
        text.split(|character: char| character.is_whitespace() || character.is_control()).collect();
    let text: String = words.join(" ").trim().chars().take(LENGTH).collect();
    (!text.is_empty()).then_some(text)
}

/// Checks the catalogue that `next` returns, with its QGIS Server, again and again, and records the outcomes. Never returns.
/// `next` goes through the catalogues of the current configuration.
pub async fn keep_asking<M: MapServer>(
    mut next: impl FnMut() -> Option<(Catalogue, Arc<M>)>,
    states: UpstreamStates,
) {
    loop {
        if let Some((catalogue, server)) = next() {
            let outcome = ask_capabilities(&*server, &catalogue.project).await;
            let outcome = outcome.as_ref().copied().map_err(|error| error as &dyn std::error::Error);
            states.record(&catalogue.id, SystemClock.now(), outcome);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Response;

    use super::*;

    struct FixedAnswer(StatusCode, &'static str);

    impl MapServer for FixedAnswer {
        async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
            assert_eq!((project, request.method), ("a.qgz", Method::GET));
            let mut answer = Response::new(Body::from(self.1));
            *answer.status_mut() = self.0;
            Ok(answer)
        }
    }

    #[tokio::test]
    async fn accepts_only_capabilities_and_reports_the_text_of_qgis() {
        let exception = "<ServiceExceptionReport version=\"1.3.0\">\n <ServiceException code=\"Service configuration error\">Layer(s) not\n\u{7}valid</ServiceException>\n</ServiceExceptionReport>";
        for (status, body, message) in [
            (200, "<?xml version=\"1.0\"?>\n<WMS_Capabilities version=\"1.3.0\">", None),
            (200, exception, Some("cannot open the project: Layer(s) not  valid")),
            (500, exception, Some("status 500: Layer(s) not  valid")),
            (404, "<html>", Some("status 404")),
            (200, "<html>", Some("not QGIS Server")),
            (200, "", Some("not QGIS Server")),
            (200, "<ServiceException>", Some("cannot open the project")),
        ] {
            let server = FixedAnswer(StatusCode::from_u16(status).unwrap(), body);
            let error = ask_capabilities(&server, "a.qgz").await.err().map(|error| error.to_string());
            assert_eq!(error.is_some(), message.is_some(), "{body}");
            assert!(error.clone().unwrap_or_default().contains(message.unwrap_or_default()), "{error:?}");
        }
    }
}
