//! What the functions ask: an emulated AWS and Entra, and for the authorizers the service's own documents.

use entra_emulator::{TokenSpec, Version};
use pozi_auth::{adapters::SystemClock, timestamp::Clock};
use pozi_tests::{Fleet, exchanged, served};
use uuid::Uuid;

/// The upstreams, and a reader's session.
pub(crate) struct Upstreams {
    pub(crate) fleet: Fleet,
    pub(crate) session: String,
    documents: String,
}

impl Upstreams {
    /// Starts them. `None` without an emulated AWS.
    pub(crate) async fn start() -> Option<Self> {
        let fleet = Fleet::sealed().await?;
        let exchange = fleet.exchange();
        let session = exchanged(&exchange, &fleet.token()).await.session().to_owned();
        let documents =
            served(fleet.jwks().merge(exchange)).await.to_string().trim_end_matches('/').to_owned();
        Some(Self { fleet, session, documents })
    }

    /// Returns tokens of as many people, who differ from the sample sites' reader only by their ids.
    pub(crate) fn tokens(&self, count: usize) -> impl Iterator<Item = String> {
        let now = SystemClock.now().unix_seconds();
        let directory = &self.fleet.directory;
        let claims = directory.claims(&TokenSpec::default(), now).expect("the sample sites have a reader");
        let header = directory.header(Version::V1);
        (0..count).map(move |_| {
            let mut claims = claims.clone();
            claims["oid"] = Uuid::new_v4().to_string().into();
            directory.sign(&header, &claims)
        })
    }

    pub(crate) fn key_set_url(&self) -> String {
        format!("{}/.well-known/jwks.json", self.documents)
    }

    pub(crate) fn revocations_url(&self) -> String {
        format!("{}/.well-known/pozi-revocations", self.documents)
    }
}
