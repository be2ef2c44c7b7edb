//! Sessions at the proxy: foreign and expired ones, ones that expire during a connection, and keys that rotate or are
//! unavailable.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use pozi_tests::{Outage, part};
use tokio::task::JoinSet;

use super::proxy::{Proxy, map, no_timeouts};

const HOUR: u64 = 3_600;
/// Clients that send requests all the time.
const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn refuses_foreign_and_expired_sessions_without_asking_qgis() {
    let proxy = Proxy::with(no_timeouts()).await;
    let foreign = Proxy::with(no_timeouts()).await.session().await;
    let old = proxy.session().await;
    proxy.world.clock.advance(600);
    let of_another_site = proxy.session_at("saltmarsh").await;
    let good = proxy.session().await;
    let (header, mut claims) = (part(&good, 0), part(&good, 1));
    claims["tid"] = "28b1e556-f621-4edd-873b-d1d60bc6d8de".into();
    let of_another_tenant = proxy.world.signed(&header, &claims).await;
    let spoilt = proxy.session().await.rsplit_once('.').map(|(rest, _)| format!("{rest}.AAAA")).unwrap();
    let mut client = proxy.connect().await;
    for (session, reason) in [
        (&foreign, "unknown_key"),
        (&old, "expired"),
        (&of_another_site, "audience_mismatch"),
        (&of_another_tenant, "tenant_mismatch"),
        (&spoilt, "bad_signature"),
    ] {
        // Twice: a refused session must not be cached as valid.
        for _ in 0..2 {
            assert_eq!(client.map(session, "planning", "zones").await.verdict(), (401, reason.into()));
        }
    }
    assert_eq!(client.map(&good, "assets", "zones").await.verdict(), (403, "scope".into()));
    assert_eq!(proxy.qgis.requests(), 0);
    assert_eq!(client.map(&good, "planning", "zones").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_expires_between_requests_of_a_connection_but_not_during_an_answer() {
    let proxy = Proxy::with(no_timeouts()).await;
    let session = proxy.session().await;
    let mut client = proxy.connect().await;
    assert_eq!(client.map(&session, "planning", "zones").await.status, 200);
    proxy.world.clock.advance(599);
    let mut streaming = proxy.connect().await;
    streaming.send(&map(&session, "planning", "halved")).await;
    proxy.qgis.heard(2).await;
    proxy.world.clock.advance(1);
    assert_eq!(client.map(&session, "planning", "zones").await.verdict(), (401, "expired".into()));
    proxy.qgis.release();
    let answered = streaming.answer().await;
    assert_eq!((answered.status, answered.body.as_slice()), (200, &b"halfhalf"[..]));
    assert_eq!(streaming.map(&session, "planning", "zones").await.verdict(), (401, "expired".into()));
    let renewed = proxy.session().await;
    assert_eq!(client.map(&renewed, "planning", "zones").await.status, 200, "on the same connection");
}

/// Sends requests until `ends` is set. Renews the session when it has expired; no other refusal may happen.
async fn keep_requesting(proxy: Arc<Proxy>, ends: Arc<AtomicBool>, answered: Arc<AtomicUsize>) {
    let mut client = proxy.connect().await;
    let mut session = proxy.session().await;
    while !ends.load(Ordering::SeqCst) {
        let answer = client.map(&session, "planning", "zones").await;
        if answer.verdict() == (401, "expired".into()) {
            session = proxy.session().await;
            continue;
        }
        assert_eq!(answer.verdict(), (200, String::new()));
        answered.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_under_load_without_refusals() {
    let proxy = Arc::new(
        Proxy::with(pozi_gate::settings::Limits { waiting_per_catalogue: CLIENTS, ..no_timeouts() }).await,
    );
    let ends = Arc::new(AtomicBool::new(false));
    let counts: Vec<_> = (0..CLIENTS).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let mut clients = JoinSet::new();
    for count in &counts {
        clients.spawn(keep_requesting(Arc::clone(&proxy), Arc::clone(&ends), Arc::clone(count)));
    }
    let key_of = |session: &str| session.split('.').next().unwrap().to_owned();
    let mut keys = vec![key_of(&proxy.session().await)];
    // A key is published three hours before it signs, and signs for a week.
    for hours in [1, 7 * 24 - 4, 3, 7 * 24 - 3, 3, 24] {
        proxy.world.clock.advance(hours * HOUR);
        proxy.world.rotate().await;
        keys.push(key_of(&proxy.session().await));
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
async fn during_an_outage_of_the_issuer_known_keys_still_verify_and_unknown_ones_are_503() {
    let proxy = Proxy::with(no_timeouts()).await;
    proxy.gate.published.keys.fail_with(Outage::Unavailable);
    let session = proxy.session().await;
    let refused = proxy.map(&session, "zones").await;
    assert_eq!(refused.verdict(), (503, "keys_unavailable".into()));
    assert!(!refused.head.to_lowercase().contains("www-authenticate"), "{}", refused.head);
    proxy.gate.published.keys.recover();
    proxy.world.clock.advance(30);
    assert_eq!(proxy.map(&session, "zones").await.status, 200);

    proxy
        .gate
        .published
        .keys
        .fail_with(Outage::OtherDocument(b"<html>Sign in to the network</html>".to_vec()));
    proxy.world.clock.advance(20 * HOUR);
    let later = proxy.session().await;
    assert_eq!(proxy.map(&later, "zones").await.status, 200, "its key was already known");
    assert_eq!(proxy.map(&session, "zones").await.verdict(), (401, "expired".into()));
    proxy.world.clock.advance(4 * HOUR);
    let much_later = proxy.session().await;
    assert_eq!(proxy.map(&much_later, "zones").await.verdict(), (503, "keys_unavailable".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_cached_session_once_its_key_is_no_longer_published() {
    let proxy = Proxy::with(no_timeouts()).await;
    let session = proxy.session().await;
    assert_eq!(proxy.map(&session, "zones").await.status, 200);
    let other = Proxy::with(no_timeouts()).await.world.get("/.well-known/jwks.json", &[]).await.body;
    proxy.gate.published.keys.fail_with(Outage::OtherDocument(other));
    proxy.world.clock.advance(299);
    assert_eq!(proxy.map(&session, "zones").await.status, 200, "the key set is fresh for five minutes");
    proxy.world.clock.advance(2);
    for _ in 0..2 {
        assert_eq!(proxy.map(&session, "zones").await.verdict(), (401, "unknown_key".into()));
    }
}
