//! rotate-keys on AWS: two runs at once, runs that die at any step, and outages.

use std::{
    cmp::Ordering::{Equal, Greater, Less},
    collections::HashSet,
};

use pozi_auth::{
    adapters::aws::connection,
    error::with_causes,
    keyring::{
        KeyRing, KeyRingSource, KeyState, PrivateHalf, RotateError, RotationRequest, SigningAlgorithm,
    },
    revocation::RotationError,
    timestamp::Clock,
};
use pozi_rotate_keys::{RotateKeys, RunError, RunReport, aws::OnAws};
use pozi_tests::{EmulatedAws, Fate, Fleet, SetClock, aws_at};

/// A clock that starts at the system's time, with which the first ring is created.
fn clock() -> SetClock {
    SetClock::at(pozi_auth::adapters::SystemClock.now().unix_seconds())
}

async fn ring(fleet: &Fleet) -> KeyRing {
    fleet.store().load().await.unwrap().unwrap().0
}

fn states(ring: &KeyRing) -> Vec<&'static str> {
    let name = |key: &pozi_auth::keyring::RingKey| match key.state {
        KeyState::Pending { .. } => "pending",
        KeyState::Active { .. } => "active",
        KeyState::Retiring { .. } => "retiring",
        KeyState::Revoked { .. } => "revoked",
    };
    ring.keys().iter().map(name).collect()
}

async fn run(rotator: &RotateKeys<OnAws>, clock: &SetClock) -> Result<RunReport, RunError> {
    rotator.run(&RotationRequest::Due, clock.now()).await
}

/// Returns those of the keys in KMS that are not scheduled for deletion.
async fn kept_in_kms(made: &HashSet<String>) -> Vec<String> {
    let client = aws_sdk_kms::Client::new(&connection(&aws_at(EmulatedAws::running().unwrap().url())));
    let mut left = Vec::new();
    for key in made {
        let metadata = client.describe_key().key_id(key).send().await.unwrap().key_metadata.unwrap();
        if metadata.deletion_date.is_none() {
            left.push(key.clone());
        }
    }
    left.sort();
    left
}

/// Returns the ARNs of the keys that were created through the proxy, taken from the requests for their public keys.
fn made_in_kms(fleet: &Fleet) -> HashSet<String> {
    let called = fleet.aws.take_seen().into_iter().filter(|seen| seen.what == "GetPublicKey");
    let arn = |body: &[u8]| {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        body["KeyId"].as_str().unwrap().to_owned()
    };
    called.map(|seen| arn(&seen.body)).collect()
}

