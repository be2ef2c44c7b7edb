//! How to reach AWS. Lambda sets these variables itself.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.

use std::{fmt, str::FromStr, time::Duration};

use zeroize::Zeroizing;

use super::{ConfigError, optional, required, set};
use crate::address::LoopbackUrl;

/// Region, credentials and timeouts.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret>,
    /// `AWS_ENDPOINT_URL`: only for local trials: an emulated AWS on a loopback address.
    pub endpoint: Option<LoopbackUrl>,
    /// The timeouts. They are the same everywhere, so no variable sets them.
    pub limits: CallLimits,
}

/// How long a call to AWS may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// The time to connect.
    pub connect: Duration,
    /// The time of one attempt.
    pub attempt: Duration,
    /// The time of the whole call, with all attempts and the pauses between them.
    pub call: Duration,
}

/// A text that its `Debug` output does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// The beginning of the names of secrets, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPrefix(String);

impl AwsConfig {
    /// Reads the variables with `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            region: required(&var, "AWS_REGION")?,
            access_key_id: required(&var, "AWS_ACCESS_KEY_ID")?,
            secret_access_key: Secret::new(required(&var, "AWS_SECRET_ACCESS_KEY")?),
            session_token: set(&var, "AWS_SESSION_TOKEN").map(Secret::new),
            endpoint: optional(&var, "AWS_ENDPOINT_URL")?,
            limits: CallLimits::default(),
        })
    }
}

/// Short, because a person who signs in waits for the answer.
impl Default for CallLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            attempt: Duration::from_millis(1_400),
            call: Duration::from_secs(3),
        }
    }
}

impl Secret {
    /// Makes `text` a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A name may be part of an ARN, in which other characters have a meaning.
/// Source: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>.
impl FromStr for SecretPrefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const LONGEST: usize = 256;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
        let is_whole = !text.split('/').any(str::is_empty);
        if is_whole && text.len() <= LONGEST && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("use the beginning of the secrets' names, without a slash at its ends, such as pozi/graph")
        }
    }
}

impl fmt::Display for SecretPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
