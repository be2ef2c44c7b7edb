//! The one place that gives every reason for a refusal its status, its stable code and its public text.
//!
//! The text is one sentence that an administrator can act on. It quotes nothing of the request and reveals nothing about
//! sites or catalogues; the details go to the log. Sources: RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2.

use std::time::Duration;

use super::{ExchangeError, RequestRefusal};
use crate::{entra::SubjectRefusal, sites::AccessRefusal, tenants::TargetRefusal};

/// What the caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Member `error`: the standard's code.
    pub error: &'static str,
    /// Member `reason`: our own stable code.
    pub reason: &'static str,
    /// Member `error_description`: one sentence.
    pub description: &'static str,
    /// Header `Retry-After`, in whole seconds.
    pub retry_after: Option<Duration>,
}

impl ExchangeError {
    /// Returns what the caller is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Request(refusal) => refusal.refusal(),
            Self::Subject(refusal) => of_subject(refusal),
            Self::Target(refusal) => of_target(refusal),
            Self::Access(refusal) => of_access(*refusal),
            Self::OriginNotAllowed => invalid(
                "origin_not_allowed",
                "The page's origin is not registered for the site; if the page is yours, add its origin to the site's origins.",
            ),
            Self::Registry(_) => unavailable(
                "registry_unavailable",
                "The site registry is unavailable; try again shortly.",
                SHORTLY,
            ),
            Self::Signing(_) => {
                unavailable("signing_unavailable", "No signing key is available; try again shortly.", SHORTLY)
            }
            Self::SessionTooLarge(_) => refused(
                400,
                "invalid_scope",
                "session_too_large",
                "A session for this many catalogues is larger than servers accept; ask for fewer with scope, and have Pozi divide the site or shorten its catalogues' ids.",
            ),
        }
    }
}

/// `Retry-After` for an outage of our own: longer than the pause before the failing source is asked again.
const SHORTLY: Duration = Duration::from_secs(2);

/// The standard's `error` for a subject token that is invalid, or unacceptable by policy, is `invalid_request`.
const fn invalid(reason: &'static str, description: &'static str) -> Refusal {
    refused(400, "invalid_request", reason, description)
}

const fn refused(
    status: u16,
    error: &'static str,
    reason: &'static str,
    description: &'static str,
) -> Refusal {
    Refusal { status, error, reason, description, retry_after: None }
}

const fn unavailable(reason: &'static str, description: &'static str, retry_after: Duration) -> Refusal {
    Refusal { retry_after: Some(retry_after), ..refused(503, "temporarily_unavailable", reason, description) }
}

impl RequestRefusal {
    /// Returns what the caller is told.
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each refusal")]
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => refused(404, "invalid_request", "not_found", "There is nothing at this path."),
            Self::MethodNotAllowed => refused(
                405,
                "invalid_request",
                "method_not_allowed",
                "This path does not support the request's method; see the Allow header.",
            ),
            Self::UnsupportedMediaType => refused(
                415,
                "invalid_request",
                "unsupported_media_type",
                "Send the parameters as application/x-www-form-urlencoded.",
            ),
            Self::BodyTooLarge => {
                refused(413, "invalid_request", "body_too_large", "The request body is larger than 64 KiB.")
            }
            Self::BodyUnreadable => {
                invalid("body_unreadable", "The request body ended early; send the request again.")
            }
            Self::TooManyParameters => {
                invalid("too_many_parameters", "The request has more than 100 parameters.")
            }
            Self::Repeated => invalid(
                "repeated_parameter",
                "A parameter is repeated; only resource and audience may be sent more than once.",
            ),
            Self::Missing(name) => invalid("missing_parameter", missing(name)),
            Self::UnsupportedGrantType => refused(
                400,
                "unsupported_grant_type",
                "unsupported_grant_type",
                "Set grant_type to urn:ietf:params:oauth:grant-type:token-exchange, the only one supported.",
            ),
            Self::UnsupportedSubjectTokenType => invalid(
                "unsupported_subject_token_type",
                "Set subject_token_type to urn:ietf:params:oauth:token-type:access_token.",
            ),
            Self::UnsupportedRequestedTokenType => invalid(
                "unsupported_requested_token_type",
                "Leave out requested_token_type, or set it to urn:ietf:params:oauth:token-type:access_token.",
            ),
            Self::ActorToken => invalid(
                "actor_token_not_supported",
                "Acting on behalf of somebody else is not supported; leave out actor_token and actor_token_type.",
            ),
            Self::TokenTooLarge => invalid(
                "token_too_large",
                "The subject_token is larger than 16 KiB; remove optional claims from the Entra app registration.",
            ),
            Self::InvalidScope => refused(
                400,
                "invalid_scope",
                "malformed_scope",
                "The scope is malformed; write catalogue:read or catalogue:write, separated by spaces.",
            ),
            Self::InvalidResource => refused(
                400,
                "invalid_target",
                "malformed_resource",
                "The resource is not an absolute URI without a fragment; use the site's external URL.",
            ),
            Self::Internal => refused(
                500,
                "server_error",
                "internal_error",
                "Something went wrong in the service and was logged; if it happens again, contact Pozi.",
            ),
        }
    }
}

