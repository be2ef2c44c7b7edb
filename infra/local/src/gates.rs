//! The gate of each site at `/{site}/pozi`, as in production in front of the site's QGIS Server. It verifies sessions with
//! the keys that this service publishes, and obeys its revocations.

use std::{error::Error, net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use axum::Router;
use pozi_auth::{
    adapters::{HttpDocument, SystemClock},
    issuer::REVOCATIONS_PATH,
    last_good::Lifetimes,
    session::{ISSUER_KEY_LIFETIMES, Issuer, IssuerKeys, IssuerRevocations, SessionKeySource},
    sites::Site,
    timestamp::Clock,
};
use pozi_gate::{
    Gate, Routes,
    layers::source::LayerSource,
    proxy::{self, Proxy},
    settings::{Limits, PathStyle, Settings},
    upstream::Limited,
};

use crate::maps::{CopyError, Qgis, copy_projects};

/// What the gates of all sites share.
#[derive(Debug)]
pub struct Gates<C, K> {
    /// The clock by which sessions expire.
    pub clock: C,
    /// The issuer of the sessions.
    pub issuer: Issuer,
    /// The keys that verify the sessions.
    pub keys: Arc<K>,
    /// The public URL of the service, without a slash at its end.
    pub base: String,
    /// The folder that the sample projects are written to.
    pub state: PathBuf,
    /// The server that draws the maps.
    pub qgis: Qgis,
}

/// The keys and revocations of a service on this machine.
pub(crate) type LocalKeys = IssuerRevocations<HttpDocument, HttpDocument>;

/// The keys and revocations of the service `issuer` on `port` of this machine. Keys are fetched again after `max_age`.
pub(crate) fn keys(
    issuer: Issuer,
    port: u16,
    max_age: Duration,
) -> Result<Arc<LocalKeys>, Box<dyn Error + Send + Sync>> {
    let document = |path: &str| -> Result<_, Box<dyn Error + Send + Sync>> {
        // Not `localhost`, which may mean ::1, where nothing listens.
        Ok(HttpDocument::new(&format!("http://{}:{port}{path}", Ipv4Addr::LOCALHOST).parse()?)?)
    };
    let lifetimes = Lifetimes { fresh: max_age, cooldown: Duration::from_secs(1), ..ISSUER_KEY_LIFETIMES };
    let keys = Arc::new(IssuerKeys::new(document("/.well-known/jwks.json")?, lifetimes));
    let revocations = document(REVOCATIONS_PATH)?;
    Ok(Arc::new(IssuerRevocations::new(issuer, keys, revocations, SystemClock.now())))
}

impl<C: Clock + Clone, K: SessionKeySource + 'static> Gates<C, K> {
    /// The gates of `sites`, also without QGIS Server: refusals do not need it.
    pub fn router(&self, sites: &[Arc<Site>]) -> Result<Router, CopyError> {
        let upstream = Arc::new(Limited::new(self.qgis.clone(), &Limits::default()));
        sites.iter().try_fold(Router::new(), |router, site| {
            let proxy = self.proxy(site, &upstream)?;
            Ok(router.nest(&format!("/{}/pozi", site.name.as_str()), proxy::router(Arc::new(proxy))))
        })
    }

    /// The decisions of the gate of `site` alone, for a gateway in front of another server.
    pub fn decisions(&self, site: &Site) -> Router {
        let gate = Gate::of_site(self.issuer.clone(), site, Arc::clone(&self.keys));
        let site = site.external_url.as_str().to_owned();
        pozi_gate::router(Routes { gate, clock: self.clock.clone(), site })
    }

    /// QGIS Server opens copies of the sample project; clients may name the projects of the site file.
    fn proxy(
        &self,
        site: &Site,
        upstream: &Arc<Limited<Qgis>>,
    ) -> Result<Proxy<C, K, Limited<Qgis>>, CopyError> {
        let settings = Settings {
            site: copy_projects(&self.state, site)?,
            public_url: format!("{}/{}/pozi/", self.base, site.name.as_str()),
            base: String::new(),
            project_paths: PathStyle::Windows,
            limits: Limits::default(),
        };
        let proxy = Proxy::new(
            self.clock.clone(),
            settings,
            (self.issuer.clone(), Arc::clone(&self.keys)),
            (Arc::new(LayerSource::new(Arc::clone(upstream))), Arc::clone(upstream)),
            |_| vec!["http://localhost/".to_owned()],
        );
        let names = site.catalogues.iter().map(|catalogue| (&catalogue.id, catalogue.project.as_str()));
        Ok(proxy.with_project_names(names))
    }
}
