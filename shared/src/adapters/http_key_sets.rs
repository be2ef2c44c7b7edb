//! Entra's key sets over https: each request is bounded in time and size and follows no redirect.

use std::time::Duration;

use super::{Microsoft, bounded_http::BoundedHttp};
use crate::{
    entra::{KeySetFetch, KeySetLocation},
    fetch::FetchError,
};

/// Fetches from Entra.
#[derive(Debug, Clone)]
pub struct HttpKeySets {
    http: BoundedHttp,
    microsoft: Microsoft,
}

impl HttpKeySets {
    /// Fetches through `microsoft`.
    pub fn new(microsoft: Microsoft) -> Self {
        Self { http: BoundedHttp::of(microsoft.client.clone()), microsoft }
    }

    /// Sets the timeout of a fetch.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { http: self.http.with_timeout(timeout), ..self }
    }

    fn address(&self, location: KeySetLocation) -> String {
        format!("{}{}", self.microsoft.login(location.cloud), location.path())
    }
}

impl KeySetFetch for HttpKeySets {
    async fn fetch(&self, location: KeySetLocation) -> Result<Vec<u8>, FetchError> {
        Ok(self.http.fetch(&self.address(location)).await?.document)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::{
        entra::{Cloud, TokenVersion},
        identifiers::TenantId,
    };

    fn location(cloud: Cloud, version: TokenVersion) -> KeySetLocation {
        KeySetLocation { cloud, tenant: TenantId::new(uuid::Uuid::nil()), version }
    }

    /// RFC 7517 §9.1.
    #[test]
    fn fetches_each_clouds_keys_from_microsofts_own_addresses() {
        const TENANT: &str = "00000000-0000-0000-0000-000000000000";
        let sets = HttpKeySets::new(Microsoft::new(None).unwrap());
        for (cloud, login) in [
            (Cloud::Public, "https://login.microsoftonline.com"),
            (Cloud::UsGovernment, "https://login.microsoftonline.us"),
            (Cloud::China, "https://login.partner.microsoftonline.cn"),
        ] {
            for (version, path) in
                [(TokenVersion::V1, "discovery/keys"), (TokenVersion::V2, "discovery/v2.0/keys")]
            {
                assert_eq!(sets.address(location(cloud, version)), format!("{login}/{TENANT}/{path}"));
            }
        }
    }

    /// Every real address starts with https. If one ever did not, nothing would be sent to it.
    /// RFC 8693 §6.
    #[tokio::test]
    async fn refuses_plain_http_without_opening_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let plain = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let sets = HttpKeySets::new(Microsoft { emulated: Some(plain), ..Microsoft::new(None).unwrap() });
        let found = sets.fetch(location(Cloud::Public, TokenVersion::V1)).await;
        assert!(matches!(found, Err(FetchError::NoAnswer(_))), "{found:?}");
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
