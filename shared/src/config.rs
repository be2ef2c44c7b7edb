//! What a function is told by its environment: one struct a function, read once at start. A variable that is missing
//! or contradicts itself stops the start, and the error names it.

use std::{fmt::Display, path::PathBuf, str::FromStr};

use tracing::Level;

use crate::{address::LoopbackUrl, session::Issuer};

const ENTRA_LOGIN: &str = "POZI_ENTRA_LOGIN_URL";

/// What `token-exchange` is told.
#[derive(Debug, Clone)]
pub struct TokenExchangeConfig {
    /// `POZI_ISSUER`: this service's own URL, https, without a trailing slash; `iss` of the sessions.
    pub issuer: Issuer,
    /// `POZI_SITES_DIR`: the folder of site files, `*.toml`.
    pub sites: PathBuf,
    /// `POZI_KEY_RING_FILE`: the file of signing keys.
    pub key_ring: PathBuf,
    /// `POZI_ENTRA_LOGIN_URL`: left out but to try the service: where an emulated Entra serves its keys. Only a
    /// loopback address is taken: whoever chose another would choose who may sign in.
    pub entra_login: Option<LoopbackUrl>,
    /// `POZI_LOG`: from which level on it logs: `error`, `warn`, `info` (when left out), `debug` or `trace`. The audit
    /// events are always written.
    pub log: Level,
}

/// What `jwks` is told.
#[derive(Debug, Clone)]
pub struct JwksConfig {
    /// `POZI_ISSUER`: as for `token-exchange`, to the letter.
    pub issuer: Issuer,
    /// `POZI_KEY_RING_FILE`: the file of signing keys.
    pub key_ring: PathBuf,
    /// `POZI_LOG`: from which level on it logs: `error`, `warn`, `info` (when left out), `debug` or `trace`. The audit
    /// events are always written.
    pub log: Level,
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
            sites: required(&var, "POZI_SITES_DIR")?.into(),
            key_ring: required(&var, "POZI_KEY_RING_FILE")?.into(),
            entra_login: var(ENTRA_LOGIN).map(|text| parsed(ENTRA_LOGIN, &text)).transpose()?,
            log: log(&var)?,
        })
    }
}

impl JwksConfig {
    /// Reads the variables through `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: issuer(&var)?,
            key_ring: required(&var, "POZI_KEY_RING_FILE")?.into(),
            log: log(&var)?,
        })
    }
}

fn issuer(var: impl Fn(&str) -> Option<String>) -> Result<Issuer, ConfigError> {
    const VARIABLE: &str = "POZI_ISSUER";
    parsed(VARIABLE, &required(var, VARIABLE)?)
}

fn log(var: impl Fn(&str) -> Option<String>) -> Result<Level, ConfigError> {
    const VARIABLE: &str = "POZI_LOG";
    let problem = "use error, warn, info, debug or trace".to_owned();
    let level = |text: String| text.parse().map_err(|_| ConfigError::Invalid { variable: VARIABLE, problem });
    var(VARIABLE).map_or(Ok(Level::INFO), level)
}

fn required(var: impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<String, ConfigError> {
    var(variable).filter(|value| !value.is_empty()).ok_or(ConfigError::Missing(variable))
}

/// A text that must be a `T`; what is wrong with it is said with the variable's name.
fn parsed<T: FromStr<Err: Display>>(variable: &'static str, text: &str) -> Result<T, ConfigError> {
    text.parse().map_err(|problem: T::Err| ConfigError::Invalid { variable, problem: problem.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        change: impl Fn(&str) -> Option<Option<&'static str>>,
    ) -> Result<TokenExchangeConfig, ConfigError> {
        TokenExchangeConfig::read(|name| {
            let default = match name {
                "POZI_ISSUER" => Some("https://auth.example"),
                "POZI_SITES_DIR" => Some("sites"),
                "POZI_KEY_RING_FILE" => Some("ring.json"),
                _ => None,
            };
            change(name).unwrap_or(default).map(str::to_owned)
        })
    }

    #[test]
    fn names_the_variable_that_is_missing_or_wrong() {
        assert!(read(|_| None).is_ok());
        for variable in ["POZI_ISSUER", "POZI_SITES_DIR", "POZI_KEY_RING_FILE"] {
            for value in [None, Some("")] {
                let problem = read(|name| (name == variable).then_some(value)).unwrap_err();
                assert_eq!(problem, ConfigError::Missing(variable));
            }
        }
        let wrong = |variable: &'static str, value| {
            read(move |name| (name == variable).then_some(Some(value))).unwrap_err().to_string()
        };
        assert!(wrong("POZI_LOG", "pozi_auth=debug").starts_with("POZI_LOG: "));
        assert!(wrong("POZI_ISSUER", "auth.example").starts_with("POZI_ISSUER: "));
        for elsewhere in
            ["https://login.evil.example", "http://127.0.0.1.evil.example", "localhost", "file:///keys"]
        {
            assert!(wrong("POZI_ENTRA_LOGIN_URL", elsewhere).starts_with("POZI_ENTRA_LOGIN_URL: "));
        }
    }
}
