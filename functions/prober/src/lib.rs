//! Probes the service as a client does: with a token of a synthetic tenant of its own it gets a session, verifies it, and is
//! refused where it must be. On a schedule it calls the public address, and before a release takes traffic the new versions.

#[cfg(feature = "lambda")]
pub mod aws;
mod checks;
mod documents;
mod key;
mod release;
mod tenant;
mod token;

use pozi_auth::{
    fetch::ServiceCall,
    identifiers::TenantId,
    keyring::{SigningError, VaultError},
    metrics,
    session::Issuer,
    tenants::{KeySetStore, RegistryError, SiteStore, SiteStoreError, TenantSource},
    timestamp::Timestamp,
};
use serde::Serialize;

use self::checks::Checks;
pub use self::{
    checks::{Failure, Half},
    key::ProbeKey,
    release::{Deployments, ProbeRequest, ReleaseHook, ReportError},
};

/// Where a prober runs. Names the types that it works with.
pub trait Environment: Send + Sync + 'static {
    /// Stores the prober's site, and the key set of its tenant.
    type Tenants: TenantSource + SiteStore + KeySetStore;
    /// Signs the tokens of its tenant.
    type Key: ProbeKey;
    /// The service at its public address.
    type Service: ServiceCall;
    /// The versions of a release, before they take traffic.
    type Release: ServiceCall;
    /// Is told whether a release may take traffic.
    type Deployments: Deployments;
}

/// The function's state in the environment `E`.
#[derive(Debug)]
pub struct Prober<E: Environment> {
    /// The service's own URL.
    pub issuer: Issuer,
    /// The prober's own tenant.
    pub tenant: TenantId,
    /// Where its site and key set are stored.
    pub tenants: E::Tenants,
    /// The key of its tenant.
    pub key: E::Key,
    /// The service.
    pub service: E::Service,
    /// The versions of a release.
    pub release: E::Release,
    /// What releases them.
    pub deployments: E::Deployments,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbeReport {
    /// Whether the service has signing keys. A new one has none, until an operator makes the first; nothing else is checked then.
    pub has_keys: bool,
    /// How many checks were made.
    pub checks: usize,
    /// Those that failed.
    pub failures: Vec<Failure>,
}

/// No probe was made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The prober's site or key set cannot be read or stored.
    #[error("the prober's site or key set cannot be stored")]
    Registry(#[from] RegistryError),
    /// Its site cannot be stored.
    #[error("the prober's site cannot be stored")]
    Site(#[from] SiteStoreError),
    /// Its site file has errors, which only a bug can cause.
    #[error("the prober's site file has {0} errors")]
    SiteFile(usize),
    /// Its public key cannot be read.
    #[error("the public key of the prober's tenant cannot be read")]
    PublicKey(#[from] VaultError),
    /// Its key does not sign.
    #[error("the key of the prober's tenant does not sign")]
    Signing(#[from] SigningError),
    /// The release was not told what was found.
    #[error("the outcome of the checks was not reported to the release")]
    Report(#[from] ReportError),
}

impl<E: Environment> Prober<E> {
    /// Makes the probe that `request` asks for, at `now`. Failed checks are logged, and counted if the public address was probed;
    /// a release is told whether all passed.
    pub async fn run(&self, request: &ProbeRequest, now: Timestamp) -> Result<ProbeReport, ProbeError> {
        match request {
            ProbeRequest::Release(hook) => {
                let probed = self.probe(&self.release, now).await;
                let passes = probed.as_ref().is_ok_and(ProbeReport::passes);
                self.deployments.report(hook, passes).await?;
                probed
            }
            ProbeRequest::Due {} => {
                let report = self.probe(&self.service, now).await?;
                report.count();
                Ok(report)
            }
        }
    }

    async fn probe(&self, service: &impl ServiceCall, now: Timestamp) -> Result<ProbeReport, ProbeError> {
        let public = self.key.public_key().await?;
        let site = tenant::prepare(&self.tenants, self.tenant, &public, now).await?;
        let signed = token::sign_all(&self.key, &public, self.tenant, now).await?;
        let checks = Checks { service, issuer: &self.issuer, site: &site, now };
        let report = checks.make(&signed).await;
        report.log();
        Ok(report)
    }
}

impl ProbeReport {
    /// Whether every check was made and passed.
    pub fn passes(&self) -> bool {
        self.has_keys && self.failures.is_empty()
    }

    /// Counts the probe. One of a service without keys is not counted: a new service must not raise an alarm, and that an old one
    /// has lost its keys shows as silence.
    fn count(&self) {
        if self.has_keys {
            let failed = |half| self.failures.iter().filter(|failure| failure.half == half).count() as u64;
            metrics::record_probe(failed(Half::Exchange), failed(Half::Refusal));
        }
    }

    fn log(&self) {
        tracing::info!(checks = self.checks, failed = self.failures.len(), "a probe ended");
        if !self.has_keys {
            tracing::warn!("the service has no signing key, so that nothing was probed");
        }
        for Failure { half, check, expected, actual } in &self.failures {
            tracing::error!(half = half.name(), check, expected, actual, "a check failed");
        }
    }
}
