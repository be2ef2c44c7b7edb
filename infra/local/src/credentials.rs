//! A client secret for each app registration in whose name Graph is asked: made at the start, known to the emulated Entra, and
//! kept in memory.

use std::{collections::HashMap, sync::Arc};

use entra_emulator::{AppCredential, EmulatedEntra};
use pozi_auth::{
    entra::{AppRegistration, ApplicationCredential, ApplicationCredentials, CredentialError},
    sites::{GraphPermissions, Site},
};
use serde_json::json;
use uuid::Uuid;

/// The credentials as they are stored, by registration.
#[derive(Debug, Default)]
pub(crate) struct MemoryCredentials(HashMap<AppRegistration, String>);

impl MemoryCredentials {
    /// Makes a secret for each of `sites` that has Graph asked in the name of its registration.
    pub(crate) fn make(sites: &[Arc<Site>], entra: &EmulatedEntra) -> Self {
        let asking = sites.iter().filter(|site| site.graph_permissions == GraphPermissions::Application);
        Self(asking.map(|site| make(site, entra)).collect())
    }
}

fn make(site: &Site, entra: &EmulatedEntra) -> (AppRegistration, String) {
    let value = Uuid::new_v4().to_string();
    let stored = json!({ "client_secret": value }).to_string();
    entra.set_credentials(site.name.as_str(), vec![AppCredential::Secret { value, is_expired: false }]);
    let registration =
        AppRegistration { cloud: site.cloud(), tenant: site.tenant(), client: site.expected.client };
    (registration, stored)
}

impl ApplicationCredentials for MemoryCredentials {
    async fn read(
        &self,
        registration: AppRegistration,
    ) -> Result<Option<ApplicationCredential>, CredentialError> {
        Ok(self.0.get(&registration).map(|stored| stored.parse()).transpose()?)
    }
}
