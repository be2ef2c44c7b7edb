//! Sessions that the gate has verified before.

use entra_emulator::Person;
use pozi_auth::{
    session::{SessionRefusal, SessionVerifier},
    timestamp::{Clock, Timestamp},
};
use pozi_gate::sessions::Sessions;
use pozi_tests::part;

use super::site::{Site, riverbend};

#[tokio::test]
async fn a_cached_session_is_its_own_persons_and_ends_on_time() {
    let site = Site::new().await;
    let (world, keys) = (&site.world, &site.keys);
    let verifier = SessionVerifier::of_site(world.issuer.clone(), &riverbend(world), keys.clone());
    let sessions = Sessions::new(verifier, keys.clone());
    let tokens = [site.session(Person::Reader).await, site.session(Person::Editor).await];
    for _ in 0..3 {
        for token in &tokens {
            let session = sessions.verify(token, world.clock.now()).await.unwrap();
            assert_eq!(session.subject(), part(token, 1)["sub"]);
        }
    }
    let expires = part(&tokens[0], 1)["exp"].as_u64().unwrap();
    for (now, is_valid) in [(expires - 1, true), (expires, false), (expires, false)] {
        let found = sessions.verify(&tokens[0], Timestamp::from_unix_seconds(now)).await;
        let expected = if is_valid { None } else { Some(SessionRefusal::Expired) };
        assert_eq!(found.err(), expected, "{now}");
    }
}
