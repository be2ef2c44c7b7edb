//! The gate's metrics. Their names are stable.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Requests, by `catalogue`, `operation` and `outcome`.
pub const REQUESTS: &str = "pozi_gate_requests_total";
/// Requests of sessions that open what was asked for only because the site is observed, by `catalogue` and `operation`.
pub const WOULD_BE_REFUSED_REQUESTS: &str = "pozi_gate_would_be_refused_total";
/// Duration of requests, by `catalogue` and `operation`.
pub const REQUEST_SECONDS: &str = "pozi_gate_request_seconds";
/// Requests that failed at QGIS Server, by `catalogue` and `kind`.
pub const UPSTREAM_ERRORS: &str = "pozi_gate_upstream_errors_total";
/// Verified sessions in the cache.
pub const SESSIONS_REMEMBERED: &str = "pozi_gate_sessions_remembered";
/// The age of the newest revocation document, in seconds.
pub const REVOCATIONS_AGE: &str = "pozi_gate_revocations_age_seconds";
/// Requests waiting for QGIS Server, by `catalogue`.
pub const WAITING: &str = "pozi_gate_waiting";
/// Log lines dropped because writing them was too slow.
pub const LOG_LINES_DROPPED: &str = "pozi_gate_log_lines_dropped_total";

/// Histogram buckets, in seconds: from a cached tile to the longest request.
const SECONDS_BUCKETS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 85.0];

/// Returns the process's metrics, for `/metrics`. The first call installs the recorder.
pub(crate) fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    // Only an empty list of bounds is refused.
    let builder = builder
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &SECONDS_BUCKETS)
        .unwrap_or_else(|_| PrometheusBuilder::new());
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!(target: "pozi::gate", "another metrics recorder is already installed; /metrics stays empty");
    }
    describe();
    handle
}

fn describe() {
    describe_counter!(REQUESTS, "Requests, by catalogue, operation and outcome.");
    describe_counter!(
        WOULD_BE_REFUSED_REQUESTS,
        "Requests that are allowed only because the site is observed, by catalogue and operation."
    );
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "Duration of requests, by catalogue and operation.");
    describe_counter!(UPSTREAM_ERRORS, "Requests that failed at QGIS Server, by catalogue and kind.");
    describe_gauge!(SESSIONS_REMEMBERED, "Verified sessions in the cache.");
    describe_gauge!(REVOCATIONS_AGE, Unit::Seconds, "Age of the newest revocation document.");
    describe_gauge!(WAITING, "Requests waiting for QGIS Server, by catalogue.");
    describe_counter!(LOG_LINES_DROPPED, "Log lines dropped because writing them was too slow.");
}
