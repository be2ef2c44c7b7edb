//! The one place that gives every reason for a refusal its status, its stable code and its public text.
//!
//! The text is one sentence that an administrator can act on. It quotes nothing of the request and tells nothing about
//! sites or catalogues; what was found goes to the log. Source: RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2.

use std::time::Duration;

use super::{ExchangeError, RequestRefusal};
use crate::{entra::SubjectRefusal, sites::AccessRefusal, tenants::TargetRefusal};

/// What a caller is told.
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
    /// What the caller is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Request(refusal) => refusal.refusal(),
            Self::Subject(refusal) => of_subject(refusal),
            Self::Target(refusal) => of_target(refusal),
            Self::Access(refusal) => of_access(*refusal),
            Self::OriginNotAllowed => invalid(
                "origin_not_allowed",
                "This page is served from an origin that is not registered for the site; add it to the site's origins.",
            ),
            Self::Registry(_) => unavailable(
                "registry_unavailable",
                "The site registry is unavailable; try again shortly.",
                SHORTLY,
            ),
            Self::Signing(_) => {
                unavailable("signing_unavailable", "No signing key is available; try again shortly.", SHORTLY)
            }
        }
    }
}

/// After an outage of our own: longer than what it was asked of pauses, so that who comes back then is tried again.
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
    Refusal {
        status: 503,
        error: "temporarily_unavailable",
        reason,
        description,
        retry_after: Some(retry_after),
    }
}

impl RequestRefusal {
    /// What the caller is told.
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each refusal")]
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => refused(404, "invalid_request", "not_found", "There is nothing at this path."),
            Self::MethodNotAllowed => refused(
                405,
                "invalid_request",
                "method_not_allowed",
                "This path takes other methods; see the Allow header.",
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
                invalid("body_unreadable", "The request body could not be read to its end.")
            }
            Self::TooManyParameters => {
                invalid("too_many_parameters", "The request has more than 100 parameters.")
            }
            Self::Repeated => invalid(
                "repeated_parameter",
                "A parameter other than resource or audience comes more than once.",
            ),
            Self::Missing(name) => invalid("missing_parameter", missing(name)),
            Self::UnsupportedGrantType => refused(
                400,
                "unsupported_grant_type",
                "unsupported_grant_type",
                "The only grant_type here is urn:ietf:params:oauth:grant-type:token-exchange.",
            ),
            Self::UnsupportedSubjectTokenType => invalid(
                "unsupported_subject_token_type",
                "Use subject_token_type urn:ietf:params:oauth:token-type:access_token.",
            ),
            Self::UnsupportedRequestedTokenType => invalid(
                "unsupported_requested_token_type",
                "Leave requested_token_type out, or use urn:ietf:params:oauth:token-type:access_token.",
            ),
            Self::ActorToken => invalid(
                "actor_token_not_supported",
                "Nobody can act for somebody else here; leave actor_token and actor_token_type out.",
            ),
            Self::TokenTooLarge => invalid(
                "token_too_large",
                "The subject_token is larger than 16 KiB; reduce the optional claims of the Entra app registration.",
            ),
            Self::InvalidScope => refused(
                400,
                "invalid_scope",
                "malformed_scope",
                "Write scope as catalogue:read or catalogue:write, separated by spaces.",
            ),
            Self::InvalidResource => refused(
                400,
                "invalid_target",
                "malformed_resource",
                "A resource is an absolute URI without a fragment: the site's external URL.",
            ),
            Self::Internal => refused(
                500,
                "server_error",
                "internal_error",
                "Something went wrong here; it has been logged.",
            ),
        }
    }
}

