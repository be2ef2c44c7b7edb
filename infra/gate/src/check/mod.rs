//! `pozi-gate check`: tests everything that the configuration names, and says what is wrong and how to fix it.

mod findings;
mod issuer;
mod listening;
mod projects;
mod session;

use pozi_auth::{adapters::SystemClock, timestamp::Clock};

pub use self::findings::CheckOutcome;
use self::findings::Findings;
use crate::{Gate, config::GateConfig};

/// Tests what `config` names, and what `session` opens. Returns the outcome and a report for a terminal, which contains
/// no part of the token.
pub async fn check(config: &GateConfig, session: Option<&str>) -> (CheckOutcome, String) {
    let mut findings = Findings::default();
    for file in &config.files {
        findings.ok("file", &format!("{} is valid", file.display()));
    }
    findings.ok("issuer", config.issuer.as_str());
    findings.ok("site", config.audience());
    let keys = issuer::check_issuer(config, &mut findings).await;
    listening::check_addresses(config, &mut findings).await;
    projects::check_catalogues(config, &mut findings).await;
    if let (Some(token), Some(keys)) = (session, keys) {
        let gate = Gate::of_site(config.issuer.clone(), &config.settings.site, keys);
        session::check_session(&gate, token, SystemClock.now(), &mut findings).await;
    }
    findings.report()
}
