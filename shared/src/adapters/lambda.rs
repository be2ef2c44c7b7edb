//! Runs a function on AWS Lambda: its logs and metrics, and its HTTP router behind API Gateway (REST or HTTP API) or a
//! function URL, or its handler of plain events.

use std::{env, io};

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
    error::with_causes,
    metrics, oauth,
    telemetry::{self, RequestId},
};

/// Collects metrics and writes them in CloudWatch's embedded metric format.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html>.
#[derive(Clone, Copy)]
pub struct Metrics(Option<&'static Collector>);

/// Returns the environment variable `name`; `None` if it is not set or not Unicode.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Starts logs and metrics, as the environment variables say. Called first, so that errors in the rest of the configuration
/// are logged.
pub fn start() -> Result<Metrics, Error> {
    let config = TelemetryConfig::read(variable);
    telemetry::init(config.as_ref().map_or_else(|_| TelemetryConfig::default().log, |config| config.log));
    let config = build(config, Ok)?;
    let Some(namespace) = config.metrics else { return Ok(Metrics(None)) };
    let collector = Builder::new().cloudwatch_namespace(namespace).init()?;
    metrics::describe();
    Ok(Metrics(Some(collector)))
}

/// Builds a function's service from its configuration. An error of either is logged.
pub fn build<C, S>(
    config: Result<C, ConfigError>,
    service: impl FnOnce(C) -> Result<S, Error>,
) -> Result<S, Error> {
    let built = config.map_err(Error::from).and_then(service);
    built.inspect_err(|error| tracing::error!(problem = with_causes(&**error), "the function cannot start"))
}

impl Metrics {
    /// Writes what was counted since the last time to standard output, which Lambda logs. If that fails, the metrics are
    /// lost and the request goes on.
    fn flush(self) {
        if let Some(collector) = self.0
            && let Err(error) = collector.flush(io::stdout())
        {
            tracing::warn!(problem = with_causes(&error), "metrics were lost");
        }
    }
}

/// Finishes `router` and serves HTTP requests with it until the runtime ends.
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

/// Answers events other than HTTP requests with `answer` until the runtime ends.
pub async fn serve_events<T, A, E, F>(
    answer: impl Fn(T) -> F + Send + Sync + 'static,
    metrics: Metrics,
) -> Result<(), Error>
where
    T: serde::de::DeserializeOwned,
    A: serde::Serialize,
    E: std::error::Error + Send + Sync + 'static,
    F: Future<Output = Result<A, E>> + Send,
{
    let function = service_fn(move |event: LambdaEvent<T>| {
        let answered = answer(event.payload);
        // API Gateway reads only the error's message, and compares it letter by letter.
        async move {
            let answered = answered.await;
            metrics.flush();
            answered.map_err(|error| Diagnostic {
                error_type: "Refused".to_owned(),
                error_message: with_causes(&error),
            })
        }
    });
    lambda_http::lambda_runtime::run(function).await
}

/// Returns the service of a Lambda function that [`serve`] runs: `router`, finished. Tests call it with events.
pub fn service(
    router: Router,
) -> impl Service<
    Request,
    Response = http::Response<axum::body::Body>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone {
    let router = oauth::finish(router);
    service_fn(move |request: Request| router.clone().oneshot(without_stage(with_id(request)).map(into_body)))
}

/// Puts API Gateway's id of the request where the audit event finds it.
fn with_id(mut request: Request) -> Request {
    let id = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.clone(),
        _ => None,
    };
    if let Some(id) = id {
        request.extensions_mut().insert(RequestId(id));
    }
    request
}

/// Removes API Gateway's stage (`/live`) from the path, once, because the routes do not have it. The path that the runtime
/// builds begins with it, and for HTTP APIs, unlike REST APIs, so does the path of the event itself, also behind a custom
/// domain whose URL does not have it. The path of a custom domain's mapping stays: the routes are below the issuer's path too.
fn without_stage(mut request: Request) -> Request {
    let raw = request.raw_http_path();
    if raw.is_empty() {
        return request;
    }
    let path = stage(&request)
        .and_then(|stage| raw.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| is_below(rest))
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

/// Whether `rest` is a path of two segments or more, as every route has them. A path without a stage, as local tools send it,
/// may begin with a segment that is the stage's name.
fn is_below(rest: &str) -> bool {
    rest.strip_prefix('/').is_some_and(|rest| rest.contains('/'))
}

/// Returns the stage that the path of the event itself may begin with.
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
