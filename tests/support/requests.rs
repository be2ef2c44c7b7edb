//! Requests to the exchange, and answers taken apart.

use std::{borrow::Borrow, hint::black_box};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
};
use http::{HeaderMap, Request, StatusCode, header::CONTENT_TYPE};
use pozi_auth::oauth::{self, GRANT_TYPE};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as JSON; null if it has none, or it is a JWT.
    pub json: Value,
    /// Its body.
    pub body: Vec<u8>,
}

/// Sends `request` to `router`, with [`oauth::finish`], as every server of it does.
pub async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = oauth::finish(router).oneshot(request).await.unwrap_or_else(|never| match never {});
    Answer::of(response).await
}

impl Answer {
    /// Reads `response`.
    pub async fn of(response: http::Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let body: Vec<u8> = to_bytes(body, usize::MAX).await.expect("the answer is complete").into();
        let is_token = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/jwt");
        let json = if body.is_empty() || is_token {
            Value::Null
        } else {
            serde_json::from_slice(&body).expect("the answer is JSON")
        };
        Self { status: head.status, headers: head.headers, json, body }
    }

    /// A header's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// `error` and `reason` of a refusal.
    pub fn refusal(&self) -> (&str, &str) {
        (self.json["error"].as_str().unwrap_or_default(), self.json["reason"].as_str().unwrap_or_default())
    }

    /// The scope granted; empty in a refusal.
    pub fn scope(&self) -> &str {
        self.json["scope"].as_str().unwrap_or_default()
    }

    /// The session token; empty in a refusal.
    pub fn session(&self) -> &str {
        self.json["access_token"].as_str().unwrap_or_default()
    }
}

/// Returns a form that asks to exchange `subject_token`, with `more` parameters.
pub fn exchange_form(subject_token: &str, more: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", GRANT_TYPE),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token", subject_token),
        ])
        .extend_pairs(more)
        .finish()
}

/// Returns a POST of `form` to the token endpoint, with `more` headers.
pub fn form_request(form: &str, more: &[(&str, &str)]) -> Request<Body> {
    let mut request =
        Request::post("/oauth2/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(Body::from(form.to_owned())).expect("the request is valid")
}

/// Returns what posts `form` to the token endpoint of `router` at each call, from the bytes of the form to the bytes of the
/// answer, and expects an answer with `status`: for measurements.
pub fn repeated<R: Borrow<Runtime>>(
    runtime: R,
    router: Router,
    form: String,
    status: StatusCode,
) -> impl Fn() + use<R> {
    let router = oauth::finish(router);
    let form = Bytes::from(form);
    move || {
        let request =
            Request::post("/oauth2/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form.clone())).expect("the request is valid");
        let answer = runtime.borrow().block_on(async {
            let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            assert_eq!(response.status(), status);
            to_bytes(response.into_body(), usize::MAX).await.expect("the answer can be read")
        });
        black_box(answer);
    }
}
