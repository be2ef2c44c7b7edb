//! Credentials of app registrations in AWS Secrets Manager, one secret each: `<prefix>/<tenant id>/<client id>`.

use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;

use super::CallError;
use crate::{
    config::SecretPrefix,
    entra::{
        AppRegistration, ApplicationCredential, ApplicationCredentials, CredentialError, CredentialFormError,
    },
};

/// Reads the secrets whose names begin with a prefix.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
    prefix: SecretPrefix,
}

impl Secrets {
    /// Reads secrets below `prefix`.
    pub fn new(connection: &SdkConfig, prefix: SecretPrefix) -> Self {
        Self { client: Client::new(connection), prefix }
    }
}

impl ApplicationCredentials for Secrets {
    async fn read(
        &self,
        registration: AppRegistration,
    ) -> Result<Option<ApplicationCredential>, CredentialError> {
        let AppRegistration { tenant, client, .. } = registration;
        let name = format!("{}/{tenant}/{client}", self.prefix);
        match self.client.get_secret_value().secret_id(name).send().await {
            // A binary secret has no text.
            Ok(found) => {
                let text = found.secret_string.ok_or(CredentialFormError::Members)?;
                Ok(Some(text.parse()?))
            }
            Err(error)
                if error.as_service_error().is_some_and(|refusal| {
                    // The second is said of a secret that is about to be deleted.
                    refusal.is_resource_not_found_exception() || refusal.is_invalid_request_exception()
                }) =>
            {
                Ok(None)
            }
            Err(error) => Err(CredentialError::Unavailable(CallError::of(error).into())),
        }
    }
}
