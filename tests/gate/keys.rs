//! The issuer's keys at the gate: outages, rotations, and a restart with only the stored keys.

use std::{fs, sync::Arc};

use entra_emulator::Person;
use pozi_auth::{adapters::KeySetFile, session::ISSUER_KEY_LIFETIMES, timestamp::Clock};
use pozi_gate::{Status, StoredKeys};
use pozi_tests::{Outage, PublishedDocument};
use serde_json::{Value, json};

use super::site::Site;

const HOUR: u64 = 3_600;

#[tokio::test]
async fn keys_outlast_an_outage_of_the_issuer_for_a_day_and_then_requests_are_503() {
    let site = Site::new().await;
    let health = site.health();
    let never = health.report();
    assert_eq!((never.status, never.keys.age_seconds), (Status::Failing, None), "never had keys");
    site.published.keys.fail_with(Outage::Unavailable);
    let session = site.session(Person::Reader).await;
    let answer = site.reads("planning", &session).await;
    assert_eq!((answer.status.as_u16(), &answer.json["reason"]), (503, &json!("keys_unavailable")));
    assert!(answer.header("www-authenticate").is_empty());

    site.published.keys.recover();
    site.world.clock.advance(30);
    assert_eq!(site.reads("planning", &session).await.status, 204);
    for trouble in [
        Outage::Unavailable,
        Outage::OtherDocument(b"<html>".to_vec()),
        Outage::OtherDocument(br#"{"keys":[]}"#.to_vec()),
    ] {
        site.published.keys.fail_with(trouble);
        site.world.clock.advance(7 * HOUR);
        let session = site.session(Person::Reader).await;
        assert_eq!(site.reads("planning", &session).await.status, 204);
        assert_eq!(health.report().status, Status::Ok);
    }
    site.world.clock.advance(3 * HOUR);
    let session = site.session(Person::Reader).await;
    assert_eq!(site.reads("planning", &session).await.status, 503);
    let report = health.report();
    assert_eq!(report.status, Status::Failing);
    assert_eq!((report.keys.count, report.keys.age_seconds), (1, Some(24 * HOUR)));
}

#[tokio::test]
async fn follows_a_rotation_and_fetches_once_in_30_seconds_for_unknown_keys() {
    let site = Site::new().await;
    assert_eq!(site.reads("planning", &site.session(Person::Reader).await).await.status, 204);
    for hours in [7 * 24 - 3, 3] {
        site.world.clock.advance(hours * HOUR);
        site.world.rotate().await;
        let session = site.session(Person::Reader).await;
        assert_eq!(site.reads("planning", &session).await.status, 204, "after {hours} h");
    }
    let stranger = Site::new().await.session(Person::Reader).await;
    let before = site.published.keys.calls();
    for _ in 0..50 {
        assert_eq!(site.reads("planning", &stranger).await.json["reason"], "unknown_key");
    }
    assert_eq!(site.published.keys.calls(), before + 1);
}

/// Restarts the gate with the keys stored in `folder`, while the issuer is down.
fn restarted(site: &Site, folder: &std::path::Path) -> (Site, StoredKeys<PublishedDocument>) {
    let other = Site::of(site.world.clone());
    other.published.keys.fail_with(Outage::Unavailable);
    let file = KeySetFile::new(folder, site.world.issuer.clone());
    let stored_keys = StoredKeys::load(Arc::clone(other.keys.keys()), file, site.world.clock.now());
    (other, stored_keys)
}

#[tokio::test]
async fn a_restart_without_the_issuer_uses_stored_keys_for_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let (first, mut stored_keys) = restarted(&site, folder.path());
    stored_keys.renew(site.world.clock.now()).await;
    assert!(!folder.path().join("key-set.json").exists(), "nothing was fetched, so nothing is stored");
    first.published.keys.recover();
    site.world.clock.advance(30);
    stored_keys.renew(site.world.clock.now()).await;

    let stored: Value =
        serde_json::from_slice(&fs::read(folder.path().join("key-set.json")).unwrap()).unwrap();
    assert_eq!(stored["key_set"], site.world.get("/.well-known/jwks.json", &[]).await.json);
    site.world.clock.advance(60);
    let (second, _) = restarted(&site, folder.path());
    assert_eq!(second.reads("planning", &session).await.status, 204);
    assert_eq!(second.published.keys.calls(), 0, "the issuer is not asked");

    site.world.clock.advance(24 * HOUR);
    let (third, _) = restarted(&site, folder.path());
    assert_eq!(third.reads("planning", &session).await.status, 503, "too old");
}

