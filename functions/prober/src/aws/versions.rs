//! The versions of a release, called as API Gateway calls them (payload format 2.0).
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.

use aws_sdk_lambda::{Client, primitives::Blob};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, Response};
use pozi_auth::{
    adapters::ORIGIN_HEADER,
    config::Secret,
    error::Cause,
    fetch::{FetchError, ServiceCall},
    issuer::REVOCATIONS_PATH,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The versions of the functions behind the API.
#[derive(Debug)]
pub struct Versions {
    pub(super) client: Client,
    pub(super) exchange: String,
    pub(super) jwks: String,
    pub(super) origin_secret: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl ServiceCall for Versions {
    async fn call(&self, request: Request<String>) -> Result<Response<Vec<u8>>, FetchError> {
        // As the routes of the API say.
        let path = request.uri().path();
        let is_of_jwks = path.starts_with("/.well-known/") && path != REVOCATIONS_PATH;
        let version = if is_of_jwks { &self.jwks } else { &self.exchange };
        let call = self.client.invoke().function_name(version);
        let called =
            call.payload(Blob::new(event(&request, self.origin_secret.as_ref()).to_string())).send().await;
        let called = called.map_err(|error| FetchError::NoAnswer(error.into()))?;
        if let Some(kind) = called.function_error {
            return Err(FetchError::NoAnswer(format!("{version} ended without an answer: {kind}").into()));
        }
        let payload = called.payload.map(Blob::into_inner).unwrap_or_default();
        answer(&payload).map_err(FetchError::NoAnswer)
    }
}

/// Returns the event of `request`, with the secret that the distribution would add.
fn event(request: &Request<String>, secret: Option<&Secret>) -> Value {
    let path = request.uri().path();
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let headers = headers.chain(secret.map(|secret| (ORIGIN_HEADER, secret.expose())));
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers.collect::<std::collections::BTreeMap<_, _>>(),
        "requestContext": {
            "accountId": "", "apiId": "", "domainName": "", "domainPrefix": "", "requestId": "probe",
            "routeKey": "$default", "stage": "$default", "time": "", "timeEpoch": 0,
            "http": {
                "method": request.method().as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": "",
                "userAgent": "pozi-prober",
            },
        },
        "body": request.body(),
        "isBase64Encoded": false,
    })
}

fn answer(payload: &[u8]) -> Result<Response<Vec<u8>>, Cause> {
    let Answer { status_code, body, is_base64_encoded } = serde_json::from_slice(payload)?;
    let body = if is_base64_encoded { STANDARD.decode(body)? } else { body.into_bytes() };
    Ok(Response::builder().status(status_code).body(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer_in_either_encoding() {
        for payload in [
            r#"{"statusCode":400,"body":"{}","headers":{}}"#,
            r#"{"statusCode":400,"body":"e30=","isBase64Encoded":true}"#,
        ] {
            let answer = answer(payload.as_bytes()).unwrap();
            assert_eq!((answer.status().as_u16(), answer.into_body()), (400, b"{}".to_vec()));
        }
        for payload in [
            "",
            "null",
            "{}",
            r#"{"statusCode":7}"#,
            r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
        ] {
            assert!(answer(payload.as_bytes()).is_err(), "{payload}");
        }
    }
}
