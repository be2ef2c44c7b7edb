//! Entra's errors at sign-in: number, OAuth code and text.

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::{Person, Registration};

/// An error of Entra. The texts are Microsoft's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntraError {
    /// The number after `AADSTS`.
    pub(super) code: u32,
    /// `error` (RFC 6749 §4.1.2.1 and §5.2); some codes are Entra's own.
    pub(super) error: &'static str,
    text: String,
}

impl EntraError {
    fn new(code: u32, error: &'static str, text: impl Into<String>) -> Self {
        Self { code, error, text: text.into() }
    }

    /// Whether the client's own credential is wrong.
    pub(super) fn is_of_the_client(&self) -> bool {
        matches!(self.code, 7_000_215 | 7_000_222 | 700_027 | 700_024)
    }

    /// The text with its number, without ids and time.
    pub(super) fn text(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.text)
    }

    /// `error_description`: the text with its number, and ids and time for Microsoft's support.
    pub(super) fn description(&self) -> String {
        let [trace, correlation] = [(); 2].map(|()| Uuid::new_v4());
        format!("{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {}", self.text(), timestamp())
    }

    /// The body of an error response of the token endpoint.
    pub(super) fn body(&self) -> Value {
        json!({
            "error": self.error,
            "error_description": self.description(),
            "error_codes": [self.code],
            "timestamp": timestamp(),
            "trace_id": Uuid::new_v4().to_string(),
            "correlation_id": Uuid::new_v4().to_string(),
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        })
    }
}

pub(super) fn missing(parameter: &str) -> EntraError {
    let text = format!("The request body must contain the following parameter: '{parameter}'.");
    EntraError::new(900_144, "invalid_request", text)
}

pub(super) fn no_such_client(client: &str, tenant: &str) -> EntraError {
    let text = format!(
        "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
    );
    EntraError::new(700_016, "unauthorized_client", text)
}

pub(super) fn redirect_mismatch(redirect: &str, registration: &Registration) -> EntraError {
    let text = format!(
        "The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured for the application '{}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.",
        registration.client_id
    );
    EntraError::new(50_011, "invalid_request", text)
}

pub(super) fn response_type(value: &str, registration: &Registration) -> EntraError {
    let text =
        format!("response_type '{value}' is not enabled for the application '{}'.", registration.client_id);
    EntraError::new(700_054, "unsupported_response_type", text)
}

pub(super) fn invalid_value(parameter: &str, value: &str) -> EntraError {
    let text = format!(
        "'{value}' is not a valid value for '{parameter}'. Please verify the value of the parameter."
    );
    EntraError::new(90_023, "invalid_request", text)
}

pub(super) fn challenge_missing() -> EntraError {
    let text = "Proof Key for Code Exchange is required for cross-origin authorization code redemption.";
    EntraError::new(9_002_325, "invalid_request", text)
}

pub(super) fn two_resources(scope: &str) -> EntraError {
    let text = format!(
        "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid."
    );
    EntraError::new(28_000, "invalid_request", text)
}

pub(super) fn no_such_scope(scope: &str, registration: &Registration) -> EntraError {
    let text = format!(
        "The application 'Pozi Server' asked for scope '{scope}' that doesn't exist on the resource '{}'. Contact the app vendor.",
        registration.client_id
    );
    EntraError::new(65_005, "invalid_client", text)
}

pub(super) fn no_such_resource(resource: &str, registration: &Registration) -> EntraError {
    let text = format!(
        "The resource principal named {resource} was not found in the tenant named {}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
        registration.site
    );
    EntraError::new(500_011, "invalid_resource", text)
}

/// The person is not assigned to the application, at the token endpoint.
pub(super) fn no_longer_assigned(person: Person, registration: &Registration) -> EntraError {
    EntraError { error: "invalid_grant", ..not_assigned(person, registration) }
}

/// The person is not assigned to the application, at sign-in.
pub(super) fn not_assigned(person: Person, registration: &Registration) -> EntraError {
    let text = format!(
        "Your administrator has configured the application Pozi Server ('{}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.",
        registration.client_id,
        person.address()
    );
    EntraError::new(50_105, "interaction_required", text)
}

/// No one is signed in, and the request forbids a prompt.
pub(super) fn login_required() -> EntraError {
    let text = "Session information is not sufficient for single-sign-on.";
    EntraError::new(50_058, "login_required", text)
}

/// Consent is missing, and the request forbids a prompt.
pub(super) fn consent_required(registration: &Registration) -> EntraError {
    let text = format!(
        "The user or administrator has not consented to use the application with ID '{}' named 'Pozi Server'. Send an interactive authorization request for this user and resource.",
        registration.client_id
    );
    EntraError::new(65_001, "consent_required", text)
}

pub(super) fn consent_declined() -> EntraError {
    let text = "User declined to consent to access the app.";
    EntraError::new(65_004, "access_denied", text)
}

pub(super) fn unsupported_grant_type(value: &str) -> EntraError {
    let text = format!("The app requested an unsupported grant type '{value}'.");
    EntraError::new(70_003, "unsupported_grant_type", text)
}

/// A page redeems a code, but the redirect URI is not of the type single-page application.
pub(super) fn not_a_spa(origin: &str) -> EntraError {
    let text = format!(
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{origin}'."
    );
    EntraError::new(9_002_326, "invalid_request", text)
}

/// The redirect URI is of the type single-page application, but no page redeems the code.
pub(super) fn only_a_spa() -> EntraError {
    let text = "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.";
    EntraError::new(9_002_327, "invalid_request", text)
}

/// A client that is not a page sent no secret.
pub(super) fn secret_missing() -> EntraError {
    let text =
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    EntraError::new(7_000_218, "invalid_client", text)
}

pub(super) fn wrong_secret(registration: &Registration) -> EntraError {
    let text = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
        registration.client_id
    );
    EntraError::new(7_000_215, "invalid_client", text)
}

pub(super) fn secret_expired(registration: &Registration) -> EntraError {
    let text = format!(
        "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for your app, or consider using certificate credentials for added security.",
        registration.client_id
    );
    EntraError::new(7_000_222, "invalid_client", text)
}

/// The assertion of an app is signed with no certificate of its registration.
pub(super) fn wrong_certificate(registration: &Registration) -> EntraError {
    let text = format!(
        "Client assertion failed signature validation, or the certificate with identifier used to sign it is not registered on application '{}'.",
        registration.client_id
    );
    EntraError::new(700_027, "invalid_client", text)
}

pub(super) fn assertion_out_of_time() -> EntraError {
    let text = "Client assertion is not within its valid time range.";
    EntraError::new(700_024, "invalid_client", text)
}

pub(super) fn not_a_default_scope(scope: &str) -> EntraError {
    let text = format!(
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
    );
    EntraError::new(1_002_012, "invalid_scope", text)
}

pub(super) fn invalid_code() -> EntraError {
    let text = "OAuth2 Authorization code was already redeemed or has expired; retry with a new valid code or use an existing refresh token.";
    EntraError::new(54_005, "invalid_grant", text)
}

pub(super) fn wrong_verifier() -> EntraError {
    let text = "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
    EntraError::new(501_481, "invalid_grant", text)
}

pub(super) fn refresh_token_expired() -> EntraError {
    let text = "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page.";
    EntraError::new(700_084, "invalid_grant", text)
}

/// The current time in Entra's format.
fn timestamp() -> String {
    let now = OffsetDateTime::now_utc();
    let (date, (hour, minute, second)) = (now.date(), now.to_hms());
    format!("{date} {hour:02}:{minute:02}:{second:02}Z")
}
