//! The configuration of `prober`.

use super::{
    AwsConfig, ConfigError, ORIGIN_SECRET, PROBE_TENANT, Secret, TABLE, issuer, optional, parsed, required,
    set,
};
use crate::{address::LoopbackUrl, identifiers::TenantId, session::Issuer};

/// The configuration of `prober`.
#[derive(Debug, Clone)]
pub struct ProberConfig {
    /// `POZI_ISSUER`: the service that is probed.
    pub issuer: Issuer,
    /// `POZI_TABLE`: as for `token-exchange`.
    pub table: String,
    /// `POZI_PROBE_TENANT`: the prober's own tenant, which Entra does not have.
    pub tenant: TenantId,
    /// `POZI_PROBE_KEY`: the ARN of the key in KMS that signs the tenant's tokens.
    pub key: String,
    /// `POZI_EXCHANGE_VERSION`: the ARN of the newest version of `token-exchange`, which is probed before it takes traffic.
    pub exchange_version: String,
    /// `POZI_JWKS_VERSION`: the same for `jwks`.
    pub jwks_version: String,
    /// `POZI_ORIGIN_SECRET`: as for `token-exchange`, whose new versions are called past the distribution.
    pub origin_secret: Option<Secret>,
    /// `POZI_PROBE_URL`: only for local trials: where the service is really served. It must be a loopback address.
    pub service: Option<LoopbackUrl>,
    /// How to reach AWS.
    pub aws: AwsConfig,
}

impl ProberConfig {
    /// Reads the variables with `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: issuer(&var)?,
            table: required(&var, TABLE)?,
            tenant: parsed(PROBE_TENANT, &required(&var, PROBE_TENANT)?)?,
            key: required(&var, "POZI_PROBE_KEY")?,
            exchange_version: required(&var, "POZI_EXCHANGE_VERSION")?,
            jwks_version: required(&var, "POZI_JWKS_VERSION")?,
            origin_secret: set(&var, ORIGIN_SECRET).map(Secret::new),
            service: optional(&var, "POZI_PROBE_URL")?,
            aws: AwsConfig::read(&var)?,
        })
    }
}
