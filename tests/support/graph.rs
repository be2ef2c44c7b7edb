//! Microsoft Graph of the emulated Entra, served on this machine when it is first asked.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use entra_emulator::EmulatedEntra;
use pozi_auth::{
    adapters::{HttpGraph, Microsoft},
    address::LoopbackUrl,
    entra::{GraphCredential, MembershipError, MembershipQuestion, MembershipSource},
    identifiers::GroupId,
};
use tokio::net::TcpListener;

use crate::memory::lock;

/// The product's own client of Graph, at an address of this machine. Clones are the same.
#[derive(Debug, Clone)]
pub struct EmulatedGraph(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    entra: EmulatedEntra,
    address: Mutex<Option<LoopbackUrl>>,
    limit: Mutex<Duration>,
    questions: AtomicUsize,
}

impl EmulatedGraph {
    /// Asks the Graph of `entra`.
    pub fn of(entra: EmulatedEntra) -> Self {
        let shared = Shared {
            entra,
            address: Mutex::default(),
            limit: Mutex::new(Duration::from_secs(5)),
            questions: AtomicUsize::new(0),
        };
        Self(Arc::new(shared))
    }

    /// Asks the Graph at `address` from now on: below `/graph` of that URL.
    pub fn move_to(&self, address: LoopbackUrl) {
        *lock(&self.0.address) = Some(address);
    }

    /// Sets how long all calls of a question may take together.
    pub fn set_limit(&self, limit: Duration) {
        *lock(&self.0.limit) = limit;
    }

    /// Returns how long all calls of a question may take together.
    pub fn limit(&self) -> Duration {
        *lock(&self.0.limit)
    }

    /// Returns the number of questions so far.
    pub fn questions(&self) -> usize {
        self.0.questions.load(Ordering::SeqCst)
    }

    /// Returns the address, at which the emulated Entra is served from the first call on.
    pub async fn address(&self) -> LoopbackUrl {
        if let Some(address) = lock(&self.0.address).clone() {
            return address;
        }
        let address = served(self.0.entra.router()).await;
        lock(&self.0.address).get_or_insert(address).clone()
    }
}

impl MembershipSource for EmulatedGraph {
    async fn memberships(
        &self,
        question: MembershipQuestion<'_>,
        credential: GraphCredential<'_>,
    ) -> Result<BTreeSet<GroupId>, MembershipError> {
        self.0.questions.fetch_add(1, Ordering::SeqCst);
        let microsoft = Microsoft::new(Some(self.address().await)).expect("a client can be made");
        HttpGraph::new(microsoft).with_limit(self.limit()).memberships(question, credential).await
    }
}

/// Serves `router` on a free port of this machine, and returns its address.
pub async fn served(router: Router) -> LoopbackUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("the listener has an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url.parse().expect("the address is valid")
}
