//! What stands between the service and something that it asks: passes on what comes, and holds it, fails it or cuts it
//! off as a test says, and remembers it. Who stands here knows what is waited for and what was carried out; no test has
//! to guess it by the time.

use std::sync::{Arc, Mutex};

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

use crate::{
    process,
    traffic::{Seen, Traffic, UnderWay, lock},
};

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

/// Stands between.
#[derive(Clone)]
pub struct FaultProxy {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    levers: Mutex<Levers>,
    traffic: Arc<Mutex<Traffic>>,
}

type Decision = dyn Fn(usize, &str) -> Fate + Send + Sync;

struct Levers {
    fate: Arc<Decision>,
    count: usize,
    holds: bool,
}

impl FaultProxy {
    /// Stands before `upstream`, a URL, on a port of its own.
    ///
    /// # Panics
    /// When there is no port to be had.
    #[expect(clippy::expect_used, reason = "a test that cannot listen fails, which is what panics are for")]
    pub async fn and(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let levers = Levers { fate: Arc::new(|_, _| Fate::Passes), count: 0, holds: false };
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().expect("a client can be made"),
            levers: Mutex::new(levers),
            traffic: Arc::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on an answer goes when it is let go, or not held any more.
    pub fn holds(&self) {
        lock(&self.shared.levers).holds = true;
    }

    /// Lets go all answers, as soon as exactly those to `these` requests (in the order of the alphabet) are held.
    ///
    /// # Panics
    /// When that never is so: what should be waited for at once is waited for one after the other, or something else is.
    pub async fn lets_go(&self, these: &[&str]) {
        let let_go = || lock(&self.shared.traffic).lets_go(these).then_some(());
        let held = || lock(&self.shared.traffic).held().join(", ");
        assert!(
            process::seen(let_go).await.is_some(),
            "{these:?} should wait at once, and there wait {}",
            held()
        );
    }

    /// From now on no answer is held, and none that was.
    pub fn holds_no_more(&self) {
        lock(&self.shared.levers).holds = false;
        lock(&self.shared.traffic).lets_all_go();
    }

    /// Waits until a request is lost, or an answer.
    ///
    /// # Panics
    /// When none is for long.
    #[expect(clippy::expect_used, reason = "a test that waits in vain fails, which is what panics are for")]
    pub async fn loses(&self) {
        let lost = || (lock(&self.shared.traffic).lost() > 0).then_some(());
        process::seen(lost).await.expect("a request is lost");
    }

    /// Waits until every request that came has met its fate, be it one whose asker has gone away.
    ///
    /// # Panics
    /// When one does not for long.
    #[expect(clippy::expect_used, reason = "as above")]
    pub async fn settles(&self) {
        let settled = || (lock(&self.shared.traffic).under_way() == 0).then_some(());
        process::seen(settled).await.expect("every request meets its fate");
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
        lock(&self.shared.traffic).seen()
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let what = match request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()) {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => request.uri().path().to_owned(),
    };
    let under_way = UnderWay::begins(&shared.traffic);
    let fate = {
        let mut levers = lock(&shared.levers);
        let fate = (levers.fate)(levers.count, &what);
        levers.count += 1;
        fate
    };
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    // A task of its own: what was passed on is carried out, also where whoever asked goes away meanwhile.
    let fulfilled = tokio::spawn(fulfilled(fate, Arc::clone(&shared), under_way, head, body.clone()));
    let Ok(Some(answer)) = fulfilled.await else { return std::future::pending().await };
    let holds = lock(&shared.levers).holds;
    let let_go = lock(&shared.traffic).answers(Seen { what, body }, holds);
    let_go.await;
    answer
}

/// The answer, where there is one.
async fn fulfilled(
    fate: Fate,
    shared: Arc<Shared>,
    under_way: UnderWay,
    head: http::request::Parts,
    body: Bytes,
) -> Option<Response> {
    let answer = match fate {
        Fate::Passes => Some(passed_on(&shared, &head, body).await),
        Fate::Throttled => Some(refusal(StatusCode::BAD_REQUEST, "ThrottlingException")),
        Fate::Fails => Some(refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")),
        Fate::Lost => None,
        Fate::AnswerLost => {
            drop(passed_on(&shared, &head, body).await);
            None
        }
    };
    if answer.is_none() {
        under_way.ends_lost();
    }
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
