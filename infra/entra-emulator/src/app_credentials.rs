//! The credentials and permissions of app registrations that sign in as themselves.

use std::{collections::HashMap, sync::atomic::Ordering};

use uuid::Uuid;

use super::{EmulatedEntra, Kind, Person, Registration, TokenSpec, Version, locked};

/// A credential in a registration's *Certificates & secrets*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppCredential {
    /// A client secret.
    Secret {
        /// Its value.
        value: String,
        /// Whether it has expired.
        is_expired: bool,
    },
    /// A certificate.
    Certificate {
        /// The certificate (X.509).
        der: Vec<u8>,
        /// Its RSA key (PKCS#1).
        public_key: Vec<u8>,
    },
}

/// By tenant and client.
pub(super) type Applications = HashMap<(Uuid, Uuid), Application>;

#[derive(Debug, Default)]
pub(super) struct Application {
    credentials: Vec<AppCredential>,
    /// `None`: all that the sample tokens have.
    permissions: Option<Vec<String>>,
}

impl EmulatedEntra {
    /// Gives the registration of `site` these credentials and no others.
    pub fn set_credentials(&self, site: &str, credentials: Vec<AppCredential>) {
        self.change_application(site, |application| application.credentials = credentials);
    }

    /// Grants the registration of `site` these application permissions of Microsoft Graph and no others.
    pub fn set_application_permissions(&self, site: &str, permissions: Vec<String>) {
        self.change_application(site, |application| application.permissions = Some(permissions));
    }

    /// The number of requests for a token of an app so far that did not meet a fault.
    pub fn application_requests(&self) -> usize {
        self.0.application_requests.load(Ordering::SeqCst)
    }

    pub(super) fn count_application_request(&self) {
        self.0.application_requests.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn credentials_of(&self, registration: &Registration) -> Vec<AppCredential> {
        let applications = locked(&self.0.applications);
        applications.get(&key(registration)).map(|own| own.credentials.clone()).unwrap_or_default()
    }

    /// The registration's own token for Graph, and its `exp`.
    pub(super) fn application_token(&self, registration: &Registration, now: u64) -> (String, u64) {
        let ask = TokenSpec {
            site: registration.site.clone(),
            person: Person::AppOnly,
            kind: Kind::Graph,
            ..TokenSpec::default()
        };
        let mut claims = self.claims(&ask, now).unwrap_or_default();
        let permissions =
            locked(&self.0.applications).get(&key(registration)).and_then(|own| own.permissions.clone());
        if let Some(permissions) = permissions {
            claims["roles"] = permissions.into();
        }
        let mut header = self.header(Version::V1);
        header["nonce"] = Uuid::new_v4().to_string().into();
        let end = claims["exp"].as_u64().unwrap_or(now);
        (self.sign(&header, &claims), end)
    }

    fn change_application(&self, site: &str, change: impl FnOnce(&mut Application)) {
        if let Some(registration) = self.registration(site) {
            change(locked(&self.0.applications).entry(key(registration)).or_default());
        }
    }
}

fn key(registration: &Registration) -> (Uuid, Uuid) {
    (registration.tenant_id, registration.client_id)
}
