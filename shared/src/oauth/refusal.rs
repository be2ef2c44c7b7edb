//! The one place that gives every reason for a refusal its status, its stable code and its public text.
//!
//! The text is one sentence that an administrator can act on. It quotes a claim only after the signature is verified, and
//! reveals nothing that the person may not know; all details go to the log. Sources: RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707
//! §2.

mod class;
mod every;
mod memberships;
mod person;
mod quote;
mod subject;

use std::{borrow::Cow, time::Duration};

pub use self::{
    class::{Class, class_of},
    every::every_refusal,
    person::sentence_for_person,
};
use self::{
    memberships::of_memberships,
    quote::quoted,
    subject::{audience_mismatch, of_subject},
};
use super::{ExchangeError, RequestRefusal};
use crate::{sites::AccessRefusal, tenants::TargetRefusal};

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Member `error`: the standard's code.
    pub error: &'static str,
    /// Member `reason`: our own stable code.
    pub reason: &'static str,
    /// Member `error_description`: one sentence.
    pub description: Cow<'static, str>,
    /// Header `Retry-After`, in whole seconds.
    pub retry_after: Option<Duration>,
    /// Member `graph_scope`, an extension: the scope of the `graph_token` with which the exchange may succeed.
    pub graph_scope: Option<String>,
}

impl ExchangeError {
    /// Returns what the caller is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Request(refusal) => refusal.refusal(),
            Self::Subject(refusal) => of_subject(refusal),
            Self::Target(refusal) => of_target(refusal),
            Self::Memberships(error) => of_memberships(error),
            Self::Access(refusal) => of_access(refusal),
            Self::OriginNotAllowed { found, .. } => invalid_because(
                "origin_not_allowed",
                format!(
                    "The page's origin ({}) is not registered for the site; if the page is yours, add its origin to the site's origins.",
                    quoted(&found.to_string())
                ),
            ),
            Self::OriginRepeated => invalid(
                "repeated_origin",
                "The request has several Origin headers, and a browser sends one; a proxy before the service adds another: remove it there.",
            ),
            Self::Registry(_) => unavailable(
                "registry_unavailable",
                "The site registry is unavailable; try again shortly.",
                SHORTLY,
            ),
            Self::Signing(_) => {
                unavailable("signing_unavailable", "No signing key is available; try again shortly.", SHORTLY)
            }
            Self::Revoked { .. } => invalid(
                "revoked",
                "Pozi ended the earlier sign-ins of this person, or at this site; acquire a new token (forceRefresh), a few minutes later if this one is new, because Entra dates its tokens back.",
            ),
            Self::RateLimited { retry_after, .. } => Refusal {
                retry_after: Some(*retry_after),
                ..refused(
                    429,
                    "temporarily_unavailable",
                    "rate_limited",
                    "This person, or this organisation, has exchanged too many tokens in a short time; wait as long as Retry-After says, and look for a page or a program that asks in a loop.",
                )
            },
            Self::Revocations(_) => unavailable(
                "revocations_unavailable",
                "It is not known which sign-ins were ended; try again shortly.",
                SHORTLY,
            ),
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
    Refusal {
        status,
        error,
        reason,
        description: Cow::Borrowed(description),
        retry_after: None,
        graph_scope: None,
    }
}

/// As [`invalid`], with a sentence that quotes what was found.
fn invalid_because(reason: &'static str, description: String) -> Refusal {
    Refusal { description: Cow::Owned(description), ..invalid(reason, "") }
}

