//! Sends requests to QGIS Server as the client wrote them, and as the gate rewrites them.

use std::path::Path;

use axum::body::to_bytes;
use http::header::CONTENT_TYPE;
use pozi_gate::upstream::{FastCgi, MapServer, QgisRequest};

use super::{
    demo::Demo,
    raw::{Answer, ask},
    requests::Recorded,
};

const PUBLIC: &str = "https://poziserver-riverbend.example/pozi/ows/demo/";
const PUBLIC_PATH: &str = "/pozi/ows/demo";

/// Sends the client's original `request` for the project file `project`.
pub(crate) fn send_original(demo: &Demo, project: &str, request: &Recorded) -> Answer {
    let query = with_map(&request.query, project);
    let path = path_in_catalogue(&request.path);
    let address = if path.is_empty() { "/" } else { path };
    let address = format!("{PUBLIC_PATH}{address}");
    let length = request.body.len().to_string();
    let mut variables = vec![
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("REQUEST_METHOD", request.method.as_str()),
        ("QUERY_STRING", &query),
        ("REQUEST_URI", &address),
        ("SCRIPT_NAME", PUBLIC_PATH),
        ("SCRIPT_FILENAME", "qgis_mapserv.fcgi"),
        ("PATH_INFO", path),
        ("HTTPS", "on"),
        ("HTTP_HOST", "poziserver-riverbend.example"),
        ("SERVER_NAME", "poziserver-riverbend.example"),
        ("HTTP_X_QGIS_SERVICE_URL", PUBLIC),
    ];
    if let Some(accept) = &request.accept {
        variables.push(("HTTP_ACCEPT", accept));
    }
    if let Some(kind) = &request.content_type {
        variables.extend([("CONTENT_TYPE", kind.as_str()), ("HTTP_CONTENT_TYPE", kind)]);
    }
    if !request.body.is_empty() {
        variables.push(("CONTENT_LENGTH", &length));
    }
    ask(&demo.socket(), &variables, request.body.as_bytes())
}

/// Sends `request`, which the gate wrote, for the project file `project`.
pub(crate) async fn send_rewritten(socket: &Path, project: &str, request: QgisRequest) -> Answer {
    let server = FastCgi::new(format!("unix:{}", socket.display()).parse().unwrap());
    let answer = server.send(project, request.with_public_url(PUBLIC)).await.unwrap();
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let (status, content_type) = (answer.status().as_u16(), content_type.unwrap_or_default().to_owned());
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec();
    Answer { status, content_type, body }
}

/// Replaces `MAP` in `query` with the project file `project`.
fn with_map(query: &str, project: &str) -> String {
    let is_map = |pair: &&str| pair.split('=').next().is_some_and(|key| key.eq_ignore_ascii_case("map"));
    let others: Vec<_> = query.split('&').filter(|pair| !is_map(pair)).collect();
    format!("{}&MAP={}", others.join("&"), project.replace('/', "%2F"))
}

fn path_in_catalogue(path: &str) -> &str {
    let places = ["/pozi/ows/demo", "/pozi/qgisserver/next/demo", "/pozi/qgisserver"];
    let rest = places.iter().find_map(|place| path.strip_prefix(place)).unwrap();
    if rest == "/" { "" } else { rest }
}
