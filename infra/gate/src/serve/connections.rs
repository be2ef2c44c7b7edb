//! Connections: accepted up to a number, each bounded in what it may send, how slowly, and how long it may be silent.

use std::{
    convert::Infallible,
    io,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::{body::Body, response::Response};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::{Service, ServiceExt};

use super::{
    body::{SteadyBody, WatchedAnswer},
    steady_stream::{Activity, SteadyStream},
};
use crate::settings::Limits;

/// Header fields of one request. Browsers behind Application Proxy send some 40.
const MAX_FIELDS: usize = 100;
/// Bytes of a request's head: a query of 32 KB and, in `Authorization`, the token of a person in 200 groups.
const MAX_HEAD: usize = 64 * 1024;
/// The pause after a connection that cannot be accepted, most often for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers the connections that `listener` accepts with `service` until `shutdown` is ready; then accepts no more, lets
/// the requests that run finish for as long as one may take, and comes back. `limits` is asked for each connection anew.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    limits: impl Fn() -> Limits,
    shutdown: impl Future<Output = ()>,
) where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let (ending, ended) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let has_room = connections.len() < limits().connections;
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if has_room => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(answer(stream, service.clone(), limits(), ended.clone()));
                }
                Err(error) => rest(&error).await,
            },
        }
    }
    drop(listener);
    drop(ending);
    let bound = limits().upstream + limits().body;
    let drained = timeout(bound, async { while connections.join_next().await.is_some() {} });
    if drained.await.is_err() {
        let left = connections.len();
        tracing::warn!(target: "pozi::gate", left, "requests still ran when the time for ending was over");
    }
}

/// A connection that broke before it was accepted costs nothing; anything else is told, and tried again in a moment.
async fn rest(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(target: "pozi::gate", %error, "a connection cannot be accepted");
        sleep(PAUSE).await;
    }
}

/// Serves one connection to its end. Until its first byte it has neither buffer nor parser: thousands of silent ones cost
/// next to nothing.
async fn answer<S>(stream: TcpStream, service: S, limits: Limits, mut ended: watch::Receiver<()>)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let mut first = [0];
    let speaks = tokio::select! {
        // That a socket is said to be readable does not mean that it is.
        peeked = timeout(limits.idle, stream.peek(&mut first)) => matches!(peeked, Ok(Ok(1))),
        _ = ended.changed() => false,
    };
    if speaks {
        boxed(stream, service, limits, ended).await;
    }
}

/// Away from the future that waits for the first byte, which would be as large as all that follows.
fn boxed<S>(
    stream: TcpStream,
    service: S,
    limits: Limits,
    ended: watch::Receiver<()>,
) -> Pin<Box<dyn Future<Output = ()> + Send>>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    Box::pin(converse(stream, service, limits, ended))
}

/// Answers what the client asks, until it, a limit or the gate ends that.
async fn converse<S>(stream: TcpStream, service: S, limits: Limits, mut ended: watch::Receiver<()>)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    // Without it what is small waits for more; that it cannot be had means that the connection is gone.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let activity = Arc::new(Activity::default());
    let service = watched(service, Arc::clone(&activity), limits);
    let stream = SteadyStream::new(stream, activity, limits.header, limits.body);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper counts from the end of the last answer on: for the head itself the stream keeps a shorter time.
        .header_read_timeout(limits.idle)
        .max_headers(MAX_FIELDS)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // How a connection ends is the client's affair; what the gate did is in the log of its requests.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = ended.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// `service` as hyper calls it, with the bodies bounded and the connection's activity kept up to date.
fn watched<S>(
    service: S,
    activity: Arc<Activity>,
    limits: Limits,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = http::Response<WatchedAnswer>,
    Error = Infallible,
    Future: Send,
> + Send
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    service_fn(move |request: Request<Incoming>| {
        let running = Activity::begin(&activity);
        let request = request.map(|body| Body::new(SteadyBody::new(body, limits.body)));
        let answering = service.clone().oneshot(request);
        async move {
            let answer = answering.await?;
            Ok(answer.map(|body| WatchedAnswer::new(body, running)))
        }
    })
}
