//! The issuer: its keys, its revocations, and its clock.

use std::sync::Arc;

use pozi_auth::{
    adapters::SystemClock,
    error::with_causes,
    fetch::DocumentFetch,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys, IssuerRevocations},
    timestamp::Clock,
};

use super::findings::Findings;
use crate::{
    clock_offset::ClockOffset,
    config::GateConfig,
    issuer_documents::{GateKeys, IssuerDocument, IssuerDocuments},
};

/// Fetches the issuer's keys and revocations, and compares the clocks. Returns nothing if there are no keys.
pub(super) async fn check_issuer(config: &GateConfig, findings: &mut Findings) -> Option<Arc<GateKeys>> {
    let clock = ClockOffset::default();
    let documents = match IssuerDocuments::of(config, &clock) {
        Ok(documents) => documents,
        Err(error) => {
            findings.keys_unavailable(&with_causes(&error));
            return None;
        }
    };
    let keys = Arc::new(IssuerKeys::new(documents.keys.clone(), ISSUER_KEY_LIFETIMES));
    let url = config.jwks_url.as_str();
    // Fetched directly first, to tell a network error from a document that is no key set.
    if let Err(error) = documents.keys.fetch().await {
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
    Some(check_revocations(config, keys, documents, findings).await)
}

/// Fetches the issuer's revocations, which `keys` verify.
async fn check_revocations(
    config: &GateConfig,
    keys: Arc<IssuerKeys<IssuerDocument>>,
    documents: IssuerDocuments,
    findings: &mut Findings,
) -> Arc<GateKeys> {
    const SUBJECT: &str = "revocations";
    let (url, now) = (config.revocations_url.as_str(), SystemClock.now());
    let fetched = documents.revocations.fetch().await;
    let revocations = IssuerRevocations::new(config.issuer.clone(), keys, documents.revocations, now);
    // A failure shows in the status.
    let _ = revocations.renew(now).await;
    let status = revocations.status();
    let (newest, is_received) = (status.newest, status.is_received);
    match (fetched, status.refused) {
        _ if is_received => {
            findings.ok(SUBJECT, &format!("{} in document {} from {url}", newest.count(), newest.sequence()));
        }
        (_, Some(error)) => findings.error(
            SUBJECT,
            &format!("{url} is refused: {}; check `issuer` and `revocations_url`", with_causes(&error)),
        ),
        (Err(error), None) => findings.error(
            SUBJECT,
            &format!("cannot fetch {url}: {}; check `revocations_url` and the network", with_causes(&error)),
        ),
        (Ok(_), None) => findings.error(SUBJECT, &format!("{url} answered once, and then no more")),
    }
    Arc::new(revocations)
}
