//! The configuration of the functions, read from the environment once at start: one struct for each function. A function
//! does not start if a variable is missing or wrong, or contradicts another; the error names the variable.

mod authorizer;
mod aws;
mod prober;
mod signing;
mod telemetry;

use std::{fmt::Display, str::FromStr, time::Duration};

pub use self::{
    authorizer::{AuthorizerConfig, ResponseKind, RoutePrefix, SessionHeader},
    aws::{AwsConfig, CallLimits, Secret, SecretPrefix},
    prober::ProberConfig,
    signing::Signing,
    telemetry::TelemetryConfig,
};
use crate::{address::LoopbackUrl, identifiers::TenantId, keyring::SigningAlgorithm, session::Issuer};

const ENTRA_LOGIN: &str = "POZI_ENTRA_LOGIN_URL";
const TABLE: &str = "POZI_TABLE";
const PROBE_TENANT: &str = "POZI_PROBE_TENANT";
const ORIGIN_SECRET: &str = "POZI_ORIGIN_SECRET";

/// The configuration of `token-exchange`.
#[derive(Debug, Clone)]
pub struct TokenExchangeConfig {
    /// `POZI_ISSUER`: the service's own URL, https, without a trailing slash; `iss` of the sessions.
    pub issuer: Issuer,
    /// `POZI_TABLE`: the DynamoDB table of sites, keys and key sets.
    pub table: String,
    /// `POZI_SIGNING`, `POZI_KMS_KEY`: how private keys are stored.
    pub signing: Signing,
    /// `POZI_ENTRA_LOGIN_URL`: only for local trials: where an emulated Entra serves its keys. It must be a loopback
    /// address, because these keys decide who may sign in.
    pub entra_login: Option<LoopbackUrl>,
    /// `POZI_GRAPH_SECRETS`: the beginning of the names of the secrets in which credentials of app registrations are, such as
    /// `pozi/graph`. Without it, Microsoft Graph is asked in no registration's name.
    pub graph_secrets: Option<SecretPrefix>,
    /// `POZI_PROBE_TENANT`: the tenant of the prober, whose exchanges are not counted in metrics.
    pub probe_tenant: Option<TenantId>,
    /// `POZI_ORIGIN_SECRET`: what the distribution in front sends with each request, if there is one.
    pub origin_secret: Option<Secret>,
    /// How to reach AWS.
    pub aws: AwsConfig,
}

/// The configuration of `jwks`.
#[derive(Debug, Clone)]
pub struct JwksConfig {
    /// `POZI_ISSUER`: exactly as for `token-exchange`.
    pub issuer: Issuer,
    /// `POZI_TABLE`: as for `token-exchange`.
    pub table: String,
    /// `POZI_ORIGIN_SECRET`: as for `token-exchange`.
    pub origin_secret: Option<Secret>,
    /// How to reach AWS.
    pub aws: AwsConfig,
}

/// The configuration of `rotate-keys`.
#[derive(Debug, Clone)]
pub struct RotateKeysConfig {
    /// `POZI_ISSUER`: exactly as for `token-exchange`, because private keys are sealed for it.
    pub issuer: Issuer,
    /// `POZI_TABLE`: as for `token-exchange`.
    pub table: String,
    /// `POZI_SIGNING`, `POZI_KMS_KEY`, `POZI_KEY_TAG`: how private keys are stored.
    pub signing: Signing,
    /// `POZI_ALGORITHM`: `ES256` (default) or `RS256`. A ring never changes it.
    pub algorithm: SigningAlgorithm,
    /// `POZI_SIGN_FOR_HOURS`: how long a key signs, in hours; 168 (a week) by default.
    pub sign_for: Duration,
    /// `POZI_ENTRA_LOGIN_URL`: as for `token-exchange`.
    pub entra_login: Option<LoopbackUrl>,
    /// `POZI_PROBE_TENANT`: the tenant of the prober, whose keys are not Entra's.
    pub probe_tenant: Option<TenantId>,
    /// How to reach AWS.
    pub aws: AwsConfig,
}

