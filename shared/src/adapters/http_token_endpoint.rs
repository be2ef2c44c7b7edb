//! Entra's token endpoint over https, for app registrations: each request is bounded in time and size and follows no redirect.

use std::time::Duration;

use form_urlencoded::Serializer;
use reqwest::{Response, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Microsoft,
    bounded_http::{failed, read, retry_after},
};
use crate::{
    entra::{AppRegistration, ApplicationCredential, ApplicationError, IssuedToken, TokenEndpoint},
    fetch::FetchError,
    timestamp::Timestamp,
};

/// How long a request may take: a person waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Asks the tenant's endpoint at Entra.
#[derive(Debug, Clone)]
pub struct HttpTokenEndpoint {
    microsoft: Microsoft,
    timeout: Duration,
}

/// RFC 6749 §5.1.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    token_type: String,
    expires_in: u64,
}

/// RFC 6749 §5.2, with Entra's numbers.
#[derive(Deserialize)]
struct ErrorResponse {
    error_codes: Vec<u64>,
}

impl HttpTokenEndpoint {
    /// Asks through `microsoft`.
    pub fn new(microsoft: Microsoft) -> Self {
        Self { microsoft, timeout: TIMEOUT }
    }

    /// Sets the timeout of a request; three seconds by default.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn address(&self, registration: AppRegistration) -> String {
        format!("{}{}", self.microsoft.login(registration.cloud), registration.token_path())
    }
}

impl TokenEndpoint for HttpTokenEndpoint {
    async fn request(
        &self,
        registration: AppRegistration,
        credential: &ApplicationCredential,
        now: Timestamp,
    ) -> Result<IssuedToken, ApplicationError> {
        let address = self.address(registration);
        let form = form(registration, credential, &address, now)?;
        let request = self.microsoft.client.post(address).timeout(self.timeout);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let response = request.send().await.map_err(|error| unanswered(failed(error)))?;
        if response.status() != StatusCode::OK {
            return Err(refused(response).await);
        }
        issued(&read(response, MAX_ANSWER).await.map_err(unanswered)?)
    }
}

/// Returns the request's body (RFC 6749 §4.4.2), with the secret (§2.3.1) or an assertion (RFC 7523 §2.2).
fn form(
    registration: AppRegistration,
    credential: &ApplicationCredential,
    address: &str,
    now: Timestamp,
) -> Result<String, ApplicationError> {
    const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials")
        .append_pair("client_id", &registration.client.to_string())
        .append_pair("scope", &registration.scope());
    match credential {
        ApplicationCredential::Secret(secret) => form.append_pair("client_secret", secret.expose()),
        ApplicationCredential::Certificate(certificate) => {
            let assertion = certificate.assertion(registration.client, address, Uuid::new_v4(), now)?;
            form.append_pair("client_assertion_type", ASSERTION).append_pair("client_assertion", &assertion)
        }
    };
    Ok(form.finish())
}

fn issued(body: &[u8]) -> Result<IssuedToken, ApplicationError> {
    let response: TokenResponse = serde_json::from_slice(body).map_err(|_| ApplicationError::Answer)?;
    if !response.token_type.eq_ignore_ascii_case("Bearer") {
        return Err(ApplicationError::Answer);
    }
    let token = response.access_token.parse().map_err(|_| ApplicationError::Answer)?;
    Ok(IssuedToken { token, expires_in: Duration::from_secs(response.expires_in) })
}

async fn refused(response: Response) -> ApplicationError {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        return ApplicationError::Throttled { retry_after: retry_after(&response) };
    }
    if !status.is_client_error() {
        return ApplicationError::Status { status: status.as_u16() };
    }
    match read(response, MAX_ANSWER).await.map(|body| serde_json::from_slice::<ErrorResponse>(&body)) {
        Ok(Ok(response)) => ApplicationError::Refused { code: response.error_codes.first().copied() },
        // A proxy's, perhaps.
        Ok(Err(_)) => ApplicationError::Status { status: status.as_u16() },
        Err(error) => unanswered(error),
    }
}

