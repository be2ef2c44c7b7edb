//! The emergency: a key has leaked, and one command ends its use. How long verifiers of ours go on accepting it, and when they
//! accept what its successor signs, for every moment at which the command may come.

use std::sync::Arc;

use entra_emulator::TokenSpec;
use pozi_auth::{
    keyring::{KeyRingSource, RotationRequest},
    revocation::RevokedKind,
    session::{REVOKED_WITHIN, SessionRefusal, SessionVerifier},
    timestamp::Clock,
};
use pozi_tests::{NOW, Published, World, WorldKeys, part, riverbend_tenant};

const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";

/// Seconds from the start of a verifier until the command, and for which it is watched afterwards.
const WARM: u64 = 120;
const WATCHED: u64 = 90;

/// A verifier that gets a request each second, and renews every `poll` seconds (0: only requests make it fetch).
struct Watched {
    source: Arc<WorldKeys>,
    verifier: SessionVerifier<Arc<WorldKeys>>,
    poll: u64,
}

impl Watched {
    fn of(world: &World, poll: u64) -> Self {
        let source = Published::of(world).cached();
        let (issuer, audience) = (world.issuer.clone(), RIVERBEND.to_owned());
        let verifier = SessionVerifier::new(issuer, audience, riverbend_tenant(), Arc::clone(&source));
        Self { source, verifier, poll }
    }

    async fn verify(&self, world: &World, session: &str, phase: u64) -> Result<(), SessionRefusal> {
        let now = world.clock.now();
        if self.poll > 0 && (now.unix_seconds() + phase).is_multiple_of(self.poll) {
            let _ = self.source.renew(now).await;
        }
        self.verifier.verify(session, now).await.map(drop)
    }
}

/// Returns the seconds after the command in which the old session was last accepted, and the new one first.
async fn drill(phase: u64, poll: u64, with_successor: bool) -> (u64, u64) {
    let world = World::new().await;
    if with_successor {
        world.run(&RotationRequest::Rotate).await.unwrap();
    }
    let token = world.token(&TokenSpec::default());
    let old = world.exchange(&token, &[]).await.session().to_owned();
    let leaked = world.ring.load().await.unwrap().unwrap().0.active().unwrap().id.clone();
    let verifier = Watched::of(&world, poll);
    let command = WARM + phase;
    for second in 0..command {
        world.clock.set(NOW + second);
        assert_eq!(verifier.verify(&world, &old, phase).await, Ok(()), "{second}");
    }
    world.run(&RotationRequest::Revoke(leaked.clone())).await.unwrap();
    let (mut last_old, mut first_new, mut new) = (0, None, None);
    for second in 0..WATCHED {
        world.clock.set(NOW + command + second);
        match verifier.verify(&world, &old, phase).await {
            Ok(()) => last_old = second,
            // The key set that was fetched for the document lacks the key.
            Err(SessionRefusal::Revoked(RevokedKind::Key) | SessionRefusal::UnknownKey) => {}
            Err(other) => panic!("refused because {other}"),
        }
        if new.is_none() {
            let answer = world.exchange(&token, &[]).await;
            new = Some(answer.session().to_owned())
                .filter(|session| part(session, 0)["kid"] != leaked.as_str());
        }
        if let (Some(new), None) = (&new, first_new) {
            first_new = verifier.verify(&world, new, phase).await.is_ok().then_some(second);
        }
    }
    (last_old, first_new.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_is_refused_and_its_successor_accepted_within_a_minute() {
    for (who, poll) in [("renews every 5 s", 5), ("only requests", 0)] {
        for with_successor in [false, true] {
            let phases = (0..50).map(|phase| tokio::spawn(drill(phase, poll, with_successor)));
            let (mut worst_old, mut worst_new) = (0, 0);
            for run in phases.collect::<Vec<_>>() {
                let (old, new) = run.await.unwrap();
                (worst_old, worst_new) = (worst_old.max(old), worst_new.max(new));
            }
            println!(
                "{who}, successor published before: {with_successor}: the leaked key was last accepted after \
                 {worst_old} s, and its successor first after {worst_new} s (the worst of 50)"
            );
            assert!(worst_old <= REVOKED_WITHIN.as_secs() && worst_new <= REVOKED_WITHIN.as_secs());
        }
    }
}
