//! What a function is told by its environment: one struct a function, read once at start. A variable that is missing
//! or contradicts itself stops the start, and the error names it.

mod authorizer;
mod aws;
mod signing;
mod telemetry;

use std::{fmt::Display, str::FromStr, time::Duration};

pub use self::{
    authorizer::{AuthorizerConfig, ResponseKind, RoutePrefix},
    aws::{AwsConfig, CallLimits, Secret},
    signing::Signing,
    telemetry::TelemetryConfig,
};
use crate::{address::LoopbackUrl, keyring::SigningAlgorithm, session::Issuer};

const ENTRA_LOGIN: &str = "POZI_ENTRA_LOGIN_URL";
const TABLE: &str = "POZI_TABLE";

/// What `token-exchange` is told.
#[derive(Debug, Clone)]
pub struct TokenExchangeConfig {
    /// `POZI_ISSUER`: this service's own URL, https, without a trailing slash; `iss` of the sessions.
    pub issuer: Issuer,
    /// `POZI_TABLE`: the DynamoDB table of sites, keys and key sets.
    pub table: String,
    /// `POZI_SIGNING`, `POZI_KMS_KEY`: how private keys are kept.
    pub signing: Signing,
    /// `POZI_ENTRA_LOGIN_URL`: left out but to try the service: where an emulated Entra serves its keys. Only a
    /// loopback address is taken: whoever chose another would choose who may sign in.
    pub entra_login: Option<LoopbackUrl>,
    /// How AWS is reached.
    pub aws: AwsConfig,
}

/// What `jwks` is told.
#[derive(Debug, Clone)]
pub struct JwksConfig {
    /// `POZI_ISSUER`: as for `token-exchange`, to the letter.
    pub issuer: Issuer,
    /// `POZI_TABLE`: as for `token-exchange`.
    pub table: String,
    /// How AWS is reached.
    pub aws: AwsConfig,
}

/// What `rotate-keys` is told.
#[derive(Debug, Clone)]
pub struct RotateKeysConfig {
    /// `POZI_ISSUER`: as for `token-exchange`, to the letter: private keys are sealed for it.
    pub issuer: Issuer,
    /// `POZI_TABLE`: as for `token-exchange`.
    pub table: String,
    /// `POZI_SIGNING`, `POZI_KMS_KEY`, `POZI_KEY_TAG`: how private keys are kept.
    pub signing: Signing,
    /// `POZI_ALGORITHM`: `ES256` (when left out) or `RS256`. A ring never changes it.
    pub algorithm: SigningAlgorithm,
    /// `POZI_SIGN_FOR_HOURS`: how long a key signs, in hours: 168 (a week) when left out.
    pub sign_for: Duration,
    /// `POZI_ENTRA_LOGIN_URL`: as for `token-exchange`.
    pub entra_login: Option<LoopbackUrl>,
    /// How AWS is reached.
    pub aws: AwsConfig,
}

/// Why a function does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable that must be set is not.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// A variable holds what it must not.
    #[error("{variable}: {problem}")]
    Invalid {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl TokenExchangeConfig {
    /// Reads the variables through `var` (`|name| std::env::var(name).ok()` in a function's `main`).
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: issuer(&var)?,
            table: required(&var, TABLE)?,
            signing: Signing::to_open(&var)?,
            entra_login: optional(&var, ENTRA_LOGIN)?,
            aws: AwsConfig::read(&var)?,
        })
    }
}

impl JwksConfig {
    /// Reads the variables through `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self { issuer: issuer(&var)?, table: required(&var, TABLE)?, aws: AwsConfig::read(&var)? })
    }
}

impl RotateKeysConfig {
    /// Reads the variables through `var`.
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
            aws: AwsConfig::read(&var)?,
        })
    }
}

fn issuer(var: impl Fn(&str) -> Option<String>) -> Result<Issuer, ConfigError> {
    const VARIABLE: &str = "POZI_ISSUER";
    parsed(VARIABLE, &required(var, VARIABLE)?)
}

/// A variable that is set to something; one that is set to nothing counts as left out.
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

