//! Structured logs as JSON on standard output, and one audit event for each exchange. Neither contains a token, a secret or
//! a personal name; a subject token appears only as its SHA-256.

mod outcome;

use std::{sync::Arc, time::Instant};

use tracing::Level;
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    entra::{Groups, GroupsFrom, UnverifiedToken, VerifiedSubject},
    error::with_causes,
    hash::sha256_hex,
    identifiers::TenantId,
    oauth::{ExchangeError, Refusal, RequestRefusal, SubjectToken},
    revision::Revision,
    session::SessionClaims,
    sites::{Grant, Site, SiteName, closed, would_close},
    tenants::TenantSites,
    timestamp::Timestamp,
};

/// The `target` of audit events.
pub const AUDIT: &str = "pozi::audit";

/// Writes logs as JSON lines to standard output: our own from `level`, warnings of other libraries, and every audit event.
/// A panic logs its location.
pub fn init(level: Level) {
    init_into(level, std::io::stdout);
}

/// As [`init`], but writes to `writer`.
pub fn init_into(level: Level, writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    let lines = lines.with_writer(writer);
    // A second call, as in tests, leaves the first in place.
    drop(tracing_subscriber::registry().with(lines).with(filter(level)).try_init());
    log_panics();
}

/// Returns a filter for our own events from `level`, audit events, and warnings of other libraries. It never lets through
/// their lower levels: the Lambda runtime, for example, traces whole events with the tokens in them.
pub fn filter(level: Level) -> Targets {
    Targets::new().with_default(Level::WARN).with_target("pozi", level).with_target(AUDIT, Level::INFO)
}

/// Installs a hook that logs a panic's location, but not its message, which may contain secrets.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: "pozi::panic", place, "a thread panicked");
    }));
}

/// The id that a gateway gave a request, in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Collects what the audit event of one exchange reports. If the exchange ends without an outcome, because it panicked or
/// its caller disconnected, the event is written on drop.
#[derive(Debug)]
pub struct Trail {
    started: Instant,
    lap: Instant,
    uncounted: Option<TenantId>,
    request: Option<String>,
    keys_us: u64,
    sign_us: u64,
    token_sha256: Option<String>,
    tenant: Option<TenantId>,
    token_id: Option<String>,
    token_key: Option<String>,
    sites: Option<Arc<TenantSites>>,
    site: Option<SiteName>,
    policy_revision: Option<Revision>,
    is_observed: bool,
    subject_sha256: Option<String>,
    group_ids_in_roles: Option<usize>,
    groups_from: Option<GroupsFrom>,
    closed: Option<String>,
    would_refuse: Option<&'static str>,
    would_close: Option<String>,
    session: Option<(String, String, String)>,
    written: bool,
}

impl Trail {
    /// Starts the clock of an exchange.
    pub fn begin() -> Self {
        let started = Instant::now();
        Self {
            started,
            lap: started,
            uncounted: None,
            request: None,
            keys_us: 0,
            sign_us: 0,
            token_sha256: None,
            tenant: None,
            token_id: None,
            token_key: None,
            sites: None,
            site: None,
            policy_revision: None,
            is_observed: false,
            subject_sha256: None,
            group_ids_in_roles: None,
            groups_from: None,
            closed: None,
            would_refuse: None,
            would_close: None,
            session: None,
            written: false,
        }
    }

    /// Leaves exchanges of the tenant `probed`, if there is one, out of the metrics: the prober is refused on purpose, and what it is
    /// granted must not hide that nobody else is.
    pub fn leave_out(&mut self, probed: Option<TenantId>) {
        self.uncounted = probed;
    }

    /// Records the id of the request, if a gateway gave it one.
    pub fn record_request(&mut self, id: Option<&RequestId>) {
        self.request = id.map(|RequestId(id)| id.chars().take(64).collect());
    }

    /// Records the subject token received.
    pub fn record_token(&mut self, token: &SubjectToken<'_>) {
        self.token_sha256 = Some(sha256_hex(token.as_str().as_bytes()));
    }

    /// Records the unverified claims of the token, shortened, since anyone can write them.
    pub fn record_claims(&mut self, token: &UnverifiedToken<'_>) {
        let short = |text: &str| text.chars().take(64).collect::<String>();
        self.tenant = Some(token.tenant());
        self.token_id = token.unique_id().map(short);
        self.token_key = Some(short(token.key_id()));
    }

    /// Records the tenant's sites: which of them the exchange is about is known later, if at all.
    pub fn record_sites(&mut self, sites: &Arc<TenantSites>) {
        self.sites = Some(Arc::clone(sites));
    }

    /// Starts to measure the wait for the tenant's keys.
    pub fn record_key_search(&mut self) {
        self.lap = Instant::now();
    }

