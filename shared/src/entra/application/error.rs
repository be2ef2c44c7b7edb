//! Why an app registration got no answer from Graph.

use std::time::Duration;

use super::{AppRegistration, CredentialFormError};
use crate::{
    error::Cause,
    identifiers::{ClientId, TenantId},
};

/// The permissions that the registration needs.
/// Source: <https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups#permissions>.
const PERMISSIONS: &str = "User.Read.All and GroupMember.Read.All";

/// Why there is no credential. It quotes nothing of one.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// What is stored is none.
    #[error(transparent)]
    Form(#[from] CredentialFormError),
    /// The store does not answer.
    #[error("the credential of the app registration cannot be read")]
    Unavailable(#[source] Cause),
}

/// Why Graph cannot be asked in the name of an app registration. `Display` is for logs and operators; it has Entra's number,
/// and nothing else of its answer.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// No credential is stored for it.
    #[error(
        "no credential of client {client} of tenant {tenant} is stored; store its client secret or certificate, or set graph_permissions = \"delegated\""
    )]
    NoCredential {
        /// The client.
        client: ClientId,
        /// Its tenant.
        tenant: TenantId,
    },
    /// What is stored is not a credential.
    #[error("the stored credential of the app registration cannot be used: {0}")]
    Form(#[from] CredentialFormError),
    /// The store does not answer, and no credential is held.
    #[error("the credential of the app registration cannot be read at the moment")]
    Store(#[source] Cause),
    /// Entra does not accept the credential, or knows no such registration.
    #[error(
        "Entra does not accept the credential of the app registration{}; `pozi reason` explains the number", .code.map(|code| format!(" (AADSTS{code})")).unwrap_or_default()
    )]
    Refused {
        /// The number after `AADSTS`.
        code: Option<u64>,
    },
    /// Status 403 of Graph.
    #[error(
        "the app registration lacks permissions (403); grant it the application permissions {PERMISSIONS} of Microsoft Graph, with administrator consent"
    )]
    Permissions,
    /// Status 401 of Graph for a token that Entra has just issued.
    #[error("Microsoft Graph does not accept the token that Entra issued to the app registration (401)")]
    TokenRefused,
    /// Status 404 of Graph.
    #[error("Microsoft Graph does not know the person (404), who may be new or have been deleted")]
    NoPerson,
    /// Status 429 of Entra.
    #[error("Entra asks to wait (429)")]
    Throttled {
        /// `Retry-After`, if it was in seconds.
        retry_after: Option<Duration>,
    },
    /// Another status of Entra.
    #[error("Entra's token endpoint answered with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// There was no answer in time, or it broke off.
    #[error("Entra's token endpoint cannot be reached; check the network")]
    NoAnswer(#[source] Cause),
    /// The answer has another form. Nothing of it is kept, since it may have the token in it.
    #[error("the answer of Entra's token endpoint cannot be read; a proxy may have answered in its place")]
    Answer,
}

impl ApplicationError {
    pub(super) fn no_credential(registration: AppRegistration) -> Self {
        let AppRegistration { tenant, client, .. } = registration;
        Self::NoCredential { client, tenant }
    }
}
