//! The function on AWS.

mod deployments;
mod versions;

use std::time::Duration;

use aws_sdk_codedeploy as codedeploy;
use aws_sdk_lambda as lambda;
use jsonwebtoken::jwk::Jwk;
use pozi_auth::{
    adapters::{
        HttpService,
        aws::{KmsSigner, Table, connection},
        lambda::Error,
    },
    config::{AwsConfig, CallLimits, ProberConfig},
    keyring::{SigningAlgorithm, VaultError},
};

use self::{deployments::CodeDeploy, versions::Versions};
use crate::{Environment, ProbeKey, Prober};

/// A new version starts anew, for up to 10 s, before it answers. A call that fails is not made again: a version that does not
/// answer at once is no good.
const OF_A_RELEASE: CallLimits = CallLimits {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(20),
    call: Duration::from_secs(20),
};

/// The function's environment on AWS.
#[derive(Debug)]
pub struct OnAws;

impl Environment for OnAws {
    type Tenants = Table;
    type Key = KmsSigner;
    type Service = HttpService;
    type Release = Versions;
    type Deployments = CodeDeploy;
}

impl ProbeKey for KmsSigner {
    async fn public_key(&self) -> Result<Jwk, VaultError> {
        Self::public_key(self).await
    }
}

/// Returns the function that `config` describes.
pub fn service(config: ProberConfig) -> Result<Prober<OnAws>, Error> {
    let aws = connection(&config.aws);
    let patient = connection(&AwsConfig { limits: OF_A_RELEASE, ..config.aws });
    Ok(Prober {
        tenant: config.tenant,
        tenants: Table::new(&aws, &config.table),
        key: KmsSigner::new(&aws, &config.key, SigningAlgorithm::Rs256),
        service: HttpService::new(&config.issuer, config.service.as_ref())?,
        release: Versions {
            client: lambda::Client::new(&patient),
            exchange: config.exchange_version,
            jwks: config.jwks_version,
            origin_secret: config.origin_secret,
        },
        deployments: CodeDeploy(codedeploy::Client::new(&aws)),
        issuer: config.issuer,
    })
}
