//! Runs a router on AWS Lambda, behind API Gateway (REST or HTTP API) or a function URL; or a function of plain events.

use axum::Router;
use http::{Uri, uri::PathAndQuery};
use lambda_http::{
    Body, Error, LambdaEvent, Request, RequestExt, Service, lambda_runtime::Diagnostic,
    request::RequestContext, service_fn,
};
use tower::ServiceExt;

use crate::oauth;

/// Finishes `router` and serves requests with it until the runtime ends.
pub async fn serve(router: Router) -> Result<(), Error> {
    lambda_http::run(service(router)).await
}

/// Answers events that are no HTTP requests with `answer` until the runtime ends.
pub async fn serve_events<E, A, P, F>(answer: impl Fn(E) -> F + Send + Sync + 'static) -> Result<(), Error>
where
    E: serde::de::DeserializeOwned,
    A: serde::Serialize,
    P: std::error::Error + Send + Sync + 'static,
    F: Future<Output = Result<A, P>> + Send,
{
    let function = service_fn(|event: LambdaEvent<E>| {
        let answered = answer(event.payload);
        // An error's text alone goes back: API Gateway looks at nothing else, and to the letter.
        async {
            answered.await.map_err(|problem| Diagnostic {
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
