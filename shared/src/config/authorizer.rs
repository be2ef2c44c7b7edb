//! The configuration of `authorizer`.

use std::str::FromStr;

use super::{ConfigError, issuer, optional, parsed, required, set};
use crate::{
    address::SecureUrl, identifiers::TenantId, revision::Revision, session::Issuer, sites::ExternalUrl,
};

/// The configuration of `authorizer`. A function is for one site: with two it could not know which one a request is for.
#[derive(Debug, Clone)]
pub struct AuthorizerConfig {
    /// `POZI_ISSUER`: the issuer of the sessions, exactly as in `iss`.
    pub issuer: Issuer,
    /// `POZI_AUDIENCE`: the site's external URL. A missing slash at its end and capital letters in its host are put right.
    pub audience: ExternalUrl,
    /// `POZI_TENANT`: the site's tenant id.
    pub tenant: TenantId,
    /// `POZI_MINIMUM_REVISION`: the oldest revision of the site's document whose sessions are accepted; 0, or none, accepts any.
    pub minimum_revision: Option<Revision>,
    /// `POZI_SESSION_HEADER`: the header that contains the session; `X-Pozi-Session` by default.
    pub session_header: SessionHeader,
    /// `POZI_RESPONSE`: `policy` (default) or `simple`.
    pub response: ResponseKind,
    /// `POZI_ROUTE_PREFIX`: the part of the paths before the catalogue, for policies; `/` by default.
    pub route_prefix: RoutePrefix,
    /// `POZI_CATALOGUE_PARAMETER`: the path parameter that names the catalogue; `catalogue` by default. For policies, it must
    /// agree with the path, if the route has it.
    pub catalogue_parameter: String,
    /// `POZI_JWKS_URL`: the URL of the issuer's keys; by default, the one at which the service publishes them.
    pub jwks_url: SecureUrl,
}

/// How an authorizer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseKind {
    /// Yes or no to one request.
    Simple,
    /// A policy that allows one request.
    Policy,
}

/// The header that contains the session. It must be an identity source of the API's authorizer, so that only one is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionHeader {
    /// `X-Pozi-Session: <session>`.
    PoziSession,
    /// `Authorization: Bearer <session>`.
    Authorization,
}

/// The part of a path before the catalogue: `/`, or `/ows/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePrefix(String);

impl AuthorizerConfig {
    /// Reads the variables with `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let issuer = issuer(&var)?;
        let or = |variable: &str, default: &str| set(&var, variable).unwrap_or_else(|| default.to_owned());
        Ok(Self {
            audience: parsed("POZI_AUDIENCE", &required(&var, "POZI_AUDIENCE")?)?,
            tenant: parsed("POZI_TENANT", &required(&var, "POZI_TENANT")?)?,
            minimum_revision: optional(&var, "POZI_MINIMUM_REVISION")?
                .filter(|count| *count > 0)
                .map(Revision),
            session_header: parsed("POZI_SESSION_HEADER", &or("POZI_SESSION_HEADER", "X-Pozi-Session"))?,
            response: parsed("POZI_RESPONSE", &or("POZI_RESPONSE", "policy"))?,
            route_prefix: parsed("POZI_ROUTE_PREFIX", &or("POZI_ROUTE_PREFIX", "/"))?,
            catalogue_parameter: or("POZI_CATALOGUE_PARAMETER", "catalogue"),
            jwks_url: parsed("POZI_JWKS_URL", &or("POZI_JWKS_URL", &issuer.key_set_url()))?,
            issuer,
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

impl FromStr for SessionHeader {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "x-pozi-session" => Ok(Self::PoziSession),
            "authorization" => Ok(Self::Authorization),
            _ => Err("use X-Pozi-Session or Authorization"),
        }
    }
}

impl RoutePrefix {
    /// Returns the prefix, with a slash at both ends.
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
    fn requires_issuer_audience_and_tenant_and_has_defaults_for_the_rest() {
        let read = |more: &'static [(&str, &str)]| {
            AuthorizerConfig::read(move |name| {
                let base = [
                    ("POZI_ISSUER", "https://auth.example"),
                    ("POZI_AUDIENCE", "https://a.example/pozi/"),
                    ("POZI_TENANT", "00000000-0000-0000-0000-000000000001"),
                ];
                let found = more.iter().chain(&base).find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let config = read(&[]).unwrap();
        assert_eq!((config.response, config.route_prefix.as_str()), (ResponseKind::Policy, "/"));
        assert_eq!(config.catalogue_parameter, "catalogue");
        assert_eq!(config.jwks_url.as_str(), "https://auth.example/.well-known/jwks.json");
        assert_eq!((config.session_header, config.minimum_revision), (SessionHeader::PoziSession, None));
        let sixth = read(&[("POZI_MINIMUM_REVISION", "6")]).unwrap();
        assert_eq!(sixth.minimum_revision, Some(Revision(6)));
        assert_eq!(read(&[("POZI_MINIMUM_REVISION", "0")]).unwrap().minimum_revision, None);
        let wrong: [(&'static [(&str, &str)], &str); 15] = [
            (&[("POZI_MINIMUM_REVISION", "newest")], "POZI_MINIMUM_REVISION"),
            (&[("POZI_TENANT", "")], "POZI_TENANT"),
            (&[("POZI_TENANT", "riverbend")], "POZI_TENANT"),
            (&[("POZI_AUDIENCE", "")], "POZI_AUDIENCE"),
            (&[("POZI_AUDIENCE", "riverbend")], "POZI_AUDIENCE"),
            (&[("POZI_AUDIENCE", "http://a.example/pozi/")], "POZI_AUDIENCE"),
            (&[("POZI_AUDIENCE", "https://a.example/pozi//")], "POZI_AUDIENCE"),
            (&[("POZI_AUDIENCE", "https://a.example:443/pozi/")], "POZI_AUDIENCE"),
            (&[("POZI_SESSION_HEADER", "Cookie")], "POZI_SESSION_HEADER"),
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
        for audience in ["https://a.example/pozi", "https://A.Example/pozi/", "HTTPS://a.example/pozi"] {
            let audience = Box::leak(Box::new([("POZI_AUDIENCE", audience)]));
            assert_eq!(read(audience).unwrap().audience.as_str(), "https://a.example/pozi/");
        }
    }
}
