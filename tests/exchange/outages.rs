//! Refusals when the registry, Entra's keys or the signing key are unavailable, and recovery from them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use entra_emulator::{Behaviour, TokenSpec};
use pozi_auth::{
    adapters::SiteFiles,
    entra::{KeySetFetch, KeySetLocation},
    fetch::FetchError,
    identifiers::TenantId,
    keyring::SigningAlgorithm,
    tenants::{RegistryError, SiteRegistry, TenantSites},
    timestamp::Timestamp,
};
use pozi_local::samples;
use pozi_tests::{EmulatedKeySets, World, exchange_form, form_request, send};

use super::{assert_common_headers, assert_refused};

/// A registry whose first call fails.
struct FirstFails<E>(AtomicBool, SiteFiles, E);

impl<E: Fn() -> RegistryError + Send + Sync + 'static> SiteRegistry for FirstFails<E> {
    async fn sites_of(&self, tenant: TenantId, now: Timestamp) -> Result<Arc<TenantSites>, RegistryError> {
        if self.0.swap(false, Ordering::SeqCst) {
            Err((self.2)())
        } else {
            self.1.sites_of(tenant, now).await
        }
    }
}

#[tokio::test]
async fn a_failure_or_panic_of_the_registry_is_a_refusal_and_the_next_request_works() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    let panics = || -> RegistryError { panic!("the registry panics") };
    let is_down = || RegistryError("the table does not answer".into());
    let fetch = || world.key_sets.clone();
    for (router, refusal) in [
        (
            world.exchange_with(FirstFails(AtomicBool::new(true), world.sites.clone(), panics), fetch()),
            (500, "server_error", "internal_error"),
        ),
        (
            world.exchange_with(FirstFails(AtomicBool::new(true), world.sites.clone(), is_down), fetch()),
            (503, "temporarily_unavailable", "registry_unavailable"),
        ),
    ] {
        let form = exchange_form(&token, &[]);
        assert_refused(&send(router.clone(), form_request(&form, &[])).await, refusal);
        assert_eq!(send(router, form_request(&form, &[])).await.status, 200);
    }
}

/// A source of key sets whose first call panics.
struct FirstPanics(AtomicBool, EmulatedKeySets);

impl KeySetFetch for FirstPanics {
    async fn fetch(&self, location: KeySetLocation) -> Result<Vec<u8>, FetchError> {
        assert!(!self.0.swap(false, Ordering::SeqCst), "the source panics");
        self.1.fetch(location).await
    }
}

#[tokio::test]
async fn a_panic_while_keys_are_fetched_makes_them_unavailable() {
    let world = World::new().await;
    let fetch = FirstPanics(AtomicBool::new(true), world.key_sets.clone());
    let router = world.exchange_with(world.sites.clone(), fetch);
    let form = exchange_form(&world.token(&TokenSpec::default()), &[]);
    let answer = send(router.clone(), form_request(&form, &[])).await;
    assert_refused(&answer, (503, "temporarily_unavailable", "keys_unavailable"));
    world.clock.advance(300);
    assert_eq!(send(router, form_request(&form, &[])).await.status, 200);
}

#[tokio::test]
async fn before_the_first_rotation_signing_is_unavailable() {
    let world = World::without_ring(&samples::site_files(), SigningAlgorithm::Es256);
    let answer = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    assert_refused(&answer, (503, "temporarily_unavailable", "signing_unavailable"));
    assert_eq!(answer.header("retry-after"), "2");
    world.rotate().await;
    world.clock.advance(10);
    let answer = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    assert_eq!(answer.status, 200);
    assert_common_headers(&answer);
}

/// RFC 9110 §10.2.3, §15.6.4.
#[tokio::test]
async fn without_the_tenants_keys_the_refusal_says_when_to_retry() {
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let world = World::new().await;
        world.entra.behave(behaviour);
        let answer = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
        assert_refused(&answer, (503, "temporarily_unavailable", "keys_unavailable"));
        assert_eq!(answer.header("retry-after"), "5");
    }
}
