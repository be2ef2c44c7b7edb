//! What is told: structured logs as JSON on standard output, and one audit event an exchange. No token, secret or
//! personal name gets into either; a subject token appears as its SHA-256 only.

use std::time::Instant;

use tracing::Level;
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    entra::UnverifiedToken,
    error::with_causes,
    hash::sha256_hex,
    identifiers::TenantId,
    metrics,
    oauth::{ExchangeError, Refusal, RequestRefusal, SubjectToken},
    session::SessionClaims,
    sites::{Site, SiteName},
};

/// The `target` of audit events.
pub const AUDIT: &str = "pozi::audit";

/// Writes logs as JSON lines to standard output: our own from `level` on, other libraries' warnings, and every audit
/// event. A panic leaves a line that says where.
pub fn init(level: Level) {
    init_into(level, std::io::stdout);
}

/// As [`init`], with the lines going to `writer`.
pub fn init_into(level: Level, writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    let lines = lines.with_writer(writer);
    // A second call (tests do it) leaves the first in place.
    drop(tracing_subscriber::registry().with(lines).with(filter(level)).try_init());
    tell_where_panics_are();
}

/// Lets through our own events from `level` on. Others' only from warnings on, at any level: the Lambda runtime's own
/// trace, for one, holds whole events, tokens included. Audit events always: they are no matter of taste.
pub fn filter(level: Level) -> Targets {
    Targets::new().with_default(Level::WARN).with_target("pozi", level).with_target(AUDIT, Level::INFO)
}

/// From now on a panic logs where it was, and not its message, which may quote what must not be logged.
pub fn tell_where_panics_are() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: "pozi::panic", place, "a thread panicked");
    }));
}

/// What an exchange leaves behind for the audit event, gathered as it walks. One that ends without an outcome, because it
/// panicked or its caller went away, leaves its event all the same.
#[derive(Debug)]
pub struct Trail {
    started: Instant,
    lap: Instant,
    keys_us: u64,
    sign_us: u64,
    token_sha256: Option<String>,
    tenant: Option<TenantId>,
    token_id: Option<String>,
    token_key: Option<String>,
    site: Option<SiteName>,
    session: Option<(String, String, String)>,
    told: bool,
}

impl Trail {
    /// An exchange begins.
    pub fn begin() -> Self {
        let started = Instant::now();
        Self {
            started,
            lap: started,
            keys_us: 0,
            sign_us: 0,
            token_sha256: None,
            tenant: None,
            token_id: None,
            token_key: None,
            site: None,
            session: None,
            told: false,
        }
    }

    /// A subject token came in.
    pub fn record_token(&mut self, token: &SubjectToken) {
        self.token_sha256 = Some(sha256_hex(token.as_str().as_bytes()));
    }

    /// The token says whose it is. Its own words are shortened, since anybody can write them.
    pub fn record_claims(&mut self, token: &UnverifiedToken<'_>) {
        let short = |text: &str| text.chars().take(64).collect::<String>();
        self.tenant = Some(token.tenant());
        self.token_id = token.unique_id().map(short);
        self.token_key = Some(short(token.key_id()));
    }

    /// The request is about `site`; what comes next is waiting for the tenant's keys.
    pub fn record_site(&mut self, site: &Site) {
        self.site = Some(site.name.clone());
        self.lap = Instant::now();
    }

    /// The tenant's keys are there, or not.
    pub fn record_keys_ready(&mut self) {
        self.keys_us = micros(self.lap);
    }

    /// Signing begins.
    pub fn record_signing(&mut self) {
        self.lap = Instant::now();
    }

    /// A session was minted with the key `key_id`.
    pub fn record_session(&mut self, claims: &SessionClaims, key_id: &str) {
        self.sign_us = micros(self.lap);
        self.session = Some((claims.jti.clone(), key_id.to_owned(), claims.scope.clone()));
    }

    /// The exchange ended with `outcome`: writes its audit event.
    pub fn finish<T>(mut self, outcome: &Result<T, ExchangeError>) {
        match outcome {
            Ok(_) => self.tell(("granted", None), None),
            Err(error) => self.tell((REFUSED, Some(error.refusal())), Some(&with_causes(error))),
        }
    }

    fn tell(&mut self, (decision, refusal): (&'static str, Option<Refusal>), detail: Option<&str>) {
        self.told = true;
        metrics::exchange_ended(decision, refusal.map(|refusal| refusal.reason), self.started.elapsed());
        let (jti, kid, scope) = match &self.session {
            Some((jti, kid, scope)) => (Some(jti), Some(kid), Some(scope)),
            None => (None, None, None),
        };
        tracing::info!(
            target: AUDIT,
            decision,
            reason = refusal.map(|refusal| refusal.reason),
            status = refusal.map_or(200, |refusal| refusal.status),
            detail,
            site = self.site.as_ref().map(SiteName::as_str),
            tenant = self.tenant.as_ref().map(tracing::field::display),
            scope,
            jti,
            kid,
            subject_token_sha256 = self.token_sha256,
            uti = self.token_id,
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
        if !self.told {
            let panicked = std::thread::panicking();
            let end = if panicked {
                (REFUSED, Some(RequestRefusal::Internal.refusal()))
            } else {
                ("abandoned", None)
            };
            self.tell(end, None);
        }
    }
}

const REFUSED: &str = "refused";

fn micros(since: Instant) -> u64 {
    since.elapsed().as_micros().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_events_are_written_at_every_level_and_others_traces_at_none() {
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
