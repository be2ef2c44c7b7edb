//! Where Entra and Microsoft Graph are, and the one HTTP client for both.

use reqwest::{Client, header::HeaderMap};

use super::bounded_http::{HttpClientError, Network, http_client};
use crate::{address::LoopbackUrl, entra::Cloud};

/// Reaches Entra and Graph at their own addresses, or emulated ones on this machine. Clones share its connections: key sets and
/// tokens come from the same hosts.
#[derive(Debug, Clone)]
pub struct Microsoft {
    pub(super) client: Client,
    pub(super) emulated: Option<LoopbackUrl>,
}

impl Microsoft {
    /// Uses https only. With `emulated`, an emulated Entra, it asks there, also over plain http.
    pub fn new(emulated: Option<LoopbackUrl>) -> Result<Self, HttpClientError> {
        Self::through(emulated, &Network::default())
    }

    /// As [`Microsoft::new`], through `network`.
    pub fn through(emulated: Option<LoopbackUrl>, network: &Network) -> Result<Self, HttpClientError> {
        Ok(Self { client: http_client(emulated.is_none(), HeaderMap::new(), network)?, emulated })
    }

    /// Returns the base URL of Entra in `cloud`, without a slash at its end.
    pub(super) fn login(&self, cloud: Cloud) -> &str {
        self.emulated.as_ref().map_or_else(|| cloud.login(), LoopbackUrl::base)
    }

    /// Returns that of Graph: below `/graph` of an emulated Entra.
    pub(super) fn graph(&self, cloud: Cloud) -> String {
        let emulated = self.emulated.as_ref().map(|login| format!("{}/graph", login.base()));
        emulated.unwrap_or_else(|| cloud.graph().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_each_clouds_own_graph() {
        let microsoft = Microsoft::new(None).unwrap();
        for (cloud, base) in [
            (Cloud::Public, "https://graph.microsoft.com"),
            (Cloud::UsGovernment, "https://graph.microsoft.us"),
            (Cloud::China, "https://microsoftgraph.chinacloudapi.cn"),
        ] {
            assert_eq!(microsoft.graph(cloud), base);
        }
        let emulated = Microsoft::new(Some("http://127.0.0.1:8080/entra".parse().unwrap())).unwrap();
        assert_eq!(emulated.graph(Cloud::Public), "http://127.0.0.1:8080/entra/graph");
    }
}
