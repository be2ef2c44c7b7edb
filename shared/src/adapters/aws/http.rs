//! The HTTP client of AWS's SDK: the one of everything else. So there is one stack and one list of authorities, and no HTTP/2,
//! which AWS's APIs do not need.

use std::{sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use reqwest::{Client, Request};

use crate::{
    adapters::bounded_http::{HttpClientError, Network, client_builder, failed, read},
    fetch::FetchError,
};

/// The largest answer that is read, in bytes: that of `BatchGetItem`.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>.
const MAX_ANSWER_BYTES: usize = 16 * 1_024 * 1_024;

/// Returns a client that trusts the compiled-in authorities, and gives up to connect after `connect_timeout`. The SDK bounds
/// the time of its calls.
pub fn https(https_only: bool, connect_timeout: Duration) -> SharedHttpClient {
    let connector =
        SharedHttpConnector::new(Connector(client(https_only, connect_timeout).map_err(Arc::new)));
    http_client_fn(move |_, _| connector.clone())
}

fn client(https_only: bool, connect_timeout: Duration) -> Result<Client, HttpClientError> {
    Ok(client_builder(https_only, &Network::default())?.connect_timeout(connect_timeout).build()?)
}

/// A client, or why every call fails.
#[derive(Debug)]
struct Connector(Result<Client, Arc<HttpClientError>>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let client = client.map_err(|error| ConnectorError::user(error.into()))?;
            let request = converted(request)?;
            let response = client.execute(request).await.map_err(|error| not_answered(failed(error)))?;
            answered(response).await
        })
    }
}

fn converted(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (head, body) = request.into_parts();
    // The SDK's own streams are for files, which are not sent here.
    let body = body.bytes().ok_or_else(|| ConnectorError::user("the request's body is a stream".into()))?;
    let request = http::Request::from_parts(head, body.to_vec());
    Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))
}

async fn answered(mut response: reqwest::Response) -> Result<HttpResponse, ConnectorError> {
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let body = read(response, MAX_ANSWER_BYTES).await.map_err(not_answered)?;
    let mut answer = http::Response::new(SdkBody::from(body));
    (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
}

/// The SDK tries again after the first two.
fn not_answered(error: FetchError) -> ConnectorError {
    match error {
        FetchError::TimedOut(_) => ConnectorError::timeout(error.into()),
        FetchError::NoAnswer(_) => ConnectorError::io(error.into()),
        _ => ConnectorError::user(error.into()),
    }
}
