//! What stands between the service and something that it asks: passes on what comes, and delays it, fails it or cuts it
//! off as a test says, and remembers when each request came and went.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
use tokio::net::TcpListener;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is passed on.
    Passes,
    /// It is refused as one too many.
    Throttled,
    /// It meets an error of the server's.
    Fails,
    /// Nobody gets it, and there is no answer for as long as anybody waits.
    Lost,
    /// It is passed on, and its answer is lost.
    AnswerLost,
}

/// One request, as it was seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What was asked: the AWS operation, or the path.
    pub what: String,
    /// The body of the request.
    pub body: Bytes,
    /// When it came.
    pub came: Instant,
    /// When its answer went.
    pub went: Instant,
}

/// Stands between.
#[derive(Clone)]
pub struct Between {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    levers: Mutex<Levers>,
    seen: Mutex<Vec<Seen>>,
}

type Decision = dyn Fn(usize, &str) -> Fate + Send + Sync;

struct Levers {
    delay: Duration,
    fate: Arc<Decision>,
    count: usize,
}

impl Between {
    /// Stands before `upstream`, a URL, on a port of its own.
    ///
    /// # Panics
    /// When there is no port to be had.
    #[expect(clippy::expect_used, reason = "a test that cannot listen fails, which is what panics are for")]
    pub async fn and(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let levers = Levers { delay: Duration::ZERO, fate: Arc::new(|_, _| Fate::Passes), count: 0 };
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().expect("a client can be made"),
            levers: Mutex::new(levers),
            seen: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on every answer comes so much later.
    pub fn delays(&self, delay: Duration) {
        lock(&self.shared.levers).delay = delay;
    }

    /// From now on `fate` says what happens to a request, by its number from 0 and what it asks.
    pub fn decides(&self, fate: impl Fn(usize, &str) -> Fate + Send + Sync + 'static) {
        let mut levers = lock(&self.shared.levers);
        levers.fate = Arc::new(fate);
        levers.count = 0;
    }

    /// From now on this happens to every request.
    pub fn always(&self, fate: Fate) {
        self.decides(move |_, _| fate);
    }

    /// What was seen since the last time that this was asked.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *lock(&self.shared.seen))
    }
}

/// How many of these requests were waited for one after the other, at the most: the longest row of them in which each
/// came after the one before had been answered.
pub fn waits_in_sequence(seen: &[Seen]) -> usize {
    let mut by_end: Vec<_> = seen.iter().collect();
    by_end.sort_by_key(|seen| seen.went);
    let (mut waits, mut last): (usize, Option<Instant>) = (0, None);
    for seen in by_end {
        if last.is_none_or(|last| seen.came >= last) {
            waits += 1;
            last = Some(seen.went);
        }
    }
    waits
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let came = Instant::now();
    let what = match request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()) {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => request.uri().path().to_owned(),
    };
    let (delay, fate) = {
        let mut levers = lock(&shared.levers);
        let fate = (levers.fate)(levers.count, &what);
        levers.count += 1;
        (levers.delay, fate)
    };
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let answer = match fate {
        Fate::Passes => passed_on(&shared, &head, body.clone()).await,
        Fate::Throttled => refusal(StatusCode::BAD_REQUEST, "ThrottlingException"),
        Fate::Fails => refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        Fate::Lost => std::future::pending().await,
        Fate::AnswerLost => {
            drop(passed_on(&shared, &head, body.clone()).await);
            std::future::pending().await
        }
    };
    tokio::time::sleep(delay).await;
    lock(&shared.seen).push(Seen { what, body, came, went: Instant::now() });
    answer
}

async fn passed_on(shared: &Shared, head: &http::request::Parts, body: Bytes) -> Response {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = head.headers.clone();
    for own in [HOST, CONNECTION, TRANSFER_ENCODING] {
        headers.remove(own);
    }
    let asked = shared.client.request(head.method.clone(), format!("{}{path}", shared.upstream));
    let Ok(answer) = asked.headers(headers).body(body).send().await else {
        return refusal(StatusCode::BAD_GATEWAY, "NobodyThere");
    };
    let (status, kind) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
    let mut response = Response::new(Body::from(answer.bytes().await.unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    response
}

fn refusal(status: StatusCode, kind: &str) -> Response {
    let mut response =
        Response::new(Body::from(format!("{{\"__type\":\"{kind}\",\"message\":\"as told\"}}")));
    *response.status_mut() = status;
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
