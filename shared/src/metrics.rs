//! The figures that alarms watch, counted through the `metrics` facade: where nobody collects them they cost nothing.

use std::time::Duration;

/// An exchange ended with `decision`, for `reason` where it was refused, after `took`.
pub fn exchange_ended(decision: &'static str, reason: Option<&'static str>, took: Duration) {
    ::metrics::counter!("Exchanges", "Decision" => decision).increment(1);
    if let Some(reason) = reason {
        ::metrics::counter!("Refusals", "Reason" => reason).increment(1);
    }
    ::metrics::histogram!("ExchangeTime").record(took.as_secs_f64() * 1_000.0);
}

/// A tenant's keys could not be fetched from Entra.
pub fn entra_was_unreachable() {
    ::metrics::counter!("EntraUnreachable").increment(1);
}

/// So many sites have a document that cannot be read.
pub fn sites_were_unreadable(count: usize) {
    if let Ok(count @ 1..) = u64::try_from(count) {
        ::metrics::counter!("UnreadableSites").increment(count);
    }
}

/// For so long the newest signing key has been in its state.
pub fn newest_key_is(age: Duration) {
    ::metrics::gauge!("NewestKeyAge").set(age.as_secs_f64());
}

/// Tells whoever collects what the figures are counted in.
pub fn describe() {
    use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("Exchanges", Unit::Count, "token exchanges, by decision");
    describe_counter!("Refusals", Unit::Count, "refused token exchanges, by reason");
    describe_histogram!("ExchangeTime", Unit::Milliseconds, "how long an exchange took");
    describe_counter!("EntraUnreachable", Unit::Count, "fetches of a tenant's keys that failed");
    describe_counter!("UnreadableSites", Unit::Count, "reads of a site whose document is at fault");
    describe_gauge!("NewestKeyAge", Unit::Seconds, "since when the newest signing key is in its state");
}
