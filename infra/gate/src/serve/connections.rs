//! Connections: a limited number is accepted, each with limits on size, slowness and idle time.

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
    body::{TimedBody, TrackedBody},
    timed_stream::{Activity, TimedStream},
};
use crate::settings::Limits;

/// Header fields in one request. Browsers behind Application Proxy send some 40.
const MAX_FIELDS: usize = 100;
/// Bytes in a request's head: enough for a query of 32 KB and, in `Authorization`, the token of a person in 200 groups.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The pause after a failure to accept a connection, usually because file descriptors ran out.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Serves `listener` with `service` until `shutdown` is ready. Then it accepts no more connections, lets running requests
/// finish within the time that one may take (`upstream` + `body`), and returns. `limits` is called for each connection.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    limits: impl Fn() -> Limits,
    shutdown: impl Future<Output = ()>,
) where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let has_room = connections.len() < limits().connections;
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if has_room => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(answer(stream, service.clone(), limits(), stopping.clone()));
                }
                Err(error) => handle_accept_error(&error).await,
            },
        }
    }
    drop(listener);
    drop(stop);
    let drain_timeout = limits().upstream + limits().body;
    let drained = timeout(drain_timeout, async { while connections.join_next().await.is_some() {} });
    if drained.await.is_err() {
        let left = connections.len();
        tracing::warn!(target: "pozi::gate", left, "stopped with requests still running");
    }
}

/// Ignores a connection that broke before it was accepted. Logs any other error and waits before the next attempt.
async fn handle_accept_error(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(target: "pozi::gate", %error, "cannot accept a connection");
        sleep(ACCEPT_RETRY_DELAY).await;
    }
}

/// Serves one connection until it closes. It gets a buffer and a parser only with its first byte, so that thousands of
/// idle connections need little memory.
async fn answer<S>(stream: TcpStream, service: S, limits: Limits, mut stopping: watch::Receiver<()>)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let mut first = [0];
    let has_data = tokio::select! {
        // Peeks, since a socket that is reported as readable may have no data.
        peeked = timeout(limits.idle, stream.peek(&mut first)) => matches!(peeked, Ok(Ok(1))),
        _ = stopping.changed() => false,
    };
    if has_data {
        boxed(stream, service, limits, stopping).await;
    }
}

/// Boxes the rest of the connection, so that the future that waits for the first byte stays small.
fn boxed<S>(
    stream: TcpStream,
    service: S,
    limits: Limits,
    stopping: watch::Receiver<()>,
) -> Pin<Box<dyn Future<Output = ()> + Send>>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    Box::pin(serve_http(stream, service, limits, stopping))
}

/// Answers requests until the client, a limit or the gate closes the connection.
async fn serve_http<S>(stream: TcpStream, service: S, limits: Limits, mut stopping: watch::Receiver<()>)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    // Without TCP_NODELAY small answers are delayed. An error means that the connection is gone.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let activity = Arc::new(Activity::default());
    let service = timed(service, Arc::clone(&activity), limits);
    let stream = TimedStream::new(stream, activity, limits.header, limits.body);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper counts from the end of the last answer; the stream has a shorter limit for the head itself.
        .header_read_timeout(limits.idle)
        .max_headers(MAX_FIELDS)
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // How the connection ends does not matter: the requests on it are already logged.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Adapts `service` for hyper, with time limits on bodies, and records the connection's activity.
fn timed<S>(
    service: S,
    activity: Arc<Activity>,
    limits: Limits,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = http::Response<TrackedBody>,
    Error = Infallible,
    Future: Send,
> + Send
where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    service_fn(move |request: Request<Incoming>| {
        let running = Activity::begin(&activity);
        let request = request.map(|body| Body::new(TimedBody::new(body, limits.body)));
        let answering = service.clone().oneshot(request);
        async move {
            let answer = answering.await?;
            Ok(answer.map(|body| TrackedBody::new(body, running)))
        }
    })
}