fn in_ring(ring: &KeyRing) -> Vec<String> {
    let name = |key: &pozi_auth::keyring::RingKey| match &key.private {
        PrivateHalf::Vault(name) => name.clone(),
        other => panic!("{other:?}"),
    };
    let mut names: Vec<_> = ring.keys().iter().map(name).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_passes_through_its_states_on_schedule() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let clock = clock();
    let rotator = fleet.rotator();
    let mut seen = vec![states(&ring(&fleet).await)];
    for _ in 0..40 {
        clock.advance(3_600);
        run(&rotator, &clock).await.unwrap();
        let now = states(&ring(&fleet).await);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    let expected: [&[&str]; 4] = [&["active"], &["active", "pending"], &["retiring", "active"], &["active"]];
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_create_one_key_and_leave_none_behind() {
    for kms in [false, true] {
        let fleet = if kms { Fleet::in_kms(SigningAlgorithm::Es256).await } else { Fleet::sealed().await };
        let Some(fleet) = fleet else { return };
        let clock = clock();
        let [first, second] = [(); 2].map(|()| fleet.rotator());
        let mut made: HashSet<String> =
            if kms { in_ring(&ring(&fleet).await).into_iter().collect() } else { HashSet::new() };
        for _ in 0..20 {
            clock.advance(3 * 3_600);
            let (one, two) = tokio::join!(run(&first, &clock), run(&second, &clock));
            assert!(one.is_ok() && two.is_ok(), "{one:?}, {two:?}");
            let ring = ring(&fleet).await;
            let states = states(&ring);
            assert_eq!(states.iter().filter(|state| **state == "active").count(), 1);
            assert!(states.iter().filter(|state| **state == "pending").count() <= 1);
            made.extend(made_in_kms(&fleet));
        }
        if kms {
            assert_eq!(kept_in_kms(&made).await, in_ring(&ring(&fleet).await), "of {}", made.len());
        }
    }
}

/// Whether the ring already has a pending key that is due to sign, and the states after the next run.
const DUE: [(bool, &[&str]); 2] = [(false, &["active", "pending"]), (true, &["retiring", "active"])];

/// A run dies at each of its calls to AWS, before the call or after AWS has executed it. The next run completes the work.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_dies_at_any_step_changes_all_or_nothing_and_the_next_run_completes_it() {
    let mut cases = tokio::task::JoinSet::new();
    for due in DUE {
        for fate in [Fate::Lost, Fate::AnswerLost] {
            cases.spawn(check_death_at_every_step(due, fate));
        }
    }
    cases.join_all().await;
}

async fn check_death_at_every_step((promotes, then): (bool, &[&str]), fate: Fate) {
    let Some(first) = Fleet::sealed().await else { return };
    for step in 0.. {
        let fleet = first.with_new_table().await;
        let clock = clock();
        let rotator = fleet.rotator();
        clock.advance(21 * 3_600);
        if promotes {
            run(&rotator, &clock).await.unwrap();
            clock.advance(3 * 3_600);
        }
        let before = ring(&fleet).await;
        // Its own proxy, since requests of the dying run may still arrive after its death.
        let dying = fleet.behind_new_proxy().await;
        dying.aws.set_fates(move |count, _| match count.cmp(&step) {
            Less => Fate::Passes,
            Equal => fate,
            Greater => Fate::Lost,
        });
        let dying_rotator = dying.rotator();
        let done = tokio::select! {
            done = run(&dying_rotator, &clock) => Some(done),
            () = dying.aws.wait_for_loss() => None,
        };
        dying.aws.wait_until_idle().await;
        let after = ring(&fleet).await;
        assert!(after == before || states(&after) == then, "step {step}: {:?}", states(&after));
        run(&rotator, &clock).await.unwrap();
        assert_eq!(states(&ring(&fleet).await), then, "step {step}");
        if let Some(done) = done {
            assert!(
                done.is_ok() && step >= 6,
                "a run should make several calls, but this one made {step}: {done:?}"
            );
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_changes_nothing_and_reports_why() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let clock = clock();
    let rotator = fleet.rotator();
    clock.advance(21 * 3_600);
    let before = ring(&fleet).await;
    for (what, expected) in [
        ("GetItem", "the signing keys were not rotated: the key ring's store cannot be reached"),
        ("Encrypt", "the signing keys were not rotated: the vault of the private keys"),
        ("Scan", "the tenants' key sets were not fetched: the site registry is unavailable"),
    ] {
        for fate in [Fate::Throttled, Fate::Fails] {
            fleet.aws.set_fates(move |_, called| if called == what { fate } else { Fate::Passes });
            let error = with_causes(&run(&rotator, &clock).await.unwrap_err());
            assert!(error.starts_with(expected), "{what}, {fate:?}: {error}");
            if what != "Scan" {
                assert_eq!(ring(&fleet).await, before);
            }
        }
    }
    assert_eq!(
        states(&ring(&fleet).await),
        ["active", "pending"],
        "the keys rotate although the tenants cannot be read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ring_is_reported_and_not_replaced() {
    let kms_key = match EmulatedAws::running() {
        Some(aws) => aws.sealing_key().await,
        None => return,
    };
    let signing = pozi_auth::config::Signing::Sealed { kms_key };
    let fleet = Fleet::bare(signing, SigningAlgorithm::Es256).await.unwrap();
    let error = fleet.rotate(&RotationRequest::Due).await.unwrap_err();
    assert!(matches!(error, RunError::Rotate(RotationError::Rotate(RotateError::NoRing))), "{error}");
    assert!(fleet.store().load().await.unwrap().is_none());
    fleet.rotate(&RotationRequest::Establish).await.unwrap();
    let first = ring(&fleet).await;
    fleet.rotate(&RotationRequest::Establish).await.unwrap();
    assert_eq!(ring(&fleet).await, first, "a second request for a first ring changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_keys_in_kms_are_scheduled_for_deletion() {
    let Some(fleet) = Fleet::in_kms(SigningAlgorithm::Rs256).await else { return };
    let clock = clock();
    let rotator = fleet.rotator();
    let first = in_ring(&ring(&fleet).await);
    for _ in 0..40 {
        clock.advance(3_600);
        run(&rotator, &clock).await.unwrap();
    }
    let ring = ring(&fleet).await;
    assert_eq!(states(&ring), ["active"]);
    assert_ne!(in_ring(&ring), first);
    let made: HashSet<String> = first.into_iter().chain(in_ring(&ring)).collect();
    assert_eq!(kept_in_kms(&made).await, in_ring(&ring));
}

/// A revocation dies at each of its calls to AWS. The operator asks again, and one key was made in all.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_dies_at_any_step_is_completed_by_the_next() {
    let mut cases = tokio::task::JoinSet::new();
    for kms in [false, true] {
        for fate in [Fate::Lost, Fate::AnswerLost] {
            cases.spawn(check_revocation_that_dies(kms, fate));
        }
    }
    cases.join_all().await;
}

async fn check_revocation_that_dies(kms: bool, fate: Fate) {
    let first = if kms { Fleet::in_kms(SigningAlgorithm::Es256).await } else { Fleet::sealed().await };
    let Some(first) = first else { return };
    for step in 0.. {
        let fleet = first.with_new_table().await;
        let now = clock().now();
        let before = ring(&fleet).await;
        let old = before.active().unwrap().id.clone();
        let revoke = RotationRequest::Revoke(old.clone());
        let dying = fleet.behind_new_proxy().await;
        dying.aws.set_fates(move |count, _| match count.cmp(&step) {
            Less => Fate::Passes,
            Equal => fate,
            Greater => Fate::Lost,
        });
        let dying_rotator = dying.rotator();
        let done = tokio::select! {
            done = dying_rotator.run(&revoke, now) => Some(done),
            () = dying.aws.wait_for_loss() => None,
        };
        dying.aws.wait_until_idle().await;
        let after = ring(&fleet).await;
        assert!(after == before || states(&after) == ["revoked", "active"], "step {step}: {after:?}");
        fleet.rotator().run(&revoke, now).await.unwrap();
        let ring = ring(&fleet).await;
        assert_eq!(states(&ring), ["revoked", "active"], "step {step}");
        assert!(after == before || ring == after, "step {step}: asking again made another key");
        if let Some(done) = done {
            assert!(done.is_ok() && step >= 3, "step {step}: {done:?}");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_in_kms_is_scheduled_for_deletion_by_the_next_run() {
    let Some(fleet) = Fleet::in_kms(SigningAlgorithm::Es256).await else { return };
    let (rotator, now) = (fleet.rotator(), clock().now());
    let before = ring(&fleet).await;
    let made: HashSet<String> = in_ring(&before).into_iter().collect();
    let revoke = RotationRequest::Revoke(before.active().unwrap().id.clone());
    rotator.run(&revoke, now).await.unwrap();
    assert_eq!(kept_in_kms(&made).await.len(), 1);
    rotator.run(&RotationRequest::Due, now).await.unwrap();
    assert_eq!(kept_in_kms(&made).await.len(), 0);
    assert_eq!(states(&ring(&fleet).await), ["active"]);
}
