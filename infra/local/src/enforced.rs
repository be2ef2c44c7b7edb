//! Enforced requests: a gate for every site, with the keys that the service publishes here.

use std::{error::Error, net::Ipv4Addr, sync::Arc, time::Duration};

use pozi_auth::{
    adapters::{HttpDocument, SystemClock},
    last_good::Lifetimes,
    oauth::GRANT_TYPE,
    session::{ISSUER_KEY_LIFETIMES, Issuer, IssuerKeys},
    sites::Site,
};
use pozi_gate::{Gate, Routes};

use crate::maps::Gates;

/// The gates of `sites`, which the service at `base`, on `port` of this machine, mints sessions for. They share their keys,
/// which are kept for `max_age`, since a key's life is short here.
pub(crate) fn gates(
    sites: &[Arc<Site>],
    base: &str,
    port: u16,
    max_age: Duration,
) -> Result<Gates, Box<dyn Error>> {
    // By number: `localhost` may mean ::1, where nobody listens.
    let url = format!("http://{}:{port}/.well-known/jwks.json", Ipv4Addr::LOCALHOST).parse()?;
    let lifetimes = Lifetimes { fresh: max_age, cooldown: Duration::from_secs(1), ..ISSUER_KEY_LIFETIMES };
    let keys = Arc::new(IssuerKeys::new(HttpDocument::new(&url)?, lifetimes));
    let issuer: Issuer = base.parse()?;
    let gate = |site: &Arc<Site>| {
        let catalogues = site.catalogues.iter().map(|catalogue| catalogue.id.clone());
        let audience = site.external_url.as_str().to_owned();
        let gate = Gate::new(issuer.clone(), audience.clone(), catalogues, Arc::clone(&keys));
        let routes = Routes { gate, clock: SystemClock, site: audience };
        (site.name.clone(), pozi_gate::router(routes))
    };
    Ok(sites.iter().map(gate).collect())
}

/// Lines to paste: one request that is let through, and one that is not.
pub(crate) fn welcome(base: &str, site: &str) -> String {
    format!(
        r#"What the gateway in front of QGIS Server asks, and is told: 204 lets a request through, 403 does not.

SESSION=$(curl -s {base}/oauth2/token -d grant_type={GRANT_TYPE} -d subject_token_type=urn:ietf:params:oauth:token-type:access_token --data-urlencode "subject_token=$(curl -s '{base}/entra/token?site={site}&person=reader')" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl -sw '%{{http_code}}\n' {base}/gate/decide -H "X-Pozi-Session: $SESSION" -H 'X-Pozi-Method: GET' -H 'X-Pozi-Catalogue: planning'
curl -sw '%{{http_code}}\n' {base}/gate/decide -H "X-Pozi-Session: $SESSION" -H 'X-Pozi-Method: GET' -H 'X-Pozi-Catalogue: assets'

"#
    )
}
