//! A session that is checked against a full revocation document.

use entra_emulator::TokenSpec;
use pozi_auth::{revocation::Revoked, session::SessionVerifier, timestamp::Clock as _};
use pozi_tests::{World, riverbend_tenant};

use super::{SITE, keys};

/// The most entries of a document.
const ENTRIES: u32 = 1_000;

/// Returns a valid session that was issued before everything in a document of 1,000 people, so that it is looked up in every
/// group of it.
pub(crate) async fn session_beside_revocations(world: &World) -> String {
    let mut sessions = Vec::new();
    // One in 170 is taken for a revoked one: a full document has few bits for each entry.
    for _ in 0..3 {
        sessions.push(world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned());
    }
    world.clock.advance(10);
    for number in 0..ENTRIES {
        let object = format!("{number:08x}-0000-4000-8000-000000000000");
        let object = object.parse().expect("an object id");
        world.revoke(Revoked::Person { tenant: riverbend_tenant(), object });
        world.clock.advance(u64::from(number % 2));
    }
    let verifier = SessionVerifier::new(world.issuer.clone(), SITE.into(), riverbend_tenant(), keys(world));
    for session in sessions {
        if verifier.verify(&session, world.clock.now()).await.is_ok() {
            return session;
        }
    }
    unreachable!("three sessions resemble a revoked one");
}
