//! The metrics that alarms watch, recorded through the `metrics` facade. Without a recorder they cost nothing.
//!
//! Each set of labels is a line of its own in CloudWatch's embedded format and a metric of its own on the bill, so a label has
//! few values, and none that a caller can make up: a site is a registered one. Counters are written again only when they have
//! changed, and histograms only when there is a new value; a gauge would be written again with each request.

use std::time::Duration;

/// Why an exchange was refused.
#[derive(Debug, Clone, Copy)]
pub struct RefusalLabels {
    /// The code of the reason.
    pub reason: &'static str,
    /// Who must act on it.
    pub class: &'static str,
}

/// Records an exchange that ended with `decision` after `took`, and why it was refused if it was.
pub fn record_exchange(decision: &'static str, refusal: Option<RefusalLabels>, took: Duration) {
    ::metrics::counter!("Exchanges", "Decision" => decision).increment(1);
    if let Some(RefusalLabels { reason, class }) = refusal {
        ::metrics::counter!("Refusals", "Class" => class, "Reason" => reason).increment(1);
    }
    ::metrics::histogram!("Granted").record(if decision == "granted" { 1.0 } else { 0.0 });
    ::metrics::histogram!("ExchangeTime").record(took.as_secs_f64() * 1_000.0);
}

/// Records an exchange of the prober, which counts nowhere. It keeps `Granted` alive while nobody comes, so that an alarm can tell
/// a day without a grant from one without data.
pub fn record_uncounted_exchange() {
    ::metrics::histogram!("Granted").record(0.0);
}

/// Records how an exchange at `site`, the name of a registered site, ended: granted or refused. The average of `Granted` is
/// the site's share of granted exchanges.
pub fn record_site(site: &str, refusal: Option<RefusalLabels>) {
    let granted = if refusal.is_none() { 1.0 } else { 0.0 };
    ::metrics::histogram!("Granted", "Site" => site.to_owned()).record(granted);
    if let Some(RefusalLabels { class, .. }) = refusal {
        ::metrics::counter!("SiteRefusals", "Class" => class, "Site" => site.to_owned()).increment(1);
    }
}

/// Counts an answer from a cached value of this `kind` that is no longer fresh because its source fails.
pub fn record_stale_answer(kind: &'static str) {
    ::metrics::counter!("StaleAnswers", "Kind" => kind).increment(1);
}

/// Counts a fetch of a tenant's keys from Entra, and whether it failed: one tenant that is gone is a small share of all fetches.
pub fn record_entra_fetch(failed: bool) {
    ::metrics::counter!("EntraFetches").increment(1);
    if failed {
        ::metrics::counter!("EntraUnreachable").increment(1);
    }
}

/// Counts a read of `site`, the name of a stored site, whose document cannot be used.
pub fn record_unreadable_site(site: &str) {
    ::metrics::counter!("UnreadableSites", "Site" => site.to_owned()).increment(1);
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
    describe_counter!("Refusals", Unit::Count, "refused token exchanges, by who must act, and reason");
    describe_histogram!("Granted", Unit::Count, "1 or 0 for each token exchange, of all and at a site");
    describe_counter!("SiteRefusals", Unit::Count, "refused token exchanges at a site, by who must act");
    describe_counter!("StaleAnswers", Unit::Count, "answers from what is no longer fresh, by kind");
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
