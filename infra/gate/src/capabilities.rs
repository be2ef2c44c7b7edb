//! A harmless request to QGIS Server, by which the gate knows whether it answers: the capabilities of a project.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use pozi_auth::{adapters::SystemClock, sites::Catalogue, timestamp::Clock};

use crate::{
    upstream::{MapServer, QgisRequest, UpstreamError},
    watched::UpstreamStates,
};

/// How often QGIS Server is asked. Each time about one catalogue, in turn: a project that is opened costs seconds.
const ASK: Duration = Duration::from_mins(1);
/// How much of an answer is looked at: the root of a document, or QGIS's refusal.
const BEGINNING: usize = 4 * 1024;
/// How much is read of an answer, so that QGIS Server need not break off. Capabilities of large projects have 5 MB.
const MOST: usize = 32 * 1024 * 1024;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(85);

/// Why an answer is not one.
#[derive(Debug, thiserror::Error)]
pub enum CapabilitiesError {
    /// There is none.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// It took too long.
    #[error("QGIS Server did not answer within {} s", .0.as_secs())]
    Late(Duration),
    /// It broke off.
    #[error("the answer of QGIS Server was cut")]
    Cut(#[source] axum::Error),
    /// It is an error of the web server, or of QGIS.
    #[error("QGIS Server answered with status {0}{1}")]
    Status(u16, String),
    /// It is a refusal of QGIS, most often because of the project.
    #[error("QGIS Server cannot open the project{0}")]
    Refused(String),
    /// It is something else.
    #[error("what answers is no QGIS Server: its capabilities are no WMS_Capabilities")]
    Another,
    /// It has no end.
    #[error("the capabilities have more than {0} bytes")]
    TooLarge(usize),
}

/// Asks `server` for the capabilities of the project file `project`, and reads them to their end.
pub async fn ask_capabilities(server: &impl MapServer, project: &str) -> Result<(), CapabilitiesError> {
    let asking = tokio::time::timeout(PATIENCE, ask(server, project));
    asking.await.unwrap_or(Err(CapabilitiesError::Late(PATIENCE)))
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
        let Ok(data) = frame.map_err(CapabilitiesError::Cut)?.into_data() else { continue };
        let room = BEGINNING.saturating_sub(beginning.len());
        beginning.extend(data.iter().take(room));
        read = read.saturating_add(data.len());
        if read > MOST {
            return Err(CapabilitiesError::TooLarge(MOST));
        }
    }
    judge(status, &String::from_utf8_lossy(&beginning))
}

fn judge(status: StatusCode, beginning: &str) -> Result<(), CapabilitiesError> {
    let reason = exception(beginning).map_or_else(String::new, |text| format!(": {text}"));
    if status != StatusCode::OK {
        return Err(CapabilitiesError::Status(status.as_u16(), reason));
    }
    if beginning.contains("<WMS_Capabilities") {
        return Ok(());
    }
    Err(if beginning.contains("<ServiceException") {
        CapabilitiesError::Refused(reason)
    } else {
        CapabilitiesError::Another
    })
}

/// QGIS's own words, on one line and no longer than one.
fn exception(beginning: &str) -> Option<String> {
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

/// Asks again and again about the catalogue that `next` names, with its QGIS Server, and records what came of it; never
/// comes back. `next` names one after the other, of the configuration that holds.
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
        tokio::time::sleep(ASK).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Response;

    use super::*;

    struct Answering(StatusCode, &'static str);

    impl MapServer for Answering {
        async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
            assert_eq!((project, request.method), ("a.qgz", Method::GET));
            let mut answer = Response::new(Body::from(self.1));
            *answer.status_mut() = self.0;
            Ok(answer)
        }
    }

    #[tokio::test]
    async fn only_capabilities_are_an_answer_and_qgis_own_words_are_told() {
        let exception = "<ServiceExceptionReport version=\"1.3.0\">\n <ServiceException code=\"Service configuration error\">Layer(s) not\n\u{7}valid</ServiceException>\n</ServiceExceptionReport>";
        for (status, body, said) in [
            (200, "<?xml version=\"1.0\"?>\n<WMS_Capabilities version=\"1.3.0\">", None),
            (200, exception, Some("cannot open the project: Layer(s) not  valid")),
            (500, exception, Some("status 500: Layer(s) not  valid")),
            (404, "<html>", Some("status 404")),
            (200, "<html>", Some("no QGIS Server")),
            (200, "", Some("no QGIS Server")),
            (200, "<ServiceException>", Some("cannot open the project")),
        ] {
            let server = Answering(StatusCode::from_u16(status).unwrap(), body);
            let problem = ask_capabilities(&server, "a.qgz").await.err().map(|problem| problem.to_string());
            assert_eq!(problem.is_some(), said.is_some(), "{body}");
            assert!(problem.clone().unwrap_or_default().contains(said.unwrap_or_default()), "{problem:?}");
        }
    }
}
