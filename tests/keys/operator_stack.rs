//! An emulated AWS whose function `rotate-keys` runs in this process, with a stack that names it.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    response::Response,
    routing::{get, post},
};
use clap::Parser;
use http::{HeaderMap, StatusCode};
use pozi_auth::{
    adapters::{SystemClock, aws::connection},
    error::with_causes,
    keyring::{KeyRing, KeyRingSource, RotationRequest},
    session::{SessionKeySet, SessionRefusal, SessionVerifier, VerifiedSession},
    sites::Site,
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_operator::{Args, CommandError, Output, World, run};
use pozi_rotate_keys::{RotateKeys, aws::OnAws};
use pozi_tests::{EmulatedAws, Fleet, ISSUER, aws_at, exchanged, send};
use serde_json::json;
use tokio::net::TcpListener;

/// AWS with the function, a stack that names it, and the service's key set.
pub(super) struct Stack {
    pub(super) fleet: Fleet,
    pub(super) name: String,
    pub(super) url: String,
}

/// The real function, or an answer of another version.
#[derive(Clone)]
pub(super) enum Function {
    Real(Arc<RotateKeys<OnAws>>),
    Answers(&'static str),
}

impl Stack {
    pub(super) async fn of(fleet: Fleet) -> Self {
        let function = Function::Real(Arc::new(fleet.rotator()));
        Self::with(fleet, function).await
    }

    pub(super) async fn with(fleet: Fleet, function: Function) -> Self {
        let jwks = fleet.clone();
        let key_set = get(|| async move {
            let request = Request::get("/.well-known/jwks.json").body(Body::empty()).unwrap();
            let answer = send(jwks.jwks(), request).await;
            Response::builder().status(answer.status).body(Body::from(answer.body)).unwrap()
        });
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .route("/keys", key_set)
            .fallback(forward)
            .with_state(function);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let name = format!("stack-{}", fleet.table);
        create_stack(&name, &fleet.table, &url).await;
        Self { fleet, name, url }
    }

    /// Runs the command line `words` for the stack; a person answers with `answers`, if one is there.
    pub(super) async fn run(&self, words: &[&str], answers: Option<&str>) -> Result<Output, CommandError> {
        let args = Args::parse_from([&["pozi"], words, &["--stack", &self.name]].concat());
        let mut world = World::emulated(connection(&aws_at(&self.url)), answers);
        Box::pin(run(&args, &mut world)).await.0
    }

    pub(super) async fn ring(&self) -> KeyRing {
        self.fleet.store().load().await.unwrap().unwrap().0
    }

    pub(super) async fn active(&self) -> String {
        self.ring().await.active().unwrap().id.to_string()
    }

    pub(super) async fn key_set(&self) -> Vec<u8> {
        let request = Request::get("/.well-known/jwks.json").body(Body::empty()).unwrap();
        send(self.fleet.jwks(), request).await.body
    }

    /// Returns a session that a new instance of the exchange signs.
    pub(super) async fn session(&self) -> String {
        exchanged(&self.fleet.exchange(), &self.fleet.token()).await.session().to_owned()
    }

    /// Verifies `session` as riverbend's servers do that have just fetched the key set.
    pub(super) async fn verified(&self, session: &str) -> Result<VerifiedSession, SessionRefusal> {
        let site = Site::parse(&samples::site_files()[0].text).unwrap();
        let keys = SessionKeySet::parse(&self.key_set().await).unwrap();
        let audience = site.external_url.as_str().to_owned();
        let verifier = SessionVerifier::new(ISSUER.parse().unwrap(), audience, site.tenant(), keys);
        verifier.verify(session, SystemClock.now()).await
    }
}

/// Lambda's Invoke.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
async fn invoke(State(function): State<Function>, Path(name): Path<String>, body: Bytes) -> Response {
    assert_eq!(name, "rotate-keys");
    let function = match function {
        Function::Real(function) => function,
        Function::Answers(text) => return Response::new(Body::from(text)),
    };
    let request: RotationRequest = serde_json::from_slice(&body).unwrap();
    match Box::pin(function.run(&request, SystemClock.now())).await {
        Ok(report) => Response::new(Body::from(serde_json::to_vec(&report).unwrap())),
        Err(error) => {
            let failure = json!({ "errorType": "Refused", "errorMessage": with_causes(&error) });
            let response = Response::builder().header("x-amz-function-error", "Unhandled");
            response.body(Body::from(failure.to_string())).unwrap()
        }
    }
}

async fn forward(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let to = format!("{}{}", EmulatedAws::running().unwrap().url(), head.uri);
    let mut headers: HeaderMap = head.headers;
    headers.remove("host");
    let sent = reqwest::Client::new().request(head.method, to).headers(headers).body(body).send().await;
    let answer = sent.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap_or_else(|_| {
        let mut failed = Response::default();
        *failed.status_mut() = StatusCode::BAD_GATEWAY;
        failed
    })
}

async fn create_stack(name: &str, table: &str, url: &str) {
    let template = json!({
        "Resources": { "Any": { "Type": "AWS::SNS::Topic" } },
        "Outputs": {
            "TableName": { "Value": table },
            "RotateKeysFunction": { "Value": "rotate-keys" },
            "Issuer": { "Value": ISSUER },
            "JwksUrl": { "Value": format!("{url}/keys") },
        },
    });
    let aws = connection(&aws_at(EmulatedAws::running().unwrap().url()));
    let client = aws_sdk_cloudformation::Client::new(&aws);
    client.create_stack().stack_name(name).template_body(template.to_string()).send().await.unwrap();
}
