//! The question which groups a person is in, where a token does not list them, and who answers it: Microsoft Graph.
//!
//! Source: <https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups>.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{ApplicationError, Cloud, GraphToken};
use crate::{
    error::Cause,
    identifiers::{ClientId, GroupId, ObjectId, TenantId},
};

/// The most groups that one question may be about: 50 calls of 20 groups each.
pub const MAX_GROUPS: usize = 1_000;

/// Which of some groups a person is in.
#[derive(Debug, Clone, Copy)]
pub struct MembershipQuestion<'a> {
    /// The tenant's cloud.
    pub cloud: Cloud,
    /// The person's tenant.
    pub tenant: TenantId,
    /// The person.
    pub person: ObjectId,
    /// The groups. No others are asked about.
    pub groups: &'a BTreeSet<GroupId>,
}

/// The token with which Graph is asked, and what it must be good for.
#[derive(Debug, Clone, Copy)]
pub enum GraphCredential<'a> {
    /// The person's own token, which needs `User.Read`. A caller may send another person's: Graph's answer counts
    /// only after Graph has named the person and the tenant of the question for the same token.
    Delegated(&'a GraphToken),
    /// A token of this side that may read about every person of the tenant: an app registration's, or an administrator's.
    Directory(&'a GraphToken),
}

/// Knows which groups people are in.
pub trait MembershipSource: Send + Sync + 'static {
    /// Returns those groups of the question that the person is in, directly or through other groups. The whole takes at most
    /// as long as the source says, and an error never means that the person is in no group.
    fn memberships(
        &self,
        question: MembershipQuestion<'_>,
        credential: GraphCredential<'_>,
    ) -> impl Future<Output = Result<BTreeSet<GroupId>, MembershipError>> + Send;
}

/// Why it is not known which groups a person is in. `Display` is for logs and operators; it names no person.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    /// More than [`MAX_GROUPS`].
    #[error("the site's rules name {found} groups, and Microsoft Graph is asked about at most {MAX_GROUPS}")]
    TooManyGroups {
        /// The number of groups.
        found: usize,
    },
    /// The Graph token says that another client requested it.
    #[error("the Graph token was issued to client {found}, and the subject token to {expected}")]
    AnotherClient {
        /// The client that the Graph token names.
        found: ClientId,
        /// That of the subject token.
        expected: ClientId,
    },
    /// Graph says that the token is another person's.
    #[error("the Graph token is of another person than the subject token")]
    AnotherPerson,
    /// Graph says that the token is of another tenant, or of several.
    #[error("the Graph token is of tenant {found}, and the subject token of {expected}")]
    AnotherTenant {
        /// The tenants that Graph names, separated by commas.
        found: String,
        /// That of the subject token.
        expected: TenantId,
    },
    /// Status 400 for a question about the person of the token.
    #[error("Microsoft Graph says that the token is of no person (400)")]
    NotDelegated,
    /// Status 401.
    #[error("Microsoft Graph does not accept the token (401)")]
    TokenRefused,
    /// Status 403.
    #[error("the token for Microsoft Graph lacks permissions (403)")]
    Permissions,
    /// Status 404.
    #[error("Microsoft Graph knows no such person in the tenant of the token (404)")]
    NoPerson,
    /// Status 429.
    #[error("Microsoft Graph asks to wait{} (429); try again then", .retry_after.map(|wait| format!(" {} seconds", wait.as_secs())).unwrap_or_default())]
    Throttled {
        /// `Retry-After`, if it was in seconds.
        retry_after: Option<Duration>,
    },
    /// Status 500 and above.
    #[error("Microsoft Graph has a problem of its own ({status}); try again in a few minutes")]
    Outage {
        /// The status.
        status: u16,
    },
    /// Another status.
    #[error("Microsoft Graph answered with status {status}, which is not expected")]
    Status {
        /// The status.
        status: u16,
    },
    /// Graph cannot be asked in the name of the app registration.
    #[error(transparent)]
    Application(#[from] Arc<ApplicationError>),
    /// Not all answers arrived in time.
    #[error("Microsoft Graph did not answer within {} seconds; try again", limit.as_secs())]
    TimedOut {
        /// How long all calls together may take.
        limit: Duration,
    },
    /// There was no answer, or it broke off.
    #[error("Microsoft Graph cannot be reached; check the network")]
    NoAnswer(#[source] Cause),
    /// The answer is too large, not complete, or of another form.
    #[error(
        "the answer of Microsoft Graph is not a list of group IDs; a proxy may have answered in its place"
    )]
    Form(#[source] Cause),
}