fn unanswered(error: FetchError) -> ApplicationError {
    match error {
        FetchError::NoAnswer(_) | FetchError::TimedOut(_) => ApplicationError::NoAnswer(error.into()),
        FetchError::TooLarge(_) | FetchError::Status(_) => ApplicationError::Answer,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::{
        entra::Cloud,
        identifiers::{ClientId, TenantId},
    };

    fn registration(cloud: Cloud) -> AppRegistration {
        let client = ClientId::new(Uuid::from_u128(7));
        AppRegistration { cloud, tenant: TenantId::new(Uuid::nil()), client }
    }

    fn request(credential: &str) -> Vec<(String, String)> {
        let credential = credential.parse().unwrap();
        let form =
            form(registration(Cloud::Public), &credential, "https://login.example/t", Timestamp::default());
        form_urlencoded::parse(form.unwrap().as_bytes()).into_owned().collect()
    }

    #[test]
    fn asks_the_tenants_own_endpoint_in_its_cloud_for_that_clouds_graph() {
        let endpoint = HttpTokenEndpoint::new(Microsoft::new(None).unwrap());
        for (cloud, login, graph) in [
            (Cloud::Public, "https://login.microsoftonline.com", "https://graph.microsoft.com"),
            (Cloud::UsGovernment, "https://login.microsoftonline.us", "https://graph.microsoft.us"),
            (
                Cloud::China,
                "https://login.partner.microsoftonline.cn",
                "https://microsoftgraph.chinacloudapi.cn",
            ),
        ] {
            let registration = registration(cloud);
            let path = "00000000-0000-0000-0000-000000000000/oauth2/v2.0/token";
            assert_eq!(endpoint.address(registration), format!("{login}/{path}"));
            assert_eq!(registration.scope(), format!("{graph}/.default"));
        }
    }

    /// RFC 6749 §4.4.2.
    #[test]
    fn sends_the_secret_to_the_letter() {
        let expected = [
            ("grant_type", "client_credentials"),
            ("client_id", "00000000-0000-0000-0000-000000000007"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_secret", "a&b=c+d%20~"),
        ];
        let found = request(r#"{"client_secret":"a&b=c+d%20~"}"#);
        assert!(found.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected), "{found:?}");
    }

    #[test]
    fn an_answer_is_a_bearer_token_with_its_life_or_none() {
        let good = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"a.b.c"}"#;
        let found = issued(good.as_bytes()).unwrap();
        assert_eq!((found.token.as_str(), found.expires_in.as_secs()), ("a.b.c", 3_599));
        for (part, spoiled) in [
            ("Bearer", "pop"),
            ("3599", "\"3599\""),
            ("3599", "-1"),
            ("3599", "1e999"),
            ("a.b.c", ""),
            ("a.b.c", "a b"),
            ("\"access_token\":\"a.b.c\"", "\"refresh_token\":\"x\""),
            ("}", ""),
            ("{", "[{"),
        ] {
            let found = issued(good.replacen(part, spoiled, 1).as_bytes());
            assert!(matches!(found, Err(ApplicationError::Answer)), "{part} as {spoiled}");
        }
    }

    /// Every real address starts with https. If one ever did not, no secret would be sent to it.
    #[tokio::test]
    async fn refuses_plain_http_without_opening_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let plain = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let microsoft = Microsoft { emulated: Some(plain), ..Microsoft::new(None).unwrap() };
        let endpoint = HttpTokenEndpoint::new(microsoft);
        let credential = r#"{"client_secret":"a"}"#.parse().unwrap();
        let found = endpoint.request(registration(Cloud::Public), &credential, Timestamp::default()).await;
        assert!(matches!(found, Err(ApplicationError::NoAnswer(_))), "{found:?}");
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