fn missing(name: &str) -> &'static str {
    match name {
        "grant_type" => "Parameter grant_type is missing.",
        "subject_token" => "Parameter subject_token is missing.",
        "subject_token_type" => "Parameter subject_token_type is missing.",
        _ => "A parameter is missing.",
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one arm for each refusal")]
fn of_subject(refusal: &SubjectRefusal) -> Refusal {
    use SubjectRefusal as S;
    match refusal {
        S::Malformed(_) => invalid(
            "malformed",
            "The subject token is not an Entra access token; send the access token that MSAL acquired for the user_impersonation scope.",
        ),
        S::CriticalHeader => invalid(
            "unsupported_critical_header",
            "The subject token's header demands an extension (crit) that Entra does not use.",
        ),
        S::UnsupportedAlgorithm { .. } => invalid(
            "unsupported_algorithm",
            "The subject token is not signed with RS256, the only algorithm that Entra signs access tokens with.",
        ),
        S::GraphToken => invalid(
            "graph_token",
            "This is a Microsoft Graph token, which only Graph can check; ask MSAL for the scope of the site's own Application ID URI, ending in /user_impersonation.",
        ),
        S::PoziToken => {
            invalid("pozi_token", "This is a Pozi session token; exchange the Entra access token instead.")
        }
        S::UnknownTenant { .. } => invalid(
            "unknown_tenant",
            "No site is registered for the token's tenant; check the Directory (tenant) ID that was handed in.",
        ),
        S::AudienceMismatch { .. } => audience_mismatch(),
        S::IssuerMismatch { .. } => invalid(
            "issuer_mismatch",
            "The token's issuer does not belong to its tenant and version; check the tenant ID and the cloud that the site is registered with.",
        ),
        S::ClientNotAllowed { .. } => invalid(
            "client_not_allowed",
            "The token was asked for by another application; check the Application (client) ID that the Web App signs in with.",
        ),
        S::ScopeMissing => invalid(
            "scope_missing",
            "The token lacks the scope user_impersonation; in the app registration check Expose an API and API permissions.",
        ),
        S::IdToken => invalid(
            "id_token",
            "This is an ID token; send the access token that MSAL's acquireTokenSilent returns for the user_impersonation scope.",
        ),
        S::AppOnlyToken => invalid(
            "app_only_token",
            "This token is a program's own, with nobody signed in; only a person's token from a sign-in can be exchanged.",
        ),
        S::Expired { .. } => invalid("expired", "The subject token has expired; acquire a new one."),
        S::NotYetValid { .. } => {
            invalid("not_yet_valid", "The subject token is not valid yet; check the clocks.")
        }
        S::UnknownKey { retry_after: None, .. } => invalid(
            "unknown_key",
            "The token's signing key is not published for its tenant; if the app registration has a signing key of its own (claims mapping), remove it.",
        ),
        S::UnknownKey { retry_after, .. } => Refusal {
            retry_after: *retry_after,
            ..invalid(
                "unknown_key",
                "The token's signing key is not known, and the tenant was asked for its keys only just; try again when Retry-After says.",
            )
        },
        S::KeyIssuerMismatch { .. } => invalid(
            "key_issuer_mismatch",
            "The token's signing key belongs to another issuer than the token's tenant.",
        ),
        S::BadSignature => invalid(
            "bad_signature",
            "The subject token's signature does not match; it was altered, or cut short on its way.",
        ),
        S::KeysUnavailable { retry_after } => unavailable(
            "keys_unavailable",
            "Entra's signing keys for the tenant cannot be fetched at the moment.",
            *retry_after,
        ),
    }
}

const fn audience_mismatch() -> Refusal {
    invalid(
        "audience_mismatch",
        "The token is meant for another application; ask MSAL for the scope of the site's Application ID URI, ending in /user_impersonation.",
    )
}

fn of_target(refusal: &TargetRefusal) -> Refusal {
    let invalid_target = |reason, description| refused(400, "invalid_target", reason, description);
    match refusal {
        TargetRefusal::Unknown => invalid_target(
            "unknown_target",
            "No site of the token's tenant has this resource or audience; use the site's external URL.",
        ),
        TargetRefusal::Several => {
            invalid_target("several_targets", "The request names several sites; a session is for one.")
        }
        TargetRefusal::NotMeant { .. } => audience_mismatch(),
        TargetRefusal::Unreadable { .. } => unavailable(
            "site_unreadable",
            "The site is registered with a document that cannot be read; Pozi's log names its revision and the fault.",
            SHORTLY,
        ),
    }
}

const fn of_access(refusal: AccessRefusal) -> Refusal {
    match refusal {
        AccessRefusal::GroupsOverage => invalid(
            "groups_overage",
            "The person is in more groups than a token can list; in the app registration's Token configuration emit only the groups assigned to the application.",
        ),
        AccessRefusal::NoCatalogue => invalid(
            "no_catalogue",
            "None of the site's catalogues is open to this person; check their Entra groups, and that Token configuration emits group IDs.",
        ),
        AccessRefusal::ScopeNotAllowed => refused(
            400,
            "invalid_scope",
            "scope_not_allowed",
            "The scope asks for more than this person may have; leave scope out to get all that is allowed.",
        ),
    }
}
