//! The prober against the service on an emulated AWS: what it finds, and that its rights open nothing real.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "prober/opens_nothing.rs"]
mod opens_nothing;
#[path = "prober/permissions.rs"]
mod permissions;
#[path = "prober/probes.rs"]
mod probes;
#[path = "prober/releases.rs"]
mod releases;

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{Request, Response};
use pozi_auth::{
    adapters::aws::{KmsSigner, Table, connection},
    fetch::{FetchError, ServiceCall},
    keyring::SigningAlgorithm,
    oauth,
};
use pozi_prober::{Deployments, Environment, Prober, ReleaseHook, ReportError};
use pozi_tests::{EmulatedAws, Fleet, ISSUER, PROBE_TENANT, aws_at};
use tower::ServiceExt;

/// The prober as on AWS, but for the network.
struct InTests;

impl Environment for InTests {
    type Tenants = Table;
    type Key = KmsSigner;
    type Service = Routes;
    type Release = Routes;
    type Deployments = Reports;
}

type Spoil = fn(&str, Response<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError>;

/// The service's routes, with answers that a test may spoil.
#[derive(Clone)]
struct Routes {
    router: Router,
    spoil: Spoil,
}

/// Collects what a release is told.
#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<(String, bool)>>>);

impl Routes {
    fn of(fleet: &Fleet) -> Self {
        Self { router: oauth::finish(fleet.exchange().merge(fleet.jwks())), spoil: |_, answer| Ok(answer) }
    }

    fn spoiled(&self, spoil: Spoil) -> Self {
        Self { spoil, ..self.clone() }
    }
}

impl ServiceCall for Routes {
    async fn call(&self, request: Request<String>) -> Result<Response<Vec<u8>>, FetchError> {
        let path = request.uri().path().to_owned();
        let answer = self.router.clone().oneshot(request.map(Body::from)).await;
        let (head, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        (self.spoil)(&path, Response::from_parts(head, body))
    }
}

impl Deployments for Reports {
    async fn report(&self, hook: &ReleaseHook, passed: bool) -> Result<(), ReportError> {
        self.0.lock().unwrap().push((hook.lifecycle_event_hook_execution_id.clone(), passed));
        Ok(())
    }
}

/// A prober of the service of `fleet`, which it reaches by `routes`.
async fn prober(fleet: &Fleet, routes: Routes) -> Prober<InTests> {
    let emulated = EmulatedAws::running().unwrap();
    let aws = connection(&aws_at(emulated.url()));
    Prober {
        issuer: ISSUER.parse().unwrap(),
        tenant: PROBE_TENANT,
        tenants: fleet.store(),
        key: KmsSigner::new(&aws, &emulated.probe_key().await, SigningAlgorithm::Rs256),
        service: routes.clone(),
        release: routes,
        deployments: Reports::default(),
    }
}
