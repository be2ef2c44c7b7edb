//! QGIS Server's own time for the maps that the browser asked for.

use std::{path::Path, time::Instant};

use axum::body::to_bytes;
use http::{Method, StatusCode};
use pozi_gate::upstream::{MapServer, QgisRequest};
use pozi_local::maps::{PROGRAM, Qgis};
use pozi_tests::turns::median;

/// How often each map is asked for.
const TIMES: usize = 5;

/// Starts QGIS Server and returns the median time of a map in milliseconds; `queries` are the browser's. The project is the one
/// that the service wrote below the folder `state`.
pub(crate) async fn median_directly(state: &Path, queries: &[String]) -> f64 {
    let project = state.join("maps/riverbend/planning/project.qgs");
    let project = project.canonicalize().expect("the service wrote the project");
    let project = project.to_str().expect("its path is text");
    let server = Qgis::new(PROGRAM, state.join("alone"), false);
    let mut times = Vec::new();
    for query in queries {
        // The first one of a project reads it.
        time(&server, project, query).await;
        for _ in 0..TIMES {
            times.push(time(&server, project, query).await);
        }
    }
    median(times.into_iter())
}

async fn time(server: &Qgis, project: &str, query: &str) -> f64 {
    let request = QgisRequest {
        method: Method::GET,
        path: String::new(),
        query: query.to_owned(),
        body: None,
        accept: None,
        public_url: String::new(),
    };
    let start = Instant::now();
    let answer = server.send(project, request).await.expect("QGIS Server answers");
    assert_eq!(answer.status(), StatusCode::OK);
    to_bytes(answer.into_body(), usize::MAX).await.expect("the map is complete");
    start.elapsed().as_secs_f64() * 1e3
}