/// A variable that keeps a function from starting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is not set.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// The value of a variable is wrong.
    #[error("{variable}: {problem}")]
    Invalid {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl TokenExchangeConfig {
    /// Reads the variables with `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: issuer(&var)?,
            table: required(&var, TABLE)?,
            signing: Signing::to_open(&var)?,
            entra_login: optional(&var, ENTRA_LOGIN)?,
            graph_secrets: optional(&var, "POZI_GRAPH_SECRETS")?,
            probe_tenant: optional(&var, PROBE_TENANT)?,
            origin_secret: set(&var, ORIGIN_SECRET).map(Secret::new),
            aws: AwsConfig::read(&var)?,
        })
    }
}

impl JwksConfig {
    /// Reads the variables with `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: issuer(&var)?,
            table: required(&var, TABLE)?,
            origin_secret: set(&var, ORIGIN_SECRET).map(Secret::new),
            aws: AwsConfig::read(&var)?,
        })
    }
}

impl RotateKeysConfig {
    /// Reads the variables with `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        const SIGN_FOR: &str = "POZI_SIGN_FOR_HOURS";
        const WEEK: u32 = 7 * 24;
        Ok(Self {
            issuer: issuer(&var)?,
            table: required(&var, TABLE)?,
            signing: Signing::to_make(&var)?,
            algorithm: optional(&var, "POZI_ALGORITHM")?.unwrap_or_default(),
            sign_for: Duration::from_hours(optional::<u32>(&var, SIGN_FOR)?.unwrap_or(WEEK).into()),
            entra_login: optional(&var, ENTRA_LOGIN)?,
            probe_tenant: optional(&var, PROBE_TENANT)?,
            aws: AwsConfig::read(&var)?,
        })
    }
}

fn issuer(var: impl Fn(&str) -> Option<String>) -> Result<Issuer, ConfigError> {
    const VARIABLE: &str = "POZI_ISSUER";
    parsed(VARIABLE, &required(var, VARIABLE)?)
}

/// Returns the value of a variable. An empty one counts as not set.
fn set(var: impl Fn(&str) -> Option<String>, variable: &str) -> Option<String> {
    var(variable).filter(|value| !value.is_empty())
}

fn optional<T: FromStr<Err: Display>>(
    var: impl Fn(&str) -> Option<String>,
    variable: &'static str,
) -> Result<Option<T>, ConfigError> {
    set(var, variable).map(|text| parsed(variable, &text)).transpose()
}

