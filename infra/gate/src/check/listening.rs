//! Whether the gate could listen where it is told to, or does already.

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
    // Nobody asks a gate about a decision without naming a catalogue: it refuses that, and nothing else does so.
    try_address("listen", config.listen, ("/decide", Err(403)), findings).await;
    try_address("status_listen", config.status_listen, ("/metrics", Ok(())), findings).await;
    if !config.status_listen.ip().is_loopback() {
        findings.warning(
            "status",
            &format!(
                "{} can be reached by other machines, and tells everybody how the gate is; leave `status_listen` out unless that is meant",
                config.status_listen
            ),
        );
    }
}

async fn try_address(
    key: &str,
    address: SocketAddr,
    (path, of_a_gate): (&str, Result<(), u16>),
    findings: &mut Findings,
) {
    let what = key.split('_').next().unwrap_or(key);
    let Err(error) = TcpListener::bind(address).await else {
        return findings.fine(what, &format!("{address} is free"));
    };
    if error.kind() == io::ErrorKind::AddrInUse && answers(address, path).await == Some(of_a_gate) {
        return findings.fine(what, &format!("{address} is served by a gate already"));
    }
    let text = format!(
        "cannot listen on {address}: {error}; end what listens there, or choose another address with `{key}`"
    );
    findings.fault(what, &text);
}

/// What `GET path` is answered: nothing, or its status where that is not 200.
async fn answers(address: SocketAddr, path: &str) -> Option<Result<(), u16>> {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let url = format!("http://{}{path}", SocketAddr::new(host, address.port())).parse().ok()?;
    match HttpDocument::of_this_machine(&url, []).ok()?.fetch().await {
        Ok(_) => Some(Ok(())),
        Err(FetchError::Status(status)) => Some(Err(status)),
        Err(FetchError::NoAnswer(_) | FetchError::TooLarge(_)) => None,
    }
}
