//! The tenants' key sets in the table, which rotate-keys stores and token-exchange uses while they are valid.

use std::time::Duration;

use entra_emulator::{Behaviour, TokenSpec, Version};
use pozi_auth::sites::Site;
use pozi_auth::{
    adapters::SystemClock,
    entra::{Cloud, KeySetLocation, TokenVersion},
    keyring::RotationRequest,
    tenants::KeySetStore,
    timestamp::{Clock, Timestamp},
};
use pozi_local::samples;
use pozi_rotate_keys::Refreshed;
use pozi_tests::{Fate, Fleet, exchanged};

fn ago(duration: Duration) -> Timestamp {
    Timestamp::from_unix_seconds(SystemClock.now().unix_seconds() - duration.as_secs())
}

/// The location of riverbend's key set for tokens of version 1.0, the default.
fn location() -> KeySetLocation {
    let site = Site::parse(&samples::site_files()[0].text).unwrap();
    KeySetLocation { cloud: Cloud::Public, tenant: site.tenant(), version: TokenVersion::V1 }
}

/// Starts a fleet whose stored key set has this age.
async fn fleet_whose_key_set_is(age: Duration) -> Option<Fleet> {
    let fleet = Fleet::without_key_sets().await?;
    let set = fleet.directory.key_set(Version::V1).to_string();
    fleet.store().keep(location(), set.as_bytes(), ago(age)).await.unwrap();
    Some(fleet)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stores_both_key_sets_of_every_tenant() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let done = fleet.rotate(&RotationRequest::Due).await.unwrap();
    assert_eq!(done.key_sets, Refreshed { kept: 4, failed: 0 }, "two tenants");
    assert_eq!(done.keys, [""; 0], "a day has not passed");
    fleet.entra.take_seen();
    let answer = exchanged(&fleet.exchange(), &fleet.token()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(fleet.entra.take_seen().len(), 0, "an exchange called Entra");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_tenant_keeps_its_stored_key_set_and_signing_keys_still_rotate() {
    let Some(fleet) = Fleet::sealed().await else { return };
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        fleet.directory.behave(behaviour);
        let done = fleet.rotate(&RotationRequest::Due).await.unwrap();
        assert_eq!(done.key_sets, Refreshed { kept: 0, failed: 4 });
    }
    let answer = exchanged(&fleet.exchange(), &fleet.token()).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_stored_key_set_is_used_and_an_older_one_only_while_entra_is_down() {
    for (age, asks) in [(Duration::from_mins(55), 0), (Duration::from_mins(61), 1)] {
        let Some(fleet) = fleet_whose_key_set_is(age).await else { return };
        assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
        assert_eq!(fleet.entra.take_seen().len(), asks, "{age:?}");
    }
    let Some(fleet) = fleet_whose_key_set_is(Duration::from_hours(23)).await else { return };
    fleet.entra.set_fate(Fate::Fails);
    let instance = fleet.exchange();
    for _ in 0..5 {
        assert_eq!(exchanged(&instance, &fleet.token()).await.status, 200);
    }
    assert!(fleet.entra.take_seen().len() <= 2, "Entra is called again despite the pause");
}

/// The table does not delete old items: the service checks their age itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_stored_key_set_older_than_a_day_is_not_used() {
    let Some(fleet) = fleet_whose_key_set_is(Duration::from_hours(24)).await else { return };
    fleet.entra.set_fate(Fate::Fails);
    let answer = exchanged(&fleet.exchange(), &fleet.token()).await;
    assert_eq!(answer.refusal(), ("temporarily_unavailable", "keys_unavailable"));
    fleet.entra.set_fate(Fate::Passes);
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_entra_replaced_after_the_last_run_are_fetched_at_once() {
    let Some(fleet) = Fleet::sealed().await else { return };
    fleet.directory.roll_keys();
    let answer = exchanged(&fleet.exchange(), &fleet.token()).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(fleet.entra.take_seen().len(), 1);
    let now = SystemClock.now().unix_seconds();
    let second = TokenSpec { version: Version::V2, ..TokenSpec::default() };
    let answer = exchanged(&fleet.exchange(), &fleet.directory.token(&second, now).unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_key_set_never_replaces_a_newer_one() {
    let Some(fleet) = fleet_whose_key_set_is(Duration::from_mins(10)).await else { return };
    fleet.store().keep(location(), b"older", ago(Duration::from_mins(20))).await.unwrap();
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
    assert_eq!(fleet.entra.take_seen().len(), 0);
}

/// A run with a clock that was an hour or a year ahead stored the set.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_set_from_the_future_is_replaced_by_the_next_run_and_not_used_until_then() {
    for hours in [1, 365 * 24] {
        let Some(fleet) = Fleet::without_key_sets().await else { return };
        let ahead = SystemClock.now().plus(Duration::from_hours(hours));
        let set = fleet.directory.key_set(Version::V1).to_string();
        fleet.store().keep(location(), set.as_bytes(), ahead).await.unwrap();
        fleet.entra.take_seen();
        assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
        assert_eq!(fleet.entra.take_seen().len(), 1, "the stored set is not used, {hours} h ahead");

        fleet.directory.roll_keys();
        fleet.rotate(&RotationRequest::Due).await.unwrap();
        fleet.entra.take_seen();
        assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
        assert_eq!(fleet.entra.take_seen().len(), 0, "the run has replaced it, {hours} h ahead");
    }
}
