//! The clouds of Entra ID: their issuers and the addresses of their keys.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::uuid;

use crate::identifiers::TenantId;

/// The tenant of personal Microsoft accounts. Anyone can open an account there, so it is never a site's tenant.
pub const CONSUMER_TENANT: TenantId = TenantId::new(uuid!("9188040d-6c67-4c5b-b112-36a304b66dad"));

/// The cloud of a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// The worldwide cloud.
    #[default]
    Public,
    /// Microsoft Entra for US Government.
    UsGovernment,
    /// Microsoft Entra operated by 21Vianet in China.
    China,
}

/// The version of an access token: claim `ver`. The API's registration chooses it (`accessTokenAcceptedVersion`; null
/// means 1.0), whatever endpoint the browser used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenVersion {
    /// `ver: 1.0`.
    V1,
    /// `ver: 2.0`.
    V2,
}

/// Identifies one key set of one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeySetLocation {
    /// The tenant's cloud.
    pub cloud: Cloud,
    /// The tenant.
    pub tenant: TenantId,
    /// The version of the tokens that these keys sign.
    pub version: TokenVersion,
}

impl Cloud {
    /// Returns the base URL of sign-in, metadata and keys, without a trailing slash.
    pub const fn login(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::UsGovernment => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        }
    }

    /// Returns the cloud's name in metadata and key sets (`cloud_instance_name`).
    pub const fn instance_name(self) -> &'static str {
        match self {
            Self::Public => "microsoftonline.com",
            Self::UsGovernment => "microsoftonline.us",
            Self::China => "partner.microsoftonline.cn",
        }
    }

    /// Returns the base URL of Microsoft Graph, without a trailing slash.
    ///
    /// Source: <https://learn.microsoft.com/graph/deployments>.
    pub const fn graph(self) -> &'static str {
        match self {
            Self::Public => "https://graph.microsoft.com",
            Self::UsGovernment => "https://graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// Returns the scope of a person's own token for Microsoft Graph, with which their own memberships may be asked about.
    pub fn graph_scope(self) -> String {
        format!("{}/User.Read", self.graph())
    }

    /// Returns the `iss` of `tenant`'s tokens of `version`: with a trailing slash in 1.0, without one in 2.0.
    pub fn issuer(self, version: TokenVersion, tenant: TenantId) -> String {
        let (base, end) = self.issuer_around_tenant(version);
        format!("{base}/{tenant}{end}")
    }

    /// Whether `issuer` is the `iss` of `tenant`'s tokens of `version`, to the letter.
    pub fn is_issuer(self, issuer: &str, version: TokenVersion, tenant: TenantId) -> bool {
        self.tenant_in(issuer, version).is_some_and(|written| tenant.is_written(written))
    }

    /// Returns what an `iss` of `version` has in the place of the tenant, if it is one of this cloud.
    pub(super) fn tenant_in(self, issuer: &str, version: TokenVersion) -> Option<&str> {
        let (base, end) = self.issuer_around_tenant(version);
        issuer.strip_prefix(base)?.strip_prefix('/')?.strip_suffix(end)
    }

    const fn issuer_around_tenant(self, version: TokenVersion) -> (&'static str, &'static str) {
        match version {
            TokenVersion::V1 => (self.v1_issuer(), "/"),
            TokenVersion::V2 => (self.login(), "/v2.0"),
        }
    }

    /// US Government shares the worldwide cloud's v1.0 issuer; China has its own.
    const fn v1_issuer(self) -> &'static str {
        match self {
            Self::Public | Self::UsGovernment => "https://sts.windows.net",
            Self::China => "https://sts.chinacloudapi.cn",
        }
    }
}

impl KeySetLocation {
    /// Returns the key set's path below [`Cloud::login`], with a leading slash.
    pub fn path(&self) -> String {
        match self.version {
            TokenVersion::V1 => format!("/{}/discovery/keys", self.tenant),
            TokenVersion::V2 => format!("/{}/discovery/v2.0/keys", self.tenant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_own_graph() {
        for (cloud, scope) in [
            (Cloud::Public, "https://graph.microsoft.com/User.Read"),
            (Cloud::UsGovernment, "https://graph.microsoft.us/User.Read"),
            (Cloud::China, "https://microsoftgraph.chinacloudapi.cn/User.Read"),
        ] {
            assert_eq!(cloud.graph_scope(), scope);
        }
    }

    #[test]
    fn each_cloud_has_its_issuers() {
        for (cloud, v1, v2) in [
            (Cloud::Public, "https://sts.windows.net", "https://login.microsoftonline.com"),
            (Cloud::UsGovernment, "https://sts.windows.net", "https://login.microsoftonline.us"),
            (Cloud::China, "https://sts.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"),
        ] {
            for (version, issuer) in [
                (TokenVersion::V1, format!("{v1}/{CONSUMER_TENANT}/")),
                (TokenVersion::V2, format!("{v2}/{CONSUMER_TENANT}/v2.0")),
            ] {
                assert_eq!(cloud.issuer(version, CONSUMER_TENANT), issuer);
                assert!(cloud.is_issuer(&issuer, version, CONSUMER_TENANT));
                let other = if version == TokenVersion::V1 { TokenVersion::V2 } else { TokenVersion::V1 };
                assert!(!cloud.is_issuer(&issuer, other, CONSUMER_TENANT));
                assert!(!cloud.is_issuer(&issuer, version, TenantId::new(uuid::Uuid::nil())));
                for spoiled in [
                    issuer.to_uppercase(),
                    issuer.replace("9188040d", "9188040D"),
                    issuer.replace('-', ""),
                    issuer[1..].to_owned(),
                    issuer[..issuer.len() - 1].to_owned(),
                    format!("{issuer}/"),
                    String::new(),
                ] {
                    assert!(!cloud.is_issuer(&spoiled, version, CONSUMER_TENANT), "{spoiled}");
                }
            }
        }
    }
}
