//! Microsoft Graph asked in the name of an app registration, without a token of the person: its stored credential gets a token
//! of its tenant, which may read about everybody there.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.

mod assertion;
mod cache;
mod credential;
mod error;

use std::{sync::Arc, time::Duration};

pub use self::{
    cache::ApplicationTokenCache,
    credential::{ApplicationCredential, ClientCertificate, ClientSecret, CredentialFormError},
    error::{ApplicationError, CredentialError},
};
use super::{Cloud, GraphToken};
use crate::{
    identifiers::{ClientId, TenantId},
    timestamp::Timestamp,
};

/// An app registration, in whose name Graph is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AppRegistration {
    /// The tenant's cloud.
    pub cloud: Cloud,
    /// Its tenant. A token for it is of this tenant alone.
    pub tenant: TenantId,
    /// Its client id.
    pub client: ClientId,
}

/// A token that Entra issued to an app registration.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: GraphToken,
    /// How long it is valid, from when it was requested.
    pub expires_in: Duration,
}

/// Knows the credentials of app registrations.
pub trait ApplicationCredentials: Send + Sync + 'static {
    /// Returns the credential of `registration`, or `None` if there is none.
    fn read(
        &self,
        registration: AppRegistration,
    ) -> impl Future<Output = Result<Option<ApplicationCredential>, CredentialError>> + Send;
}

/// Entra's token endpoint.
pub trait TokenEndpoint: Send + Sync + 'static {
    /// Requests a token for Graph from the endpoint of the registration's own tenant.
    fn request(
        &self,
        registration: AppRegistration,
        credential: &ApplicationCredential,
        now: Timestamp,
    ) -> impl Future<Output = Result<IssuedToken, ApplicationError>> + Send;
}

/// Knows tokens of app registrations for Graph.
pub trait ApplicationTokens: Send + Sync + 'static {
    /// Returns a token of `registration`.
    fn token(
        &self,
        registration: AppRegistration,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<GraphToken>, Arc<ApplicationError>>> + Send;

    /// Returns another token than `refused`, which Graph does not accept. Fails if that one is new.
    fn replace(
        &self,
        registration: AppRegistration,
        refused: &Arc<GraphToken>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<GraphToken>, Arc<ApplicationError>>> + Send;
}

/// For a service that asks in no registration's name.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoApplications;

impl ApplicationTokens for NoApplications {
    async fn token(
        &self,
        registration: AppRegistration,
        _: Timestamp,
    ) -> Result<Arc<GraphToken>, Arc<ApplicationError>> {
        Err(ApplicationError::no_credential(registration).into())
    }

    async fn replace(
        &self,
        registration: AppRegistration,
        _: &Arc<GraphToken>,
        _: Timestamp,
    ) -> Result<Arc<GraphToken>, Arc<ApplicationError>> {
        Err(ApplicationError::no_credential(registration).into())
    }
}

impl AppRegistration {
    /// Returns the path of the tenant's token endpoint below [`Cloud::login`], with a leading slash.
    pub fn token_path(self) -> String {
        format!("/{}/oauth2/v2.0/token", self.tenant)
    }

    /// Returns the scope that stands for every application permission that the tenant's administrator granted.
    pub fn scope(self) -> String {
        format!("{}/.default", self.cloud.graph())
    }
}

/// No store of credentials is set up.
impl<C: ApplicationCredentials> ApplicationCredentials for Option<C> {
    async fn read(
        &self,
        registration: AppRegistration,
    ) -> Result<Option<ApplicationCredential>, CredentialError> {
        match self {
            Some(credentials) => credentials.read(registration).await,
            None => Ok(None),
        }
    }
}
