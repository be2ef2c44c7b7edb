//! What a release's hook calls: Lambda, whose versions are bootstraps that run as processes, and CodeDeploy, which takes the
//! report. Everything else goes to the emulated AWS.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use http::header::{CONTENT_TYPE, HOST};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use crate::Runtime;

/// Lambda and CodeDeploy, at one address with the rest of AWS.
pub struct EmulatedReleases {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    versions: Vec<(&'static str, Runtime)>,
    reports: Mutex<Vec<Value>>,
}

impl EmulatedReleases {
    /// Starts them with `versions`, each of a name, in front of the AWS at `upstream`.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn in_front_of(upstream: &str, versions: Vec<(&'static str, Runtime)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("the listener has an address"));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
        let shared =
            Arc::new(Shared { upstream: upstream.to_owned(), client, versions, reports: Mutex::default() });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Their URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns what CodeDeploy was told.
    pub fn reports(&self) -> Vec<Value> {
        self.shared.reports.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the version `name`.
    ///
    /// # Panics
    /// If there is none.
    pub fn version(&self, name: &str) -> &Runtime {
        let version = self.shared.versions.iter().find(|(known, _)| *known == name);
        version.map(|(_, runtime)| runtime).expect("there is such a version")
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let read = || serde_json::from_slice::<Value>(&body).expect("the body is JSON");
    if target == "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus" {
        shared.reports.lock().unwrap_or_else(PoisonError::into_inner).push(read());
        return json!({}).to_string().into_response();
    }
    if let Some(name) = uri.path().strip_prefix("/2015-03-31/functions/") {
        let version = shared.versions.iter().find(|(known, _)| name.contains(known));
        return invoke(&version.expect("there is such a version").1, &read()).await;
    }
    forward(&shared, method, &uri, headers, body).await
}

/// Returns what Lambda answers. Of a process that ends without an answer it says so.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
async fn invoke(version: &Runtime, event: &Value) -> Response {
    let ended = async {
        while version.is_running() {
            sleep(Duration::from_millis(20)).await;
        }
        json!({ "errorType": "Runtime.ExitError" })
    };
    let outcome = tokio::select! {
        outcome = version.invoke(event) => outcome,
        error = ended => Err(error),
    };
    match outcome {
        Ok(answer) => answer.to_string().into_response(),
        Err(error) => ([("x-amz-function-error", "Unhandled")], error.to_string()).into_response(),
    }
}

async fn forward(
    shared: &Shared,
    method: Method,
    uri: &Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    headers.remove(HOST);
    let sent = shared.client.request(method, format!("{}{uri}", shared.upstream)).headers(headers).body(body);
    let answer = sent.send().await.expect("the emulated AWS answers");
    let (status, kind) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
    let body = answer.bytes().await.expect("the answer is complete");
    let mut response = (StatusCode::OK, body).into_response();
    *response.status_mut() = status;
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}
