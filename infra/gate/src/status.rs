//! `/health` and `/metrics`, on an address of their own. They are for the machine's administrator: `Host` is checked so that
//! a web page cannot read them through another host name (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, HOST},
    uri::Authority,
};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::health::{Health, Status};

/// The text format of Prometheus.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns the router for a listener on `address`.
pub(crate) fn router(health: Health, metrics: PrometheusHandle, address: SocketAddr) -> Router {
    Router::new()
        .route("/health", get(answer_health).with_state(health))
        .route("/metrics", get(answer_metrics).with_state(metrics))
        .layer(from_fn_with_state(address, check_host))
}

async fn answer_health(State(health): State<Health>) -> Response {
    let report = health.report();
    let status = match report.status {
        Status::Ok | Status::Degraded => StatusCode::OK,
        Status::Failing => StatusCode::SERVICE_UNAVAILABLE,
    };
    answer(status, "application/json", serde_json::to_vec(&report).unwrap_or_default())
}

async fn answer_metrics(State(metrics): State<PrometheusHandle>) -> Response {
    answer(StatusCode::OK, PROMETHEUS_TEXT, metrics.render().into_bytes())
}

fn answer(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
    ];
    (status, headers, body).into_response()
}

async fn check_host(State(address): State<SocketAddr>, request: Request, next: Next) -> Response {
    if is_own_host(request.headers(), address.ip()) {
        next.run(request).await
    } else {
        let reason =
            br#"{"reason":"foreign_host","message":"use the IP address or localhost as the host name"}"#;
        answer(StatusCode::FORBIDDEN, "application/json", reason.to_vec())
    }
}

/// Whether the only `Host` is `localhost` or an IP address of this machine. Anyone can point a name at this machine,
/// but a foreign page cannot have its IP address as origin.
fn is_own_host(headers: &HeaderMap, own: IpAddr) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Some(authority) = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()) else {
        return false;
    };
    if authority.as_str().contains('@') {
        return false;
    }
    let name = authority.host();
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    ip.is_ok_and(|ip| ip.is_loopback() || own.is_unspecified() || ip == own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(host: &[&str], own: &str) -> bool {
        let mut headers = HeaderMap::new();
        for host in host {
            headers.append(HOST, host.parse().unwrap());
        }
        is_own_host(&headers, own.parse().unwrap())
    }

    #[test]
    fn accepts_only_localhost_and_its_own_ip_addresses_as_host() {
        for host in ["localhost", "LOCALHOST:8182", "127.0.0.1:8182", "127.0.0.1", "[::1]:8182", "[::1]"] {
            assert!(is_own(&[host], "127.0.0.1"), "{host}");
        }
        for host in [
            "rebound.example:8182",
            "localhost.rebound.example",
            "127.0.0.1.rebound.example",
            "localhost@rebound.example",
            "rebound.example@localhost",
            "10.0.0.1",
            "",
            ":8182",
            "localhost.",
        ] {
            assert!(!is_own(&[host], "127.0.0.1"), "{host}");
        }
        assert!(!is_own(&[], "127.0.0.1") && !is_own(&["localhost", "localhost"], "127.0.0.1"));
        assert!(is_own(&["10.0.0.1:8182"], "10.0.0.1") && is_own(&["10.0.0.1:8182"], "0.0.0.0"));
        assert!(!is_own(&["gis.internal:8182"], "0.0.0.0"));
    }
}