/// A text that must be a `T`; what is wrong with it is said with the variable's name.
fn parsed<T: FromStr<Err: Display>>(variable: &'static str, text: &str) -> Result<T, ConfigError> {
    text.parse().map_err(|problem: T::Err| ConfigError::Invalid { variable, problem: problem.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is needed, changed by `changes`: a name and its value, or nothing to leave it out.
    fn environment<'a>(changes: &'a [(&'a str, Option<&'a str>)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let default = match name {
                "POZI_ISSUER" => Some("https://auth.example"),
                "POZI_TABLE" => Some("pozi"),
                "POZI_KMS_KEY" => Some("arn:aws:kms:eu-central-1:000000000000:key/1"),
                "AWS_REGION" => Some("eu-central-1"),
                "AWS_ACCESS_KEY_ID" => Some("id"),
                "AWS_SECRET_ACCESS_KEY" => Some("a-secret-of-ours"),
                _ => None,
            };
            let told = changes.iter().find(|(variable, _)| *variable == name).map(|(_, value)| *value);
            told.unwrap_or(default).map(str::to_owned)
        }
    }

    /// What each function says of the same environment, where it looks at it at all.
    fn refusals(changes: &[(&str, Option<&str>)]) -> Vec<String> {
        let exchange = TokenExchangeConfig::read(environment(changes)).err();
        let jwks = JwksConfig::read(environment(changes)).err();
        let rotate = RotateKeysConfig::read(environment(changes)).err();
        [exchange, jwks, rotate].into_iter().flatten().map(|problem| problem.to_string()).collect()
    }

    #[test]
    fn names_the_variable_that_is_missing() {
        assert_eq!(refusals(&[]), [""; 0]);
        for (variable, functions) in [
            ("POZI_ISSUER", 3),
            ("POZI_TABLE", 3),
            ("POZI_KMS_KEY", 2),
            ("AWS_REGION", 3),
            ("AWS_ACCESS_KEY_ID", 3),
            ("AWS_SECRET_ACCESS_KEY", 3),
        ] {
            for value in [None, Some("")] {
                assert_eq!(refusals(&[(variable, value)]), vec![format!("{variable} is not set"); functions]);
            }
        }
        let kms = [("POZI_SIGNING", Some("kms")), ("POZI_KMS_KEY", None)];
        assert_eq!(refusals(&kms), ["POZI_KEY_TAG is not set"], "of rotate-keys, which makes keys");
    }

    #[test]
    fn names_the_variable_that_is_wrong() {
        for (variable, value, functions) in [
            ("POZI_ISSUER", "auth.example", 3),
            ("POZI_SIGNING", "plain", 2),
            ("POZI_ALGORITHM", "EdDSA", 1),
            ("POZI_SIGN_FOR_HOURS", "a week", 1),
            ("AWS_ENDPOINT_URL", "https://dynamodb.evil.example", 3),
            ("POZI_ENTRA_LOGIN_URL", "https://login.evil.example", 2),
            ("POZI_ENTRA_LOGIN_URL", "http://127.0.0.1.evil.example", 2),
            ("POZI_ENTRA_LOGIN_URL", "localhost", 2),
            ("POZI_ENTRA_LOGIN_URL", "file:///keys", 2),
        ] {
            let said = refusals(&[(variable, Some(value))]);
            assert_eq!(said.len(), functions, "{said:?}");
            assert!(said.iter().all(|text| text.starts_with(&format!("{variable}: "))), "{said:?}");
        }
        let log = TelemetryConfig::read(environment(&[("POZI_LOG", Some("pozi_auth=debug"))])).unwrap_err();
        assert!(log.to_string().starts_with("POZI_LOG: "));
    }

    #[test]
    fn variables_that_contradict_each_other_stop_the_start() {
        let both = refusals(&[("POZI_SIGNING", Some("kms")), ("POZI_KEY_TAG", Some("pozi"))]);
        assert_eq!(both, ["POZI_KMS_KEY: is for POZI_SIGNING=sealed; leave it out"; 2]);
        let tagged = refusals(&[("POZI_KEY_TAG", Some("pozi"))]);
        assert_eq!(tagged, ["POZI_KEY_TAG: is for POZI_SIGNING=kms; leave it out"; 2]);
    }

    #[test]
    fn a_secret_never_shows_itself() {
        let changes = [("AWS_SESSION_TOKEN", Some("another"))];
        let config = TokenExchangeConfig::read(environment(&changes)).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("a-secret-of-ours") && !shown.contains("another"), "{shown}");
        assert_eq!(config.aws.secret_access_key.expose(), "a-secret-of-ours");
    }
}
