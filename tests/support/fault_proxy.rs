//! A proxy in front of AWS or Entra that forwards, delays, fails or drops requests as a test says, and records them.
//! Tests can wait for what the proxy sees instead of guessing by time.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::{
    StatusCode,
    header::{CONNECTION, CONTENT_TYPE, HOST, TRANSFER_ENCODING},
};
use tokio::{net::TcpListener, time::sleep};

use crate::{
    memory::lock,
    process,
    traffic::{Seen, Traffic, UnderWay},
};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is forwarded.
    Passes,
    /// It is forwarded, and the answer comes this much later.
    Late(Duration),
    /// It is answered with `ThrottlingException`.
    Throttled,
    /// It is answered with `TransactionCanceledException`: another transaction is under way.
    Contended,
    /// It is answered with status 500.
    Fails,
    /// It is not forwarded and never answered.
    Lost,
    /// It is forwarded, but never answered.
    AnswerLost,
}

/// The proxy. Clones are the same proxy.
#[derive(Clone)]
pub struct FaultProxy {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    settings: Mutex<Settings>,
    traffic: Arc<Mutex<Traffic>>,
}

type FateOf = dyn Fn(usize, &str) -> Fate + Send + Sync;

struct Settings {
    fate: Arc<FateOf>,
    count: usize,
    holds: bool,
}

impl FaultProxy {
    /// Starts a proxy in front of `upstream`, a URL, on a free port.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn in_front_of(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("the listener has an address"));
        let settings = Settings { fate: Arc::new(|_, _| Fate::Passes), count: 0, holds: false };
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().expect("a client can be made"),
            settings: Mutex::new(settings),
            traffic: Arc::default(),
        });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Returns the proxy's own URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Holds all answers from now on, until they are released.
    pub fn hold_answers(&self) {
        lock(&self.shared.settings).holds = true;
    }

    /// Waits until exactly the answers to `requests` (sorted) are held, and releases them.
    ///
    /// # Panics
    /// If that does not happen: the requests are made one after the other, or others are made.
    pub async fn release(&self, requests: &[&str]) {
        let released = || lock(&self.shared.traffic).release(requests).then_some(());
        let held = || lock(&self.shared.traffic).held().join(", ");
        assert!(
            process::wait_for(released).await.is_some(),
            "expected held answers to {requests:?}, found {}",
            held()
        );
    }

    /// Waits until exactly the answers to `requests` (sorted) are held.
    ///
    /// # Panics
    /// If that does not happen.
    pub async fn wait_for_held(&self, requests: &[&str]) {
        let held = || (lock(&self.shared.traffic).held() == requests).then_some(());
        process::wait_for(held).await.expect("the answers are held");
    }

    /// Releases all answers, and holds no more.
    pub fn release_all(&self) {
        lock(&self.shared.settings).holds = false;
        lock(&self.shared.traffic).release_all();
    }

    /// Waits until a request or an answer is lost.
    ///
    /// # Panics
    /// If none is before the timeout.
    pub async fn wait_for_loss(&self) {
        let lost = || (lock(&self.shared.traffic).lost() > 0).then_some(());
        process::wait_for(lost).await.expect("a request is lost");
    }

    /// Waits until no request is under way, those of clients that have gone away included.
    ///
    /// # Panics
    /// If one still is at the timeout.
    pub async fn wait_until_idle(&self) {
        let settled = || (lock(&self.shared.traffic).under_way() == 0).then_some(());
        process::wait_for(settled).await.expect("every request ends");
    }

    /// Sets what happens to requests from now on, by a request's number from 0 and its AWS operation or path.
    pub fn set_fates(&self, fate: impl Fn(usize, &str) -> Fate + Send + Sync + 'static) {
        let mut settings = lock(&self.shared.settings);
        settings.fate = Arc::new(fate);
        settings.count = 0;
    }

    /// Sets what happens to every request from now on.
    pub fn set_fate(&self, fate: Fate) {
        self.set_fates(move |_, _| fate);
    }

    /// Returns the requests answered since the last call.
    pub fn take_seen(&self) -> Vec<Seen> {
        lock(&self.shared.traffic).take_seen()
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let arrived = Instant::now();
    let what = match request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()) {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => request.uri().path().to_owned(),
    };
    let under_way = UnderWay::begin(&shared.traffic);
    let fate = {
        let mut settings = lock(&shared.settings);
        let fate = (settings.fate)(settings.count, &what);
        settings.count += 1;
        fate
    };
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    // In a task of its own, since the request must be carried out even if the client goes away.
    let fulfilled = tokio::spawn(fulfil(fate, Arc::clone(&shared), under_way, head, body.clone()));
    let Ok(Some(answer)) = fulfilled.await else { return std::future::pending().await };
    let holds = lock(&shared.settings).holds;
    let released = lock(&shared.traffic).answered(Seen { what, body, arrived }, holds);
    released.await;
    answer
}

/// Returns the answer, if there is one.
async fn fulfil(
    fate: Fate,
    shared: Arc<Shared>,
    under_way: UnderWay,
    head: http::request::Parts,
    body: Bytes,
) -> Option<Response> {
    let answer = match fate {
        Fate::Passes => Some(forward(&shared, &head, body).await),
        Fate::Late(by) => {
            let answer = forward(&shared, &head, body).await;
            sleep(by).await;
            Some(answer)
        }
        Fate::Throttled => Some(refusal(StatusCode::BAD_REQUEST, "ThrottlingException")),
        Fate::Contended => Some(contended()),
        Fate::Fails => Some(refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")),
        Fate::Lost => None,
        Fate::AnswerLost => {
            drop(forward(&shared, &head, body).await);
            None
        }
    };
    if answer.is_none() {
        under_way.end_lost();
    }
    answer
}

async fn forward(shared: &Shared, head: &http::request::Parts, body: Bytes) -> Response {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = head.headers.clone();
    for own in [HOST, CONNECTION, TRANSFER_ENCODING] {
        headers.remove(own);
    }
    let forwarded = shared.client.request(head.method.clone(), format!("{}{path}", shared.upstream));
    let Ok(answer) = forwarded.headers(headers).body(body).send().await else {
        return refusal(StatusCode::BAD_GATEWAY, "UpstreamUnreachable");
    };
    let (status, kind) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
    let mut response = Response::new(Body::from(answer.bytes().await.unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    response
}

fn contended() -> Response {
    let answer = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"by the fault proxy","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"},{"Code":"None"}]}"#;
    let mut response = Response::new(Body::from(answer));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn refusal(status: StatusCode, kind: &str) -> Response {
    let mut response =
        Response::new(Body::from(format!("{{\"__type\":\"{kind}\",\"message\":\"by the fault proxy\"}}")));
    *response.status_mut() = status;
    response
}
