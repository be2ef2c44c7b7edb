//! Entra's errors at sign-in: number, OAuth code and text, as administrators meet them and as clients get them.

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::{Person, Registration};

/// An error with its number after `AADSTS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The number.
    pub(super) code: u32,
    /// `error` (RFC 6749 §4.1.2.1 and §5.2), which in Entra's answers is at times a word of its own.
    pub(super) error: &'static str,
    text: String,
}

impl Problem {
    fn new(code: u32, error: &'static str, text: impl Into<String>) -> Self {
        Self { code, error, text: text.into() }
    }

    /// The text with its number, without the traces that differ from answer to answer.
    pub(super) fn text(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.text)
    }

    /// As `error_description`: with the numbers by which Microsoft's support finds the request.
    pub(super) fn description(&self) -> String {
        let [trace, correlation] = [(); 2].map(|()| Uuid::new_v4());
        let at = timestamp();
        format!("{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}", self.text())
    }

    /// The body of a refusal at the token endpoint.
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

/// A parameter is not there.
pub(super) fn missing(parameter: &str) -> Problem {
    let text = format!("The request body must contain the following parameter: '{parameter}'.");
    Problem::new(900_144, "invalid_request", text)
}

/// No registration has this client id.
pub(super) fn no_such_client(client: &str, tenant: &str) -> Problem {
    let text = format!(
        "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
    );
    Problem::new(700_016, "unauthorized_client", text)
}

/// The redirect URI is none of the registration's.
pub(super) fn redirect_mismatch(redirect: &str, registration: &Registration) -> Problem {
    let text = format!(
        "The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured for the application '{}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.",
        registration.client_id
    );
    Problem::new(50_011, "invalid_request", text)
}

/// Something other than a code is asked for.
pub(super) fn response_type(asked: &str, registration: &Registration) -> Problem {
    let text =
        format!("response_type '{asked}' is not enabled for the application '{}'.", registration.client_id);
    Problem::new(700_054, "unsupported_response_type", text)
}

/// A parameter has a value that means nothing.
pub(super) fn no_such_value(parameter: &str, value: &str) -> Problem {
    let text = format!(
        "'{value}' is not a valid value for '{parameter}'. Please verify the value of the parameter."
    );
    Problem::new(90_023, "invalid_request", text)
}

/// A public client must prove that the code is its own.
pub(super) fn proof_missing() -> Problem {
    let text = "Proof Key for Code Exchange is required for cross-origin authorization code redemption.";
    Problem::new(9_002_325, "invalid_request", text)
}

/// Scopes of two resources; a token is for one.
pub(super) fn two_resources(scope: &str) -> Problem {
    let text = format!(
        "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid."
    );
    Problem::new(28_000, "invalid_request", text)
}

/// The resource does not expose this scope.
pub(super) fn no_such_scope(scope: &str, registration: &Registration) -> Problem {
    let text = format!(
        "The application 'Pozi Server' asked for scope '{scope}' that doesn't exist on the resource '{}'. Contact the app vendor.",
        registration.client_id
    );
    Problem::new(65_005, "invalid_client", text)
}

/// The tenant has no such resource.
pub(super) fn no_such_resource(resource: &str, registration: &Registration) -> Problem {
    let text = format!(
        "The resource principal named {resource} was not found in the tenant named {}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
        registration.site
    );
    Problem::new(500_011, "invalid_resource", text)
}

/// The person is not assigned to the application, which shows when tokens are to be renewed.
pub(super) fn no_longer_assigned(person: Person, registration: &Registration) -> Problem {
    Problem { error: "invalid_grant", ..not_assigned(person, registration) }
}

/// The person is not assigned to the application.
pub(super) fn not_assigned(person: Person, registration: &Registration) -> Problem {
    let text = format!(
        "Your administrator has configured the application Pozi Server ('{}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.",
        registration.client_id,
        person.address()
    );
    Problem::new(50_105, "interaction_required", text)
}

/// Nobody is signed in, and nobody may be asked.
pub(super) fn nobody_signed_in() -> Problem {
    let text = "Session information is not sufficient for single-sign-on.";
    Problem::new(50_058, "login_required", text)
}

/// Consent is needed, and nobody may be asked.
pub(super) fn no_consent(registration: &Registration) -> Problem {
    let text = format!(
        "The user or administrator has not consented to use the application with ID '{}' named 'Pozi Server'. Send an interactive authorization request for this user and resource.",
        registration.client_id
    );
    Problem::new(65_001, "consent_required", text)
}

/// The person said no.
pub(super) fn consent_declined() -> Problem {
    let text = "User declined to consent to access the app.";
    Problem::new(65_004, "access_denied", text)
}

/// A grant type that there is not.
pub(super) fn grant_type(asked: &str) -> Problem {
    let text = format!("The app requested an unsupported grant type '{asked}'.");
    Problem::new(70_003, "unsupported_grant_type", text)
}

/// A page of another origin redeems a code for a redirect URI that is no single-page application's.
pub(super) fn not_a_spa(origin: &str) -> Problem {
    let text = format!(
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{origin}'."
    );
    Problem::new(9_002_326, "invalid_request", text)
}

/// A single-page application's code is redeemed by something that is no page.
pub(super) fn only_a_spa() -> Problem {
    let text = "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.";
    Problem::new(9_002_327, "invalid_request", text)
}

/// A program that is no page must prove itself.
pub(super) fn no_secret() -> Problem {
    let text =
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    Problem::new(7_000_218, "invalid_client", text)
}

/// The code was redeemed before, has expired, or never was.
pub(super) fn code_spent() -> Problem {
    let text = "OAuth2 Authorization code was already redeemed or has expired; retry with a new valid code or use an existing refresh token.";
    Problem::new(54_005, "invalid_grant", text)
}

/// The verifier is not the one whose hash the code was asked with.
pub(super) fn wrong_verifier() -> Problem {
    let text = "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
    Problem::new(501_481, "invalid_grant", text)
}

/// The refresh token is unknown, or older than a single-page application's may be.
pub(super) fn refresh_expired() -> Problem {
    let text = "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page.";
    Problem::new(700_084, "invalid_grant", text)
}

/// The time in the form of Entra's answers, to the second.
fn timestamp() -> String {
    let now = OffsetDateTime::now_utc();
    let (date, (hour, minute, second)) = (now.date(), now.to_hms());
    format!("{date} {hour:02}:{minute:02}:{second:02}Z")
}
