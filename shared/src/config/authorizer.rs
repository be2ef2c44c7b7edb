//! What `authorizer` is told.

use std::str::FromStr;

use super::{ConfigError, issuer, parsed, required, set};
use crate::{
    address::{SecureUrl, plain_url},
    session::Issuer,
};

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

impl AuthorizerConfig {
    /// Reads the variables through `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        const AUDIENCE: &str = "POZI_AUDIENCE";
        let issuer = issuer(&var)?;
        let or = |variable: &str, default: &str| set(&var, variable).unwrap_or_else(|| default.to_owned());
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

#[cfg(test)]
mod tests {
    use super::*;

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
