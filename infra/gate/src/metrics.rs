//! What the gate counts and measures, by names that stay.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Requests, by `catalogue`, `operation` and `outcome`.
pub const REQUESTS: &str = "pozi_gate_requests_total";
/// How long requests took, by `catalogue` and `operation`.
pub const REQUEST_SECONDS: &str = "pozi_gate_request_seconds";
/// Requests that QGIS Server did not answer as it should, by `catalogue` and `kind`.
pub const UPSTREAM_ERRORS: &str = "pozi_gate_upstream_errors_total";
/// Verified sessions that are remembered.
pub const SESSIONS_REMEMBERED: &str = "pozi_gate_sessions_remembered";
/// Requests that wait for QGIS Server, by `catalogue`.
pub const WAITING: &str = "pozi_gate_waiting";
/// Lines that the log did not take because it could not keep up.
pub const LOG_LINES_DROPPED: &str = "pozi_gate_log_lines_dropped_total";

/// Bounds of the histogram, in seconds: from a tile out of a cache to the most that a request may take.
const SECONDS: [f64; 13] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 85.0];

/// What this process records, for `/metrics`. A process has one recorder, which the first call sets up.
pub(crate) fn recorded() -> PrometheusHandle {
    static RECORDED: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDED.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    // Only an empty list of bounds is refused.
    let builder = builder
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &SECONDS)
        .unwrap_or_else(|_| PrometheusBuilder::new());
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!(target: "pozi::gate", "another recorder of measurements is at work; /metrics stays empty");
    }
    describe();
    handle
}

fn describe() {
    describe_counter!(REQUESTS, "Requests, by catalogue, operation and outcome.");
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "How long requests took, by catalogue and operation."
    );
    describe_counter!(
        UPSTREAM_ERRORS,
        "Requests that QGIS Server did not answer as it should, by catalogue and kind."
    );
    describe_gauge!(SESSIONS_REMEMBERED, "Verified sessions that are remembered.");
    describe_gauge!(WAITING, "Requests that wait for QGIS Server, by catalogue.");
    describe_counter!(LOG_LINES_DROPPED, "Lines that the log did not take because it could not keep up.");
}
