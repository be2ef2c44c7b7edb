//! The metrics that alarms watch, recorded through the `metrics` facade. Without a recorder they cost nothing.

use std::time::Duration;

/// Records an exchange that ended with `decision` after `took`, and the `reason` if it was refused.
pub fn record_exchange(decision: &'static str, reason: Option<&'static str>, took: Duration) {
    ::metrics::counter!("Exchanges", "Decision" => decision).increment(1);
    if let Some(reason) = reason {
        ::metrics::counter!("Refusals", "Reason" => reason).increment(1);
    }
    ::metrics::histogram!("ExchangeTime").record(took.as_secs_f64() * 1_000.0);
}

/// Counts a fetch of a tenant's keys from Entra, and whether it failed: one tenant that is gone is a small share of all fetches.
pub fn record_entra_fetch(failed: bool) {
    ::metrics::counter!("EntraFetches").increment(1);
    if failed {
        ::metrics::counter!("EntraUnreachable").increment(1);
    }
}

/// Counts sites whose document cannot be read.
pub fn record_unreadable_sites(count: usize) {
    if let Ok(count @ 1..) = u64::try_from(count) {
        ::metrics::counter!("UnreadableSites").increment(count);
    }
}

/// Records how long the newest signing key has been in its current state, once: a gauge would be written again by runs that
/// failed and know nothing about it.
pub fn record_newest_key_age(age: Duration) {
    ::metrics::histogram!("NewestKeyAge").record(age.as_secs_f64());
}

/// Counts a probe of the service, with how many of its checks failed in each half.
pub fn record_probe(failed_exchanges: u64, failed_refusals: u64) {
    ::metrics::counter!("Probes").increment(1);
    for (half, failed) in [("exchange", failed_exchanges), ("refusal", failed_refusals)] {
        ::metrics::counter!("ProbeFailures", "Half" => half).increment(failed);
    }
}

/// Describes the metrics and their units to the recorder.
pub fn describe() {
    use ::metrics::{Unit, describe_counter, describe_histogram};
    describe_counter!("Exchanges", Unit::Count, "token exchanges, by decision");
    describe_counter!("Refusals", Unit::Count, "refused token exchanges, by reason");
    describe_histogram!("ExchangeTime", Unit::Milliseconds, "duration of a token exchange");
    describe_counter!("EntraFetches", Unit::Count, "fetches of a tenant's keys");
    describe_counter!("EntraUnreachable", Unit::Count, "failed fetches of a tenant's keys");
    describe_counter!("UnreadableSites", Unit::Count, "reads of a site whose document has errors");
    describe_counter!("Probes", Unit::Count, "probes of the service");
    describe_counter!("ProbeFailures", Unit::Count, "failed checks of probes, by half");
    describe_histogram!(
        "NewestKeyAge",
        Unit::Seconds,
        "how long the newest signing key has been in its state"
    );
}