#[tokio::test]
async fn keys_that_were_stored_while_the_clock_was_ahead_are_replaced_once_it_is_right() {
    const YEAR: u64 = 365 * 24 * HOUR;
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let right = site.world.clock.unix_seconds();
    let (first, mut stored_keys) = restarted(&site, folder.path());
    first.published.keys.recover();
    site.world.clock.set(right + YEAR);
    stored_keys.renew(site.world.clock.now()).await;
    site.world.clock.set(right);
    let (second, _) = restarted(&site, folder.path());
    assert_eq!(second.reads("planning", &session).await.status, 503, "stored in the future");

    stored_keys.renew(site.world.clock.now()).await;
    let (third, _) = restarted(&site, folder.path());
    assert_eq!(third.reads("planning", &session).await.status, 204);

    let health = first.health();
    site.world.clock.set(right - YEAR);
    let report = health.report();
    assert_eq!((report.status, report.keys.age_seconds), (Status::Failing, None));
}

type Spoil = fn(&mut Value);

#[tokio::test]
async fn a_key_set_on_disk_that_was_tampered_with_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key-set.json");
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let (first, mut stored_keys) = restarted(&site, folder.path());
    first.published.keys.recover();
    stored_keys.renew(site.world.clock.now()).await;
    let good: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(restarted(&site, folder.path()).0.reads("planning", &session).await.status, 204);

    let spoils: [(&str, Spoil); 6] = [
        ("another key", |file| file["key_set"]["keys"][0]["x"] = "A".repeat(43).into()),
        ("another name", |file| file["key_set"]["keys"][0]["kid"] = "x".into()),
        ("a private member", |file| file["key_set"]["keys"][0]["d"] = "AQAB".into()),
        ("another issuer", |file| file["issuer"] = "https://other.example".into()),
        ("from the future", |file| file["fetched"] = json!(file["fetched"].as_u64().unwrap() + HOUR)),
        ("no keys", |file| file["key_set"]["keys"] = json!([])),
    ];
    let mut texts: Vec<(&str, Vec<u8>)> = vec![("empty", vec![]), ("rubbish", b"\0<html>".to_vec())];
    texts.push(("cut off", good.to_string().into_bytes()[..60].to_vec()));
    for (what, spoil) in spoils {
        let mut spoiled = good.clone();
        spoil(&mut spoiled);
        texts.push((what, spoiled.to_string().into_bytes()));
    }
    for (what, text) in texts {
        fs::write(&path, text).unwrap();
        let (gate, mut stored_keys) = restarted(&site, folder.path());
        assert_eq!(gate.reads("planning", &session).await.status, 503, "{what}");
        gate.published.keys.recover();
        site.world.clock.advance(30);
        stored_keys.renew(site.world.clock.now()).await;
        assert_eq!(gate.reads("planning", &session).await.status, 204, "{what}: fetched from the issuer");
        let (again, _) = restarted(&site, folder.path());
        assert_eq!(again.reads("planning", &session).await.status, 204, "{what}: stored again");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_set_that_others_could_have_written_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key-set.json");
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let (first, mut stored_keys) = restarted(&site, folder.path());
    first.published.keys.recover();
    stored_keys.renew(site.world.clock.now()).await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for (place, mode, status) in [
        (path.as_path(), 0o644, 204),
        (&path, 0o664, 503),
        (&path, 0o602, 503),
        (&path, 0o600, 204),
        (folder.path(), 0o777, 503),
        (folder.path(), 0o755, 204),
    ] {
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
        let found = restarted(&site, folder.path()).0.reads("planning", &session).await.status;
        assert_eq!(found, status, "{mode:o} {}", place.display());
    }
    // Only root can change a file's owner; other users test the modes only.
    if std::os::unix::fs::chown(&path, Some(65_533), None).is_ok() {
        assert_eq!(
            restarted(&site, folder.path()).0.reads("planning", &session).await.status,
            503,
            "owned by another user"
        );
    }
}

/// Another user can choose where a link leads, even if the file behind it is valid.
#[cfg(unix)]
#[tokio::test]
async fn a_key_set_behind_a_link_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let (first, mut stored_keys) = restarted(&site, &state);
    first.published.keys.recover();
    stored_keys.renew(site.world.clock.now()).await;
    assert_eq!(restarted(&site, &state).0.reads("planning", &session).await.status, 204);

    let linked_folder = folder.path().join("linked");
    std::os::unix::fs::symlink(&state, &linked_folder).unwrap();
    assert_eq!(restarted(&site, &linked_folder).0.reads("planning", &session).await.status, 503);
    let linked_file = folder.path().join("other");
    fs::create_dir(&linked_file).unwrap();
    std::os::unix::fs::symlink(state.join("key-set.json"), linked_file.join("key-set.json")).unwrap();
    assert_eq!(restarted(&site, &linked_file).0.reads("planning", &session).await.status, 503);
}

#[test]
fn uses_keys_as_long_as_the_service_tells_its_consumers() {
    assert_eq!(ISSUER_KEY_LIFETIMES.fresh, pozi_jwks::MAX_AGE);
    assert_eq!(ISSUER_KEY_LIFETIMES.keep.as_secs(), 86_400);
}
