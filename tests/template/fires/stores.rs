//! The alarms on what the service reads: the table, the ring, Entra's keys; and on its log.

use std::sync::Arc;

use entra_emulator::{Behaviour, Person, TokenSpec};
use pozi_auth::{
    identifiers::TenantId,
    keyring::SigningAlgorithm,
    revision::Revision,
    tenants::{
        CachedRegistry, Claims, Parts, REGISTRY_LIFETIMES, RegistryError, StoredSite, TenantRecord,
        TenantSource,
    },
};
use pozi_local::samples;
use pozi_tests::{NOW, World, exchange_form, form_request, send};

use super::{HOUR, LOG, MINUTE, exchange, firing, recording::Recording, stack};

/// A table that cannot be read, or whose only site has this document.
struct Stored(Option<String>);

impl TenantSource for Stored {
    async fn record_of(&self, _: TenantId, _: Parts) -> Result<TenantRecord, RegistryError> {
        let document = self.0.clone().ok_or_else(|| RegistryError("the table does not answer".into()))?;
        let site = StoredSite {
            name: "riverbend".into(),
            revision: Revision(1),
            document,
            previous: None,
            claims: Claims::default(),
            edit: None,
        };
        Ok(TenantRecord { sites: vec![site], key_sets: Vec::new() })
    }
}

/// Exchanges a token with the sites in `stored`, and returns the reason of the refusal.
async fn refused_with(world: &World, stored: Stored) -> String {
    let registry = Arc::new(CachedRegistry::new(Arc::new(stored), REGISTRY_LIFETIMES));
    let router = world.exchange_with(registry, world.key_sets.clone());
    let form = exchange_form(&world.token(&TokenSpec::default()), &[]);
    send(router, form_request(&form, &[])).await.refusal().1.to_owned()
}

#[tokio::test]
async fn an_outage_at_every_site_fires_once_and_names_the_reason() {
    let Some(stack) = stack() else { return };
    let recording = Recording::start().await;
    let world = World::new().await;
    assert_eq!(refused_with(&world, Stored(None)).await, "registry_unavailable");
    let without_ring = World::without_ring(&samples::site_files(), SigningAlgorithm::Es256);
    assert_eq!(exchange(&without_ring, "riverbend", Person::Reader).await, "signing_unavailable");
    let history = recording.take().once(&stack, NOW);
    let reasons = ["registry_unavailable", "signing_unavailable"];
    assert_eq!(firing(&stack, "ServiceOutage", &history, NOW + 5 * MINUTE), reasons);
    assert_eq!(firing(&stack, "SiteOutage", &history, NOW + 15 * MINUTE), [""; 0]);

    assert_eq!(exchange(&world, "riverbend", Person::NoGroups).await, "no_catalogue");
    let history = recording.take().once(&stack, NOW);
    assert_eq!(firing(&stack, "ServiceOutage", &history, NOW + 5 * MINUTE), [""; 0]);
}

#[tokio::test]
async fn a_site_whose_document_cannot_be_read_is_named() {
    let Some(stack) = stack() else { return };
    let (recording, world) = (Recording::start().await, World::new().await);
    let riverbend = &samples::site_files()[0].text;
    let invalid = riverbend.replace("client_id", "cliend_id");
    assert_ne!(*riverbend, invalid);
    assert_eq!(refused_with(&world, Stored(Some(invalid))).await, "site_unreadable");
    let history = recording.take().once(&stack, NOW);
    assert_eq!(firing(&stack, "UnreadableSites", &history, NOW + 5 * MINUTE), ["riverbend"]);
}

#[tokio::test]
async fn old_copies_that_serve_in_an_outage_fire_and_so_do_the_warnings_about_it() {
    let Some(stack) = stack() else { return };
    let (recording, world) = (Recording::start().await, World::new().await);
    assert_eq!(exchange(&world, "riverbend", Person::Reader).await, "");
    world.clock.advance(2 * HOUR);
    assert_eq!(exchange(&world, "riverbend", Person::Reader).await, "");
    let well = recording.take().every_five_minutes(&stack, LOG, NOW, 30);
    for alarm in ["ServingStale", "Warnings"] {
        assert_eq!(firing(&stack, alarm, &well, NOW + 30 * MINUTE), [""; 0], "{alarm} while all is well");
    }

    world.clock.advance(2 * HOUR);
    world.entra.behave(Behaviour::Down);
    assert_eq!(exchange(&world, "riverbend", Person::Reader).await, "", "the old keys serve");
    let written = recording.take();
    for (log, expected) in [
        ("TokenExchangeLog", &["pozi_auth::last_good::fetching"][..]),
        ("JwksLog", &["pozi_auth::last_good::fetching"]),
        ("RotateKeysLog", &["pozi_auth::last_good::fetching"]),
        ("ProberLog", &["pozi_auth::last_good::fetching"]),
        ("ApiLog", &[]),
    ] {
        let history = written.every_five_minutes(&stack, log, NOW, 30);
        assert_eq!(firing(&stack, "ServingStale", &history, NOW + 30 * MINUTE), ["entra_keys"]);
        assert_eq!(firing(&stack, "Warnings", &history, NOW + 30 * MINUTE), expected, "{log}");
    }
    let short = written.every_five_minutes(&stack, LOG, NOW, 15);
    assert_eq!(firing(&stack, "ServingStale", &short, NOW + 30 * MINUTE), [""; 0], "it passed");
}
