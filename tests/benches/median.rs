//! Reads criterion's results.

use std::{fs, path::Path};

/// Returns the median of a benchmark of this run in microseconds, if it was measured.
pub(crate) fn median(name: &str) -> Option<f64> {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        |folder| Path::new(&folder).to_owned(),
    );
    let estimates = fs::read(folder.join("criterion").join(name).join("new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_slice(&estimates).ok()?;
    Some(estimates["median"]["point_estimate"].as_f64()? / 1_000.0)
}
