//! The revocation list beside the key ring: what a run records, and an older ring that a backup brings back.

use entra_emulator::TokenSpec;
use pozi_auth::{
    error::with_causes,
    keyring::{self, KeyId, KeyRing, KeyRingSource, RotationRequest, SigningAlgorithm, SoftwareKeys},
    revision::Revision,
    revocation::{RevocationList, RotationError},
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_tests::{World, part};

async fn ring(world: &World) -> (KeyRing, Revision) {
    world.ring.load().await.unwrap().unwrap()
}

async fn active(world: &World) -> KeyId {
    ring(world).await.0.active().unwrap().id.clone()
}

fn listed(list: &RevocationList) -> Vec<KeyId> {
    list.keys().cloned().collect()
}

#[tokio::test]
async fn every_run_records_the_ring_and_its_revoked_keys() {
    let world = World::new().await;
    assert_eq!((world.revocations.list().sequence(), ring(&world).await.1), (1, Revision(1)));
    let leaked = active(&world).await;
    world.run(&RotationRequest::Revoke(leaked.clone())).await.unwrap();
    let list = world.revocations.list();
    assert_eq!(listed(&list), std::slice::from_ref(&leaked));
    assert_eq!((list.sequence(), list.ring_revision()), (2, Revision(2)));
    world.run(&RotationRequest::Due).await.unwrap();
    let list = world.revocations.list();
    assert_eq!((listed(&list), list.ring_revision()), (vec![leaked], Revision(3)), "it left the ring");
    world.run(&RotationRequest::Due).await.unwrap();
    assert_eq!(world.revocations.list(), list, "nothing is due");
}

/// The run that revoked the key was killed before it could record that; the next one also removes the key from the ring.
#[tokio::test]
async fn a_revoked_key_is_on_the_list_before_it_leaves_the_ring() {
    let world = World::new().await;
    let leaked = active(&world).await;
    let request = RotationRequest::Revoke(leaked.clone());
    let now = world.clock.now();
    keyring::carry_out(&world.ring, &SoftwareKeys, &world.policy, &request, now).await.unwrap();
    assert_eq!(listed(&world.revocations.list()), []);
    world.run(&RotationRequest::Due).await.unwrap();
    assert!(ring(&world).await.0.keys().iter().all(|key| key.id != leaked));
    assert_eq!(listed(&world.revocations.list()), [leaked]);
}

#[tokio::test]
async fn an_older_ring_signs_nothing_and_is_not_rotated_until_it_is_accepted() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    let (backup, revision) = ring(&world).await;
    let leaked = active(&world).await;
    assert_eq!(world.exchange(&token, &[]).await.status, 200);
    world.run(&RotationRequest::Revoke(leaked.clone())).await.unwrap();
    world.run(&RotationRequest::Due).await.unwrap();

    world.ring.restore(backup, revision);
    world.clock.advance(60);
    for _ in 0..2 {
        let answer = world.exchange(&token, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.refusal().1), (503, "signing_unavailable"));
        world.clock.advance(2);
    }
    for request in [RotationRequest::Due, RotationRequest::Rotate, RotationRequest::Establish] {
        let refused = world.run(&request).await.unwrap_err();
        assert!(matches!(refused, RotationError::Restored(_)), "{}", with_causes(&refused));
        assert_eq!(ring(&world).await.1, revision, "it is unchanged");
    }
    let accept = |list: &RevocationList| list.accept_ring(revision, world.clock.now());
    world.revocations.change(accept);
    world.clock.advance(5);
    let answer = world.exchange(&token, &[]).await;
    assert_eq!(answer.refusal().1, "signing_unavailable", "the ring's key is on the list");
    world.run(&RotationRequest::Revoke(leaked.clone())).await.unwrap();
    world.clock.advance(5);
    let session = world.exchange(&token, &[]).await.session().to_owned();
    assert_ne!(part(&session, 0)["kid"], leaked.as_str());
}

#[tokio::test]
async fn a_lost_ring_is_not_established_anew_until_that_is_accepted() {
    let world = World::new().await;
    let known = world.revocations.list();
    let lost = World::without_ring(&samples::site_files(), SigningAlgorithm::Es256);
    lost.revocations.change(|_| known);
    assert!(matches!(lost.run(&RotationRequest::Establish).await, Err(RotationError::Restored(_))));
    lost.revocations.change(|list| list.accept_ring(Revision(0), lost.clock.now()));
    lost.rotate().await;
    assert_eq!(lost.revocations.list().ring_revision(), Revision(1));
}

/// An instance that read a newer list does not go back to an older one.
#[tokio::test]
async fn a_restored_list_is_not_taken_until_its_number_is_higher() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    let backup = world.revocations.list();
    let claims = part(&token, 1);
    let id = |name: &str| claims[name].as_str().unwrap().to_owned();
    let (tenant, object) = (id("tid").parse().unwrap(), id("oid").parse().unwrap());
    world.revoke(pozi_auth::revocation::Revoked::Person { tenant, object });
    let held = world.revocations.list().sequence();
    assert_eq!(world.exchange(&token, &[]).await.refusal().1, "revoked");

    world.revocations.change(|_| backup.clone());
    world.clock.advance(60);
    assert_eq!(world.exchange(&token, &[]).await.refusal().1, "revoked");
    world.revocations.change(|list| list.resume(held, world.clock.now()).unwrap());
    world.clock.advance(5);
    assert_eq!(world.exchange(&token, &[]).await.status, 200, "the restored list does not have the entry");
}
