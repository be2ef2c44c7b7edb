//! Revocations over restarts of the gate, and a gate that is cut off from the service.

use std::{fs, path::Path, sync::Arc, time::Duration};

use entra_emulator::Person;
use pozi_auth::{
    adapters::{KeySetFile, RevocationDocumentFile},
    revocation::RevokedKind,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    sites::{PastRevocationLimit, Site as SiteRules},
    timestamp::Clock as _,
};
use pozi_gate::{Status, StoredKeys, StoredRevocations};
use pozi_tests::{Outage, Published, PublishedDocument, World};

use super::{
    revocations::revoke,
    site::{Site, riverbend},
};

/// A gate that keeps its state in a folder.
struct Process {
    site: Site,
    keys: StoredKeys<PublishedDocument>,
    revocations: StoredRevocations<PublishedDocument, PublishedDocument>,
}

impl Process {
    /// Starts it as the daemon does, except for the first fetch.
    fn start(world: &World, folder: &Path) -> Self {
        let (published, issuer, now) = (Published::of(world), world.issuer.clone(), world.clock.now());
        let keys = Arc::new(IssuerKeys::new(published.keys.clone(), ISSUER_KEY_LIFETIMES));
        let stored_keys = StoredKeys::load(Arc::clone(&keys), KeySetFile::new(folder, issuer.clone()), now);
        let file = RevocationDocumentFile::new(folder, issuer.clone());
        let revocations = StoredRevocations::load((issuer, keys), published.revocations.clone(), file, now);
        let site = Site::with(world.clone(), published, Arc::clone(revocations.revocations()));
        Self { site, keys: stored_keys, revocations }
    }

    /// Starts it while the service cannot be reached.
    fn start_cut_off(world: &World, folder: &Path) -> Self {
        let process = Self::start(world, folder);
        process.site.published.keys.fail_with(Outage::Unavailable);
        process.site.published.revocations.fail_with(Outage::Unavailable);
        process
    }

    /// What the daemon does every few seconds.
    async fn renew(&mut self) {
        let now = self.site.world.clock.now();
        self.keys.renew(now).await;
        self.revocations.renew(now).await;
    }

    /// Returns the reason why `session` may not read planning; nothing if it may.
    async fn refusal(&self, session: &str) -> Option<String> {
        self.site.reads("planning", session).await.json["reason"].as_str().map(str::to_owned)
    }
}

/// Riverbend's rules with a limit of five minutes.
fn limited(world: &World, past: PastRevocationLimit) -> SiteRules {
    let limit = Duration::from_mins(5);
    SiteRules { revocation_limit: limit, past_revocation_limit: past, ..riverbend(world) }
}

#[tokio::test]
async fn a_restart_without_the_service_forgets_no_revocation() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let mut first = Process::start(&world, folder.path());
    first.renew().await;
    let (revoked, other) =
        (first.site.session(Person::Reader).await, first.site.session(Person::Reader).await);
    revoke(&world, RevokedKind::Session, &revoked).await;
    world.clock.advance(20);
    first.renew().await;
    let second = Process::start_cut_off(&world, folder.path());
    assert_eq!(second.refusal(&revoked).await.as_deref(), Some("revoked"));
    assert_eq!(second.refusal(&other).await, None);

    let path = folder.path().join("revocations.json");
    let good = fs::read_to_string(&path).unwrap();
    let spoils: [(&str, String); 5] = [
        ("empty", String::new()),
        ("cut off", good[..good.len() / 2].to_owned()),
        ("another issuer", good.replace(world.issuer.as_str(), "https://other.example")),
        ("another document", good.replace(".eyJ", ".eyK")),
        ("no keys", good.replace("\"keys\":[", "\"keys\":[],\"others\":[")),
    ];
    for (what, text) in spoils {
        assert_ne!(text, good, "{what}");
        fs::write(&path, &text).unwrap();
        let mut third = Process::start(&world, folder.path());
        assert!(third.site.health().report().revocations.sequence.is_none(), "{what}: it is ignored");
        third.renew().await;
        assert_eq!(third.refusal(&revoked).await.as_deref(), Some("revoked"), "{what}: fetched");
        let again = Process::start_cut_off(&world, folder.path());
        assert_eq!(again.refusal(&revoked).await.as_deref(), Some("revoked"), "{what}: stored");
    }
}

/// The document is 0 s old at the start of a test's world.
#[tokio::test]
async fn cut_off_a_site_closes_exactly_past_its_limit_or_goes_on_across_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let mut first = Process::start(&world, folder.path());
    first.renew().await;
    let session = first.site.session(Person::Reader).await;
    for (seconds, close, serve) in [
        (200, None, None),
        (300, None, None),
        (301, Some("revocations_unavailable"), None),
        (599, Some("revocations_unavailable"), None),
    ] {
        world.clock.set(pozi_tests::NOW + seconds);
        for (past, expected) in [(PastRevocationLimit::Close, close), (PastRevocationLimit::Serve, serve)] {
            let process = Process::start_cut_off(&world, folder.path());
            let site = process.site.reloaded(&limited(&world, past));
            let answer = site.reads("planning", &session).await;
            assert_eq!(answer.json["reason"].as_str(), expected, "{past:?} after {seconds} s");
            assert_eq!(answer.header("retry-after"), if expected.is_some() { "10" } else { "" });
        }
    }
}

#[tokio::test]
async fn a_gate_that_never_had_a_document_waits_as_long_and_a_restart_does_not_begin_anew() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let session = Site::of(world.clone()).session(Person::Reader).await;
    for (seconds, expected, status) in [
        (0, None, Status::Ok),
        (200, None, Status::Ok),
        (300, None, Status::Ok),
        (301, Some("revocations_unavailable"), Status::Failing),
    ] {
        world.clock.set(pozi_tests::NOW + seconds);
        let mut process = Process::start(&world, folder.path());
        process.site.published.revocations.fail_with(Outage::Unavailable);
        process.renew().await;
        let site = process.site.reloaded(&limited(&world, PastRevocationLimit::Close));
        let answer = site.reads("planning", &session).await;
        assert_eq!(answer.json["reason"].as_str(), expected, "after {seconds} s");
        let report = site.health().report();
        assert_eq!((report.status, report.revocations.is_closed), (status, expected.is_some()));
        assert_eq!(report.revocations.sequence, None);
        assert_eq!(report.revocations.problem.is_some(), expected.is_some(), "{report:?}");
    }
    world.clock.advance(10);
    let mut process = Process::start(&world, folder.path());
    process.renew().await;
    let site = process.site.reloaded(&limited(&world, PastRevocationLimit::Close));
    assert_eq!(site.reads("planning", &session).await.status, 204, "a document at last");
}
