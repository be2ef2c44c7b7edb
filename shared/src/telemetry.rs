//! What is told: structured logs as JSON on standard output, and one audit event an exchange. No token, secret or
//! personal name gets into either; a subject token appears as its SHA-256 only.

use std::time::Instant;

use aws_lc_rs::digest;
use tracing_subscriber::EnvFilter;

use crate::{
    entra::UnverifiedToken,
    identifiers::TenantId,
    oauth::{ExchangeError, SubjectToken},
    session::SessionClaims,
    sites::{Site, SiteName},
};

/// The `target` of audit events.
pub const AUDIT: &str = "pozi::audit";

/// Writes logs as JSON lines to standard output, from the level that `filter` says (as `POZI_LOG` does; `info` when
/// it is none or not understood).
pub fn init(filter: Option<&str>) {
    let filter =
        filter.and_then(|text| EnvFilter::try_new(text).ok()).unwrap_or_else(|| EnvFilter::new("info"));
    let lines =
        tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_current_span(false);
    // A second call (tests do it) leaves the first in place.
    drop(lines.try_init());
}

/// What an exchange leaves behind for the audit event, gathered as it walks.
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
        }
    }

    /// A subject token came in.
    pub fn came_with(&mut self, token: &SubjectToken) {
        let hash = digest::digest(&digest::SHA256, token.as_str().as_bytes());
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
        let hex = hash.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        self.token_sha256 = Some(hex.collect());
    }

    /// The token says whose it is. Its own words are shortened, since anybody can write them.
    pub fn claims_to_be(&mut self, token: &UnverifiedToken<'_>) {
        let short = |text: &str| text.chars().take(64).collect::<String>();
        self.tenant = Some(token.tenant());
        self.token_id = token.unique_id().map(short);
        self.token_key = Some(short(token.key_id()));
    }

    /// The request is about `site`; what comes next is waiting for the tenant's keys.
    pub fn is_about(&mut self, site: &Site) {
        self.site = Some(site.name.clone());
        self.lap = Instant::now();
    }

    /// The tenant's keys are there, or not.
    pub fn has_keys(&mut self) {
        self.keys_us = micros(self.lap);
    }

    /// Signing begins.
    pub fn signs(&mut self) {
        self.lap = Instant::now();
    }

    /// A session was minted with the key `key_id`.
    pub fn minted(&mut self, claims: &SessionClaims, key_id: &str) {
        self.sign_us = micros(self.lap);
        self.session = Some((claims.jti.clone(), key_id.to_owned(), claims.scope.clone()));
    }
}

/// Writes the audit event of an exchange that ended with `outcome`.
pub fn audit<T>(trail: &Trail, outcome: &Result<T, ExchangeError>) {
    let refusal = outcome.as_ref().err().map(ExchangeError::refusal);
    let detail = outcome.as_ref().err().map(tracing::field::display);
    let (jti, kid, scope) = match &trail.session {
        Some((jti, kid, scope)) => (Some(jti), Some(kid), Some(scope)),
        None => (None, None, None),
    };
    tracing::info!(
        target: AUDIT,
        decision = if refusal.is_none() { "granted" } else { "refused" },
        reason = refusal.map(|refusal| refusal.reason),
        status = refusal.map_or(200, |refusal| refusal.status),
        detail,
        site = trail.site.as_ref().map(SiteName::as_str),
        tenant = trail.tenant.as_ref().map(tracing::field::display),
        scope,
        jti,
        kid,
        subject_token_sha256 = trail.token_sha256,
        uti = trail.token_id,
        subject_token_kid = trail.token_key,
        keys_us = trail.keys_us,
        sign_us = trail.sign_us,
        total_us = micros(trail.started),
        "token exchange"
    );
}

fn micros(since: Instant) -> u64 {
    since.elapsed().as_micros().try_into().unwrap_or(u64::MAX)
}