fn required(var: impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<String, ConfigError> {
    set(var, variable).ok_or(ConfigError::Missing(variable))
}

/// Parses the value of `variable`.
fn parsed<T: FromStr<Err: Display>>(variable: &'static str, text: &str) -> Result<T, ConfigError> {
    text.parse().map_err(|error: T::Err| ConfigError::Invalid { variable, problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A complete environment with `changes`: a variable and its value, or `None` to remove it.
    fn environment<'a>(changes: &'a [(&'a str, Option<&'a str>)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let default = match name {
                "POZI_ISSUER" => Some("https://auth.example"),
                "POZI_TABLE" => Some("pozi"),
                "POZI_KMS_KEY" => Some("arn:aws:kms:eu-central-1:000000000000:key/1"),
                "POZI_PROBE_TENANT" => Some("00000000-0000-1000-8000-000000000001"),
                "POZI_PROBE_KEY" => Some("arn:aws:kms:eu-central-1:000000000000:key/2"),
                "POZI_EXCHANGE_VERSION" => Some("arn:aws:lambda:eu-central-1:000000000000:function:a:1"),
                "POZI_JWKS_VERSION" => Some("arn:aws:lambda:eu-central-1:000000000000:function:b:1"),
                "AWS_REGION" => Some("eu-central-1"),
                "AWS_ACCESS_KEY_ID" => Some("id"),
                "AWS_SECRET_ACCESS_KEY" => Some("a-secret-of-ours"),
                _ => None,
            };
            let value = changes.iter().find(|(variable, _)| *variable == name).map(|(_, value)| *value);
            value.unwrap_or(default).map(str::to_owned)
        }
    }

    /// The errors of all functions in the same environment.
    fn errors(changes: &[(&str, Option<&str>)]) -> Vec<String> {
        let exchange = TokenExchangeConfig::read(environment(changes)).err();
        let jwks = JwksConfig::read(environment(changes)).err();
        let rotate = RotateKeysConfig::read(environment(changes)).err();
        let prober = ProberConfig::read(environment(changes)).err();
        [exchange, jwks, rotate, prober].into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn names_the_variable_that_is_missing() {
        assert_eq!(errors(&[]), [""; 0]);
        for (variable, functions) in [
            ("POZI_ISSUER", 4),
            ("POZI_TABLE", 4),
            ("POZI_KMS_KEY", 2),
            ("AWS_REGION", 4),
            ("AWS_ACCESS_KEY_ID", 4),
            ("AWS_SECRET_ACCESS_KEY", 4),
            ("POZI_PROBE_TENANT", 1),
            ("POZI_PROBE_KEY", 1),
            ("POZI_EXCHANGE_VERSION", 1),
            ("POZI_JWKS_VERSION", 1),
        ] {
            for value in [None, Some("")] {
                assert_eq!(errors(&[(variable, value)]), vec![format!("{variable} is not set"); functions]);
            }
        }
        let kms = [("POZI_SIGNING", Some("kms")), ("POZI_KMS_KEY", None)];
        assert_eq!(errors(&kms), ["POZI_KEY_TAG is not set"], "only rotate-keys makes keys");
    }

    #[test]
    fn names_the_variable_that_is_wrong() {
        for (variable, value, functions) in [
            ("POZI_ISSUER", "auth.example", 4),
            ("POZI_SIGNING", "plain", 2),
            ("POZI_ALGORITHM", "EdDSA", 1),
            ("POZI_SIGN_FOR_HOURS", "a week", 1),
            ("POZI_GRAPH_SECRETS", "/pozi/graph", 1),
            ("POZI_GRAPH_SECRETS", "pozi/graph/", 1),
            ("POZI_GRAPH_SECRETS", "pozi//graph", 1),
            ("POZI_GRAPH_SECRETS", "pozi/*", 1),
            ("POZI_GRAPH_SECRETS", "arn:aws:secretsmanager:eu-central-1:000000000000:secret:pozi", 1),
            ("AWS_ENDPOINT_URL", "https://dynamodb.evil.example", 4),
            ("POZI_PROBE_TENANT", "pozi", 3),
            ("POZI_PROBE_URL", "http://auth.evil.example", 1),
            ("POZI_ENTRA_LOGIN_URL", "https://login.evil.example", 2),
            ("POZI_ENTRA_LOGIN_URL", "http://127.0.0.1.evil.example", 2),
            ("POZI_ENTRA_LOGIN_URL", "localhost", 2),
            ("POZI_ENTRA_LOGIN_URL", "file:///keys", 2),
        ] {
            let errors = errors(&[(variable, Some(value))]);
            assert_eq!(errors.len(), functions, "{errors:?}");
            assert!(errors.iter().all(|text| text.starts_with(&format!("{variable}: "))), "{errors:?}");
        }
        let log = TelemetryConfig::read(environment(&[("POZI_LOG", Some("pozi_auth=debug"))])).unwrap_err();
        assert!(log.to_string().starts_with("POZI_LOG: "));
    }

    #[test]
    fn reads_no_credentials_of_app_registrations_unless_told_to() {
        let read = |changes| TokenExchangeConfig::read(environment(changes)).unwrap().graph_secrets;
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("POZI_GRAPH_SECRETS", Some(""))]), None);
        let prefix = read(&[("POZI_GRAPH_SECRETS", Some("pozi/graph"))]).unwrap();
        assert_eq!(prefix.to_string(), "pozi/graph");
    }

    #[test]
    fn refuses_variables_that_contradict_each_other() {
        let both = errors(&[("POZI_SIGNING", Some("kms")), ("POZI_KEY_TAG", Some("pozi"))]);
        assert_eq!(both, ["POZI_KMS_KEY: it is only for POZI_SIGNING=sealed; remove it"; 2]);
        let tagged = errors(&[("POZI_KEY_TAG", Some("pozi"))]);
        assert_eq!(tagged, ["POZI_KEY_TAG: it is only for POZI_SIGNING=kms; remove it"; 2]);
    }

    #[test]
    fn debug_output_never_shows_a_secret() {
        let changes = [("AWS_SESSION_TOKEN", Some("another"))];
        let config = TokenExchangeConfig::read(environment(&changes)).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("a-secret-of-ours") && !shown.contains("another"), "{shown}");
        assert_eq!(config.aws.secret_access_key.expose(), "a-secret-of-ours");
    }
}
