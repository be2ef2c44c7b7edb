//! `pozi-gate check`: tries everything that the configuration names, and says for each what is wrong and what to do.

mod findings;
mod listening;
mod projects;
mod session;

use std::sync::Arc;

use pozi_auth::{
    adapters::SystemClock,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    timestamp::Clock,
};

use self::findings::Findings;
pub use self::findings::Verdict;
use crate::{Gate, clock_offset::ClockOffset, config::GateConfig, keys::KeyDocument};

/// Tries what `config` names, and says what `session` opens here; the text is for a terminal, and has no part of the
/// token.
pub async fn check(config: &GateConfig, session: Option<&str>) -> (Verdict, String) {
    let mut findings = Findings::default();
    for file in &config.files {
        findings.fine("file", &format!("{} is without fault", file.display()));
    }
    findings.fine("issuer", config.issuer.as_str());
    findings.fine("site", config.audience());
    let keys = check_issuer(config, &mut findings).await;
    listening::check_addresses(config, &mut findings).await;
    projects::check_catalogues(config, &mut findings).await;
    if let (Some(token), Some(keys)) = (session, keys) {
        let catalogues = config.settings.site.catalogues.iter().map(|catalogue| catalogue.id.clone());
        let gate = Gate::new(config.issuer.clone(), config.audience().to_owned(), catalogues, keys);
        session::check_session(&gate, token, SystemClock.now(), &mut findings).await;
    }
    findings.report()
}

/// The issuer's keys, where they can be had, and the clocks.
async fn check_issuer(config: &GateConfig, findings: &mut Findings) -> Option<Arc<IssuerKeys<KeyDocument>>> {
    let clock = ClockOffset::default();
    let document = match KeyDocument::of(config, clock.clone()) {
        Ok(document) => document,
        Err(problem) => {
            findings.without_keys(&problem.to_string());
            return None;
        }
    };
    let keys = Arc::new(IssuerKeys::new(document.clone(), ISSUER_KEY_LIFETIMES));
    let url = config.jwks_url.as_str();
    // Asked directly first: what the keys themselves say of a failure leaves out its cause.
    if let Err(problem) = pozi_auth::fetch::DocumentFetch::fetch(&document).await {
        findings.without_keys(&format!(
            "cannot be had from {url}: {problem}; look at the network, HTTPS_PROXY and `ca_file`"
        ));
        return None;
    }
    if let Err(problem) = keys.renew(SystemClock.now()).await {
        findings
            .without_keys(&format!("cannot be had from {url}: {problem}; what answers there is no key set"));
        return None;
    }
    findings.fine("keys", &format!("{} at {url}", keys.held().map_or(0, |(set, _)| set.len())));
    match clock.last().map(|offset| (offset.problem(), offset.seconds_ahead)) {
        Some((Some(problem), _)) => findings.fault("clock", &problem),
        Some((None, seconds)) => findings.fine("clock", &format!("agrees with the issuer's ({seconds} s)")),
        None => findings.fine("clock", "the issuer's answer has no Date to compare with"),
    }
    Some(keys)
}
