//! Runs a function on AWS Lambda: its logs and metrics, and, for those that answer HTTP, its router behind API Gateway
//! (REST or HTTP API) or a function URL; the others take plain events.

use std::io;

use axum::Router;
use http::{Uri, uri::PathAndQuery};
pub use lambda_http::Error;
use lambda_http::{
    Body, LambdaEvent, Request, RequestExt, Service, lambda_runtime::Diagnostic, request::RequestContext,
    service_fn,
};
use metrics_cloudwatch_embedded::{Builder, Collector};
use tower::ServiceExt;

use crate::{
    config::{ConfigError, TelemetryConfig},
    metrics, oauth, telemetry,
};

/// Collects figures and writes them in CloudWatch's embedded metric format.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html>.
#[derive(Clone, Copy)]
pub struct Metrics(Option<&'static Collector>);

/// Begins to log and to count, as the variables that `var` reads say: what is wrong with the others can be told then.
pub fn start(var: impl Fn(&str) -> Option<String>) -> Result<Metrics, Error> {
    let config = TelemetryConfig::read(var);
    telemetry::init(config.as_ref().map_or_else(|_| TelemetryConfig::default().log, |config| config.log));
    let config = config.inspect_err(|problem: &ConfigError| tracing::error!(%problem, "cannot start"))?;
    let Some(namespace) = config.metrics else { return Ok(Metrics(None)) };
    let collector = Builder::new().cloudwatch_namespace(namespace).init()?;
    metrics::describe();
    Ok(Metrics(Some(collector)))
}

impl Metrics {
    /// Writes what was counted since the last time to standard output, where Lambda's log is read from. What cannot be
    /// written is lost: no request is refused for it.
    pub fn flush(self) {
        if let Some(collector) = self.0
            && let Err(problem) = collector.flush(io::stdout())
        {
            tracing::warn!(%problem, "metrics were lost");
        }
    }
}

/// Finishes `router` and serves requests with it until the runtime ends.
pub async fn serve(router: Router, metrics: Metrics) -> Result<(), Error> {
    let service = service(router);
    lambda_http::run(service_fn(move |request: Request| {
        let answer = service.clone().oneshot(request);
        async move {
            let answer = answer.await;
            metrics.flush();
            answer
        }
    }))
    .await
}

/// Answers events that are no HTTP requests with `answer` until the runtime ends.
pub async fn serve_events<E, A, P, F>(
    answer: impl Fn(E) -> F + Send + Sync + 'static,
    metrics: Metrics,
) -> Result<(), Error>
where
    E: serde::de::DeserializeOwned,
    A: serde::Serialize,
    P: std::error::Error + Send + Sync + 'static,
    F: Future<Output = Result<A, P>> + Send,
{
    let function = service_fn(move |event: LambdaEvent<E>| {
        let answered = answer(event.payload);
        // An error's text alone goes back: API Gateway looks at nothing else, and to the letter.
        async move {
            let answered = answered.await;
            metrics.flush();
            answered.map_err(|problem| Diagnostic {
                error_type: "Refused".to_owned(),
                error_message: problem.to_string(),
            })
        }
    });
    lambda_http::lambda_runtime::run(function).await
}

/// `router`, finished, as the service of a Lambda function: what [`serve`] runs, and what tests hand their events to.
pub fn service(
    router: Router,
) -> impl Service<
    Request,
    Response = http::Response<axum::body::Body>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone {
    let router = oauth::finish(router);
    service_fn(move |request: Request| router.clone().oneshot(without_stage(request).map(into_body)))
}

/// API Gateway's stage (`/live`) comes first in the path that the runtime builds, and the events of HTTP APIs, not
/// those of REST APIs, have it in their own path too; the routes do not know it.
fn without_stage(mut request: Request) -> Request {
    let raw = request.raw_http_path();
    if raw.is_empty() {
        return request;
    }
    let path = stage(&request)
        .and_then(|stage| raw.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(raw);
    let path_and_query = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = request.uri().clone().into_parts();
    if let Ok(path_and_query) = path_and_query.parse::<PathAndQuery>() {
        parts.path_and_query = Some(path_and_query);
    }
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

/// The stage that the event's own path may begin with.
fn stage(request: &Request) -> Option<&str> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.stage.as_deref(),
        _ => None,
    }
}

fn into_body(body: Body) -> axum::body::Body {
    match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        _ => axum::body::Body::empty(),
    }
}