fn unavailable(reason: &'static str, description: &'static str, retry_after: Duration) -> Refusal {
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
            Self::UnsupportedMediaType(_) => refused(
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
            Self::Repeated(_) => invalid(
                "repeated_parameter",
                "A parameter is repeated; only resource and audience may be sent more than once.",
            ),
            Self::Missing(name) => invalid("missing_parameter", missing(name)),
            Self::UnsupportedGrantType(_) => refused(
                400,
                "unsupported_grant_type",
                "unsupported_grant_type",
                "Set grant_type to urn:ietf:params:oauth:grant-type:token-exchange, the only one supported.",
            ),
            Self::UnsupportedSubjectTokenType(_) => invalid(
                "unsupported_subject_token_type",
                "Set subject_token_type to urn:ietf:params:oauth:token-type:access_token.",
            ),
            Self::UnsupportedRequestedTokenType(_) => invalid(
                "unsupported_requested_token_type",
                "Leave out requested_token_type, or set it to urn:ietf:params:oauth:token-type:access_token.",
            ),
            Self::ActorToken => invalid(
                "actor_token_not_supported",
                "Acting on behalf of somebody else is not supported; leave out actor_token and actor_token_type.",
            ),
            Self::TokenTooLarge { .. } => invalid(
                "token_too_large",
                "The subject_token is larger than 16 KiB; remove optional claims from the Entra app registration.",
            ),
            Self::InvalidGraphToken(_) => invalid(
                "malformed_graph_token",
                "The graph_token is not a Bearer token of at most 16 KiB; send the access token that MSAL acquired for Microsoft Graph, or leave it out.",
            ),
            Self::EmptyScope(_) => refused(
                400,
                "invalid_scope",
                "empty_scope",
                "The scope names no catalogue; write catalogue:read or catalogue:write, or leave scope out to get everything that is allowed.",
            ),
            Self::InvalidScope(_) => refused(
                400,
                "invalid_scope",
                "malformed_scope",
                "The scope is malformed; write catalogue:read or catalogue:write, separated by spaces.",
            ),
            Self::InvalidResource(_) => refused(
                400,
                "invalid_target",
                "malformed_resource",
                "The resource is not an absolute URI without a fragment; use the site's external URL.",
            ),
            Self::NoAuthorizationEndpoint => refused(
                400,
                "unsupported_response_type",
                "no_authorization_endpoint",
                "Nobody signs in here; sign in to Entra ID, and exchange its access token at the token endpoint.",
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

fn of_target(refusal: &TargetRefusal) -> Refusal {
    let invalid_target = |reason, description| refused(400, "invalid_target", reason, description);
    match refusal {
        TargetRefusal::Unknown { .. } => invalid_target(
            "unknown_target",
            "The resource or audience is not a site of the token's tenant; use the site's external URL.",
        ),
        TargetRefusal::Several { .. } => invalid_target(
            "several_targets",
            "The request names several sites, but a session is for one; ask for each in a request of its own.",
        ),
        TargetRefusal::NotMeant { audience, .. } => {
            audience_mismatch(audience, "its Application ID URI followed by ")
        }
        TargetRefusal::Unreadable { .. } => unavailable(
            "site_unreadable",
            "A site of the token's tenant has a site file that cannot be read; Pozi's log names the site and the errors.",
            SHORTLY,
        ),
    }
}

fn of_access(refusal: &AccessRefusal) -> Refusal {
    match refusal {
        AccessRefusal::GroupsOverage { cloud } => Refusal {
            graph_scope: Some(cloud.graph_scope()),
            ..invalid(
                "groups_overage",
                "The person is in more groups than a token can list; send a graph_token with the scope in graph_scope as well, or, in the app registration's Token configuration, emit only the groups assigned to the application, and assign each group that counts, because Entra leaves out nested groups then.",
            )
        },
        AccessRefusal::NoCatalogue { listed: 0 } => invalid(
            "no_catalogue",
            "This person has access to none of the site's catalogues, and the token lists no group ID; check their groups in Entra, and that Token configuration emits group IDs.",
        ),
        AccessRefusal::NoCatalogue { listed } => invalid_because(
            "no_catalogue",
            format!(
                "This person has access to none of the site's catalogues, and no rule names one of the {listed} group IDs in the token; check their groups in Entra, and the group IDs given to Pozi."
            ),
        ),
        AccessRefusal::GroupsInRoles { .. } => invalid(
            "groups_in_roles",
            "The token lists the person's groups only as roles, which do not count at this site; emit them as groups in the app registration's Token configuration, or ask Pozi to set groups_as_roles.",
        ),
        AccessRefusal::ScopeNotAllowed { allowed, .. } => Refusal {
            description: Cow::Owned(format!(
                "The scope asks for more than this person may have ({}); leave scope out to get everything that is allowed.",
                quoted(&allowed.to_string())
            )),
            ..refused(400, "invalid_scope", "scope_not_allowed", "")
        },
    }
}
