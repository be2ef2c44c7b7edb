//! `pozi-gate check`: tests everything that the configuration names, and says what is wrong and how to fix it.

mod findings;
mod listening;
mod projects;
mod session;

use std::sync::Arc;

use pozi_auth::{
    adapters::SystemClock,
    error::with_causes,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    timestamp::Clock,
};

pub use self::findings::CheckOutcome;
use self::findings::Findings;
use crate::{Gate, clock_offset::ClockOffset, config::GateConfig, keys::KeyDocument};

/// Tests what `config` names, and what `session` opens. Returns the outcome and a report for a terminal, which contains
/// no part of the token.
pub async fn check(config: &GateConfig, session: Option<&str>) -> (CheckOutcome, String) {
    let mut findings = Findings::default();
    for file in &config.files {
        findings.ok("file", &format!("{} is valid", file.display()));
    }
    findings.ok("issuer", config.issuer.as_str());
    findings.ok("site", config.audience());
    let keys = check_issuer(config, &mut findings).await;
    listening::check_addresses(config, &mut findings).await;
    projects::check_catalogues(config, &mut findings).await;
    if let (Some(token), Some(keys)) = (session, keys) {
        let catalogues = config.settings.site.catalogues.iter().map(|catalogue| catalogue.id.clone());
        let (audience, tenant) = (config.audience().to_owned(), config.settings.site.tenant());
        let gate = Gate::new(config.issuer.clone(), audience, tenant, catalogues, keys)
            .requiring(config.settings.site.minimum_revision);
        session::check_session(&gate, token, SystemClock.now(), &mut findings).await;
    }
    findings.report()
}

/// Fetches the issuer's keys, and compares the clocks. Returns nothing if there are no keys.
async fn check_issuer(config: &GateConfig, findings: &mut Findings) -> Option<Arc<IssuerKeys<KeyDocument>>> {
    let clock = ClockOffset::default();
    let document = match KeyDocument::of(config, clock.clone()) {
        Ok(document) => document,
        Err(error) => {
            findings.keys_unavailable(&with_causes(&error));
            return None;
        }
    };
    let keys = Arc::new(IssuerKeys::new(document.clone(), ISSUER_KEY_LIFETIMES));
    let url = config.jwks_url.as_str();
    // Fetched directly first, to tell a network error from a document that is no key set.
    if let Err(error) = pozi_auth::fetch::DocumentFetch::fetch(&document).await {
        findings.keys_unavailable(&format!(
            "cannot fetch {url}: {}; check the network, HTTPS_PROXY and `ca_file`",
            with_causes(&error)
        ));
        return None;
    }
    if let Err(error) = keys.renew(SystemClock.now()).await {
        findings.keys_unavailable(&format!(
            "{url} does not return a key set: {}; check `issuer` and `jwks_url`",
            with_causes(&error)
        ));
        return None;
    }
    findings.ok("keys", &format!("{} from {url}", keys.held().map_or(0, |(set, _)| set.count())));
    match clock.last().map(|offset| (offset.problem(), offset.seconds_ahead)) {
        Some((Some(problem), _)) => findings.error("clock", &problem),
        Some((None, seconds)) => findings.ok("clock", &format!("agrees with the issuer's ({seconds} s)")),
        None => findings.ok("clock", "not compared: the issuer's answer has no Date header"),
    }
    Some(keys)
}
