//! Sessions at the door: foreign ones, old ones, ones that end in the middle, and keys that change or cannot be had.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use pozi_tests::Outage;
use tokio::task::JoinSet;

use super::door::{Door, map, patient};

const HOUR: u64 = 3_600;
/// Clients that ask all the time.
const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn foreign_sessions_and_old_ones_open_nothing_and_nothing_reaches_qgis() {
    let door = Door::with(patient()).await;
    let foreign = Door::with(patient()).await.session().await;
    let old = door.session().await;
    door.world.clock.advance(600);
    let of_another_site = door.session_at("saltmarsh").await;
    let spoilt = door.session().await.rsplit_once('.').map(|(rest, _)| format!("{rest}.AAAA")).unwrap();
    let mut client = door.connect().await;
    for (session, reason) in [
        (&foreign, "unknown_key"),
        (&old, "expired"),
        (&of_another_site, "audience_mismatch"),
        (&spoilt, "bad_signature"),
    ] {
        // Twice: what is remembered of it is no yes.
        for _ in 0..2 {
            assert_eq!(client.map(session, "planning", "zones").await.verdict(), (401, reason.into()));
        }
    }
    let good = door.session().await;
    assert_eq!(client.map(&good, "assets", "zones").await.verdict(), (403, "scope".into()));
    assert_eq!(door.qgis.requests(), 0);
    assert_eq!(client.map(&good, "planning", "zones").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_in_the_middle_of_a_connection_and_not_in_the_middle_of_an_answer() {
    let door = Door::with(patient()).await;
    let session = door.session().await;
    let mut client = door.connect().await;
    assert_eq!(client.map(&session, "planning", "zones").await.status, 200);
    door.world.clock.advance(599);
    let mut streaming = door.connect().await;
    streaming.send(&map(&session, "planning", "halved")).await;
    door.qgis.heard(2).await;
    door.world.clock.advance(1);
    assert_eq!(client.map(&session, "planning", "zones").await.verdict(), (401, "expired".into()));
    door.qgis.release();
    let answered = streaming.answer().await;
    assert_eq!((answered.status, answered.body.as_slice()), (200, &b"halfhalf"[..]));
    assert_eq!(streaming.map(&session, "planning", "zones").await.verdict(), (401, "expired".into()));
    let renewed = door.session().await;
    assert_eq!(client.map(&renewed, "planning", "zones").await.status, 200, "on the same connection");
}

/// Asks until it is told to end. The one refusal that it takes is that of a session that is over, as the clock moves.
async fn keep_asking(door: Arc<Door>, ends: Arc<AtomicBool>, answered: Arc<AtomicUsize>) {
    let mut client = door.connect().await;
    let mut session = door.session().await;
    while !ends.load(Ordering::SeqCst) {
        let answer = client.map(&session, "planning", "zones").await;
        if answer.verdict() == (401, "expired".into()) {
            session = door.session().await;
            continue;
        }
        assert_eq!(answer.verdict(), (200, String::new()));
        answered.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_under_load_and_refuse_nobody() {
    let door = Arc::new(
        Door::with(pozi_gate::settings::Limits { waiting_per_catalogue: CLIENTS, ..patient() }).await,
    );
    let ends = Arc::new(AtomicBool::new(false));
    let counts: Vec<_> = (0..CLIENTS).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let mut clients = JoinSet::new();
    for count in &counts {
        clients.spawn(keep_asking(Arc::clone(&door), Arc::clone(&ends), Arc::clone(count)));
    }
    let key_of = |session: &str| session.split('.').next().unwrap().to_owned();
    let mut keys = vec![key_of(&door.session().await)];
    // A key is published three hours before it signs, and signs for a week.
    for hours in [1, 7 * 24 - 4, 3, 7 * 24 - 3, 3, 24] {
        door.world.clock.advance(hours * HOUR);
        door.world.rotate().await;
        keys.push(key_of(&door.session().await));
        let before: Vec<_> = counts.iter().map(|count| count.load(Ordering::SeqCst)).collect();
        let all_answered =
            || counts.iter().zip(&before).all(|(now, then)| now.load(Ordering::SeqCst) > then + 3);
        while !all_answered() {
            assert!(clients.try_join_next().is_none(), "a client was refused");
            tokio::task::yield_now().await;
        }
    }
    ends.store(true, Ordering::SeqCst);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    keys.dedup();
    assert_eq!(keys.len(), 3, "two keys have followed the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_issuer_is_away_what_was_known_goes_on_and_what_was_not_is_never_the_sessions_fault() {
    let door = Door::with(patient()).await;
    door.gate.published.fail_with(Outage::Unavailable);
    let session = door.session().await;
    let refused = door.map(&session, "zones").await;
    assert_eq!(refused.verdict(), (503, "keys_unavailable".into()));
    assert!(!refused.head.to_lowercase().contains("www-authenticate"), "{}", refused.head);
    door.gate.published.recover();
    door.world.clock.advance(30);
    assert_eq!(door.map(&session, "zones").await.status, 200);

    door.gate.published.fail_with(Outage::OtherDocument(b"<html>Sign in to the network</html>".to_vec()));
    door.world.clock.advance(20 * HOUR);
    let later = door.session().await;
    assert_eq!(door.map(&later, "zones").await.status, 200, "its key is known since before");
    assert_eq!(door.map(&session, "zones").await.verdict(), (401, "expired".into()));
    door.world.clock.advance(4 * HOUR);
    let much_later = door.session().await;
    assert_eq!(door.map(&much_later, "zones").await.verdict(), (503, "keys_unavailable".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_let_in_before_is_refused_once_its_key_is_no_longer_published() {
    let door = Door::with(patient()).await;
    let session = door.session().await;
    assert_eq!(door.map(&session, "zones").await.status, 200);
    let other = Door::with(patient()).await.world.get("/.well-known/jwks.json", &[]).await.body;
    door.gate.published.fail_with(Outage::OtherDocument(other));
    door.world.clock.advance(299);
    assert_eq!(door.map(&session, "zones").await.status, 200, "the key set is fresh for five minutes");
    door.world.clock.advance(2);
    for _ in 0..2 {
        assert_eq!(door.map(&session, "zones").await.verdict(), (401, "unknown_key".into()));
    }
}