fn missing(name: &str) -> &'static str {
    match name {
        "grant_type" => "The parameter grant_type is missing.",
        "subject_token" => "The parameter subject_token is missing.",
        "subject_token_type" => "The parameter subject_token_type is missing.",
        _ => "A parameter is missing.",
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one arm for each refusal")]
fn of_subject(refusal: &SubjectRefusal) -> Refusal {
    use SubjectRefusal as S;
    match refusal {
        S::Malformed(_) => invalid(
            "malformed",
            "The subject token is not a valid Entra access token; send the one that MSAL acquired for the site's user_impersonation scope.",
        ),
        S::CriticalHeader => invalid(
            "unsupported_critical_header",
            "The subject token's header demands an extension (crit) that Entra does not use; send the token that MSAL acquired.",
        ),
        S::UnsupportedAlgorithm { .. } => invalid(
            "unsupported_algorithm",
            "The subject token is not signed with RS256, as every Entra access token is; send the token that MSAL acquired.",
        ),
        S::GraphToken => invalid(
            "graph_token",
            "This is a Microsoft Graph token, which only Graph can validate; ask MSAL for the site's own scope instead: its Application ID URI followed by /user_impersonation.",
        ),
        S::PoziToken => {
            invalid("pozi_token", "This is a Pozi session token; send the Entra access token instead.")
        }
        S::UnknownTenant { .. } => invalid(
            "unknown_tenant",
            "No site is registered for the token's tenant; check the Directory (tenant) ID given to Pozi, and that the person signed in to that tenant.",
        ),
        S::AudienceMismatch { .. } => audience_mismatch(),
        S::IssuerMismatch { .. } => invalid(
            "issuer_mismatch",
            "The token's issuer is not the one expected for its tenant; check the tenant ID and the cloud that the site is registered with.",
        ),
        S::ClientNotAllowed { .. } => invalid(
            "client_not_allowed",
            "The token was requested by an application that is not registered for the site; check the Application (client) ID that the Web App signs in with.",
        ),
        S::ScopeMissing => invalid(
            "scope_missing",
            "The token lacks the scope user_impersonation; check Expose an API and API permissions in the app registration.",
        ),
        S::IdToken => invalid(
            "id_token",
            "This is an ID token; send the access token that MSAL's acquireTokenSilent returns for the site's user_impersonation scope.",
        ),
        S::AppOnlyToken => invalid(
            "app_only_token",
            "This token belongs to an application, not to a person; send the access token of a person who signed in.",
        ),
        S::Expired { .. } => invalid("expired", "The subject token has expired; acquire a new one."),
        S::NotYetValid { .. } => invalid(
            "not_yet_valid",
            "The subject token is not valid yet by this service's clock; try again in a minute, and contact Pozi if that does not help.",
        ),
        S::UnknownKey { retry_after: None, .. } => invalid(
            "unknown_key",
            "The tenant does not publish the key that signed the token; if the app registration has its own signing key (claims mapping), remove that key.",
        ),
        S::UnknownKey { retry_after, .. } => Refusal {
            retry_after: *retry_after,
            ..invalid(
                "unknown_key",
                "The key that signed the token is unknown, and the tenant's keys were fetched only recently; try again after the time in Retry-After.",
            )
        },
        S::KeyIssuerMismatch { .. } => invalid(
            "key_issuer_mismatch",
            "The key that signed the token is published for another issuer than the token's tenant; check the cloud that the site is registered with.",
        ),
        S::BadSignature => invalid(
            "bad_signature",
            "The subject token's signature is invalid; send the token exactly as MSAL returned it, complete and unaltered.",
        ),
        S::KeysUnavailable { retry_after } => unavailable(
            "keys_unavailable",
            "Entra's signing keys for the tenant cannot be fetched; try again after the time in Retry-After.",
            *retry_after,
        ),
    }
}

const fn audience_mismatch() -> Refusal {
    invalid(
        "audience_mismatch",
        "The token is meant for another application; ask MSAL for the site's own scope: its Application ID URI followed by /user_impersonation.",
    )
}

fn of_target(refusal: &TargetRefusal) -> Refusal {
    let invalid_target = |reason, description| refused(400, "invalid_target", reason, description);
    match refusal {
        TargetRefusal::Unknown => invalid_target(
            "unknown_target",
            "The resource or audience is not a site of the token's tenant; use the site's external URL.",
        ),
        TargetRefusal::Several => invalid_target(
            "several_targets",
            "The request names several sites, but a session is for one; ask for each in a request of its own.",
        ),
        TargetRefusal::NotMeant { .. } => audience_mismatch(),
        TargetRefusal::Unreadable { .. } => unavailable(
            "site_unreadable",
            "A site of the token's tenant has a site file that cannot be read; Pozi's log names the site and the errors.",
            SHORTLY,
        ),
    }
}

const fn of_access(refusal: AccessRefusal) -> Refusal {
    match refusal {
        AccessRefusal::GroupsOverage => invalid(
            "groups_overage",
            "The person is in more groups than a token can list; in the app registration's Token configuration, emit only the groups assigned to the application.",
        ),
        AccessRefusal::NoCatalogue => invalid(
            "no_catalogue",
            "This person has access to none of the site's catalogues; check their groups in Entra, and that Token configuration emits group IDs.",
        ),
        AccessRefusal::ScopeNotAllowed => refused(
            400,
            "invalid_scope",
            "scope_not_allowed",
            "The scope asks for more than this person may have; leave scope out to get everything that is allowed.",
        ),
    }
}
