//! What a function is told by its environment: one struct a function, read once at start. A variable that is missing
//! or contradicts itself stops the start, and the error names it.

use std::{fmt::Display, path::PathBuf, str::FromStr};

use tracing::Level;

use crate::{
    address::{LoopbackUrl, SecureUrl, plain_url},
    session::Issuer,
};

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

/// What `authorizer` is told. One function is for one site: an API that served two would have to guess whose a session is.
#[derive(Debug, Clone)]
pub struct AuthorizerConfig {
    /// `POZI_ISSUER`: who mints the sessions, to the letter `iss`.
    pub issuer: Issuer,
    /// `POZI_AUDIENCE`: the site's external URL, to the letter `aud`.
    pub audience: String,
    /// `POZI_RESPONSE`: `policy` (when left out) or `simple`.
    pub response: ResponseKind,
    /// `POZI_ROUTE_PREFIX`: what stands in the routes before the catalogue, for policies; `/` when left out.
    pub route_prefix: RoutePrefix,
    /// `POZI_CATALOGUE_PARAMETER`: the path parameter that names the catalogue, for simple answers; `catalogue` when
    /// left out.
    pub catalogue_parameter: String,
    /// `POZI_JWKS_URL`: where the issuer's keys are; when left out, where the service publishes them.
    pub jwks_url: SecureUrl,
    /// `POZI_LOG`: from which level on it logs: `error`, `warn`, `info` (when left out), `debug` or `trace`.
    pub log: Level,
}

/// How an authorizer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseKind {
    /// Yes or no to one request.
    Simple,
    /// A policy of all that the session opens.
    Policy,
}

/// What stands in a route before the catalogue: `/`, or `/ows/`. It is written into policies, where a star or a question
/// mark would stand for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePrefix(String);

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

impl AuthorizerConfig {
    /// Reads the variables through `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        const AUDIENCE: &str = "POZI_AUDIENCE";
        let issuer = issuer(&var)?;
        let or = |variable: &str, default: &str| var(variable).unwrap_or_else(|| default.to_owned());
        let audience = required(&var, AUDIENCE)?;
        if plain_url(&audience).is_err() {
            let problem = "must be the site's external URL, to the letter".to_owned();
            return Err(ConfigError::Invalid { variable: AUDIENCE, problem });
        }
        Ok(Self {
            response: parsed("POZI_RESPONSE", &or("POZI_RESPONSE", "policy"))?,
            route_prefix: parsed("POZI_ROUTE_PREFIX", &or("POZI_ROUTE_PREFIX", "/"))?,
            catalogue_parameter: or("POZI_CATALOGUE_PARAMETER", "catalogue"),
            jwks_url: parsed("POZI_JWKS_URL", &or("POZI_JWKS_URL", &issuer.key_set_url()))?,
            log: log(&var)?,
            issuer,
            audience,
        })
    }
}

impl FromStr for ResponseKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "simple" => Ok(Self::Simple),
            "policy" => Ok(Self::Policy),
            _ => Err("use simple or policy"),
        }
    }
}

impl RoutePrefix {
    /// The prefix, with a slash at both ends.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoutePrefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
        let has_ends = text.starts_with('/') && text.ends_with('/');
        if has_ends && !text.contains("//") && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("use a path of plain segments with a slash at both ends, such as /ows/")
        }
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
    #[test]
    fn an_authorizer_is_told_its_issuer_and_site_and_the_rest_has_defaults() {
        let read = |more: &'static [(&str, &str)]| {
            AuthorizerConfig::read(move |name| {
                let base =
                    [("POZI_ISSUER", "https://auth.example"), ("POZI_AUDIENCE", "https://a.example/pozi/")];
                let told = more.iter().chain(&base).find(|(told, _)| *told == name);
                told.map(|(_, value)| (*value).to_owned())
            })
        };
        let config = read(&[]).unwrap();
        assert_eq!((config.response, config.route_prefix.as_str()), (ResponseKind::Policy, "/"));
        assert_eq!(config.catalogue_parameter, "catalogue");
        assert_eq!(config.jwks_url.as_str(), "https://auth.example/.well-known/jwks.json");
        let wrong: [(&'static [(&str, &str)], &str); 8] = [
            (&[("POZI_AUDIENCE", "")], "POZI_AUDIENCE"),
            (&[("POZI_AUDIENCE", "riverbend")], "POZI_AUDIENCE"),
            (&[("POZI_RESPONSE", "yes")], "POZI_RESPONSE"),
            (&[("POZI_ROUTE_PREFIX", "/ows")], "POZI_ROUTE_PREFIX"),
            (&[("POZI_ROUTE_PREFIX", "/*/")], "POZI_ROUTE_PREFIX"),
            (&[("POZI_ROUTE_PREFIX", "/{stage}/")], "POZI_ROUTE_PREFIX"),
            (&[("POZI_ROUTE_PREFIX", "//")], "POZI_ROUTE_PREFIX"),
            (&[("POZI_JWKS_URL", "http://auth.example/keys")], "POZI_JWKS_URL"),
        ];
        for (more, variable) in wrong {
            assert!(read(more).unwrap_err().to_string().starts_with(variable), "{more:?}");
        }
    }
}
