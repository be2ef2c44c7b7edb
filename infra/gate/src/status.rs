//! `/health` and `/metrics`, at an address of their own. What they tell is for the machine's own administrator: a page
//! that a browser shows must not read it under another host's name (DNS rebinding), so `Host` is checked.

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

/// The format that Prometheus reads.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The two pages, for a listener at `address`.
pub(crate) fn router(health: Health, measured: PrometheusHandle, address: SocketAddr) -> Router {
    Router::new()
        .route("/health", get(tell_health).with_state(health))
        .route("/metrics", get(tell_metrics).with_state(measured))
        .layer(from_fn_with_state(address, check_host))
}

async fn tell_health(State(health): State<Health>) -> Response {
    let report = health.report();
    let status = match report.status {
        Status::Ok | Status::Degraded => StatusCode::OK,
        Status::Failing => StatusCode::SERVICE_UNAVAILABLE,
    };
    answer(status, "application/json", serde_json::to_vec(&report).unwrap_or_default())
}

async fn tell_metrics(State(measured): State<PrometheusHandle>) -> Response {
    answer(StatusCode::OK, EXPOSITION, measured.render().into_bytes())
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
        let reason = br#"{"reason":"foreign_host","message":"ask by the address itself, or by localhost"}"#;
        answer(StatusCode::FORBIDDEN, "application/json", reason.to_vec())
    }
}

/// Whether the one `Host` is an address of this machine: by number, or `localhost`. A name could be anybody's; a number
/// is no name that a foreign page could have.
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
    let number = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    number.is_ok_and(|number| number.is_loopback() || own.is_unspecified() || number == own)
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
    fn the_status_is_told_under_this_machines_own_names_alone() {
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
