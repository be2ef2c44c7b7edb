//! Whether the gate can listen on its addresses, or a gate already does.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use pozi_auth::{
    adapters::HttpDocument,
    fetch::{DocumentFetch, FetchError},
};
use tokio::net::TcpListener;

use super::findings::Findings;
use crate::config::GateConfig;

/// Tries both addresses.
pub(super) async fn check_addresses(config: &GateConfig, findings: &mut Findings) {
    // Only a gate refuses a question to `/decide` that names no catalogue.
    try_address("listen", config.listen, ("/decide", 403), findings).await;
    try_address("status_listen", config.status_listen, ("/metrics", 200), findings).await;
    if !config.status_listen.ip().is_loopback() {
        let text = format!(
            "other machines can reach {} and read the gate's health and metrics; unless you want that, remove `status_listen`",
            config.status_listen
        );
        findings.warning("status", &text);
    }
}

async fn try_address(
    key: &str,
    address: SocketAddr,
    (path, gate_status): (&str, u16),
    findings: &mut Findings,
) {
    let subject = key.split('_').next().unwrap_or(key);
    let Err(error) = TcpListener::bind(address).await else {
        return findings.ok(subject, &format!("{address} is free"));
    };
    if error.kind() == io::ErrorKind::AddrInUse && status(address, path).await == Some(gate_status) {
        return findings.ok(subject, &format!("a gate is already listening on {address}"));
    }
    let text = format!(
        "cannot listen on {address}: {error}; stop the program that listens there, or choose another address with `{key}`"
    );
    findings.error(subject, &text);
}

/// Returns the status of `GET path`; nothing if there is no answer.
async fn status(address: SocketAddr, path: &str) -> Option<u16> {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let url = format!("http://{}{path}", SocketAddr::new(host, address.port())).parse().ok()?;
    match HttpDocument::of_this_machine(&url, []).ok()?.fetch().await {
        Ok(_) => Some(200),
        Err(FetchError::Status(status)) => Some(status),
        Err(_) => None,
    }
}