    /// Records the site, the revision of its document, and whether it is only observed at `now`.
    pub fn record_site(&mut self, site: &Site, now: Timestamp) {
        self.site = Some(site.name.clone());
        self.policy_revision = Some(site.revision);
        self.is_observed = site.enforcement.observed_until(now).is_some();
    }

    /// Records a hash of the person, the same as in the logs of verifiers.
    pub fn record_person(&mut self, subject: &VerifiedSubject) {
        self.subject_sha256 = Some(sha256_hex(SessionClaims::subject(subject).as_bytes()));
    }

    /// Records what the rules of `site` keep closed to the person, whether the token lists groups that do not count there, and
    /// whether the groups come from elsewhere.
    pub fn record_subject(&mut self, subject: &VerifiedSubject, site: &Site) {
        self.closed = closed(subject.groups(), site);
        self.groups_from = Some(subject.groups_from()).filter(|from| *from != GroupsFrom::Token);
        if let Groups::InRoles(count) = subject.groups() {
            self.group_ids_in_roles = Some(*count);
        }
    }

    /// Records the end of the wait for the tenant's keys.
    pub fn record_keys_ready(&mut self) {
        self.keys_us = micros(self.lap);
    }

    /// Records what the rules would have refused, if they are only observed.
    pub fn record_grant(&mut self, grant: &Grant) {
        let refusal = grant.observed().and_then(|observed| observed.refusal.clone());
        self.would_refuse = refusal.map(|refusal| ExchangeError::from(refusal).refusal().reason);
        self.would_close = would_close(grant);
    }

    /// Starts to measure signing.
    pub fn record_signing(&mut self) {
        self.lap = Instant::now();
    }

    /// Records a session that the key `key_id` signed.
    pub fn record_session(&mut self, claims: &SessionClaims, key_id: &str) {
        self.sign_us = micros(self.lap);
        self.session = Some((claims.jti.clone(), key_id.to_owned(), claims.scope.clone()));
    }

    /// Writes the audit event of an exchange that ended with `outcome`.
    pub fn finish<T>(mut self, outcome: &Result<T, ExchangeError>) {
        match outcome {
            Ok(_) => self.write_event(("granted", None), None),
            Err(error) => self.write_event((REFUSED, Some(error.refusal())), Some(&with_causes(error))),
        }
    }

    fn write_event(&mut self, (decision, refusal): (&'static str, Option<Refusal>), detail: Option<&str>) {
        self.written = true;
        let reason = refusal.as_ref().map(|refusal| refusal.reason);
        self.record_metrics(decision, refusal.as_ref());
        let session = self.session.as_ref();
        tracing::info!(
            target: AUDIT,
            decision,
            reason,
            status = refusal.as_ref().map_or(200, |refusal| refusal.status),
            detail,
            site = self.site.as_ref().map(SiteName::as_str),
            policy_revision = self.policy_revision.map(|Revision(count)| count),
            tenant = self.tenant.as_ref().map(tracing::field::display),
            scope = session.map(|(.., scope)| scope),
            enforcement = self.is_observed.then_some("observed"),
            would_refuse = self.would_refuse,
            would_close = self.would_close,
            closed = self.closed,
            group_ids_in_roles = self.group_ids_in_roles,
            groups_from = self.groups_from.map(GroupsFrom::name),
            jti = session.map(|(jti, ..)| jti),
            kid = session.map(|(_, kid, _)| kid),
            subject_sha256 = self.subject_sha256,
            subject_token_sha256 = self.token_sha256,
            uti = self.token_id,
            request = self.request,
            subject_token_kid = self.token_key,
            keys_us = self.keys_us,
            sign_us = self.sign_us,
            total_us = micros(self.started),
            "token exchange"
        );
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        if !self.written {
            let panicked = std::thread::panicking();
            let end = if panicked {
                (REFUSED, Some(RequestRefusal::Internal.refusal()))
            } else {
                (ABANDONED, None)
            };
            self.write_event(end, None);
        }
    }
}

const REFUSED: &str = "refused";
const ABANDONED: &str = "abandoned";

fn micros(since: Instant) -> u64 {
    since.elapsed().as_micros().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_through_audit_events_at_every_level_and_others_traces_at_none() {
        for level in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
            let filter = filter(level);
            assert!(filter.would_enable(AUDIT, &Level::INFO), "{level}");
            assert!(filter.would_enable("pozi_auth::last_good", &level), "{level}");
            for library in
                ["lambda_runtime::layers::api_response", "lambda_http", "hyper", "reqwest", "rustls"]
            {
                assert!(!filter.would_enable(library, &Level::INFO), "{level}: {library}");
                assert!(filter.would_enable(library, &Level::WARN), "{level}: {library}");
            }
        }
    }
}
