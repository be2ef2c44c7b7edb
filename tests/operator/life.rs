//! A council's whole life: it observes, its rules are enforced, a group is removed, a person is dismissed, a key leaks, and it
//! leaves. The operator's program, the exchange with the registry on an emulated AWS, and the gate, all at one clock.

use std::{fs, path::PathBuf, sync::Arc};

use axum::{Router, body::Body};
use entra_emulator::{Person, TokenSpec};
use http::Request;
use pozi_auth::{
    keyring::RotationRequest,
    revocation::Revoked,
    tenants::{CachedRegistry, REGISTRY_LIFETIMES},
};
use pozi_gate::{Gate, Routes};
use pozi_tests::{Answer, Fleet, Published, World, exchange_form, form_request, part, riverbend_with, send};
use tempfile::TempDir;
use tokio::time::{Duration, sleep, timeout};

use super::observe::told_at;

/// The end of 2027-02-01, in seconds since the Unix epoch.
const END_OF_OBSERVATION: u64 = 1_801_526_400;
/// How long an exchange uses what it read of a site without reading it again, and more.
const CACHED: u64 = 2 * 60;
/// How long an exchange may use the list of what was revoked: as long as it is fresh, and as long again while one request reads
/// it anew.
const LIST_READ: u64 = 2 * 5;
const PLANNERS: &str = "read = [\"02f1ea5a-8a90-454c-9ecb-df4562c6afd7\"] # planners";

/// A council, and what serves it.
struct Council {
    world: World,
    fleet: Fleet,
    exchange: Router,
    folder: TempDir,
}

impl Council {
    /// `None` without an emulated AWS.
    async fn new() -> Option<Self> {
        let (world, fleet) = (World::new().await, Fleet::without_sites().await?);
        let registry = CachedRegistry::new(Arc::new(fleet.store()), REGISTRY_LIFETIMES);
        let exchange = world.exchange_with(registry, world.key_sets.clone());
        Some(Self { world, fleet, exchange, folder: tempfile::tempdir().unwrap() })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("riverbend.toml")
    }

    /// Runs `pozi` at this time.
    async fn pozi(&self, words: &[&str]) -> String {
        let words = [words, &["--table", &self.fleet.table]].concat();
        told_at(self.world.clock.unix_seconds(), &words).await.unwrap()
    }

    /// Stores `text`, and waits until every exchange reads it again when it is asked.
    async fn push(&self, text: &str) -> String {
        fs::write(self.file(), text).unwrap();
        let pushed = self.pozi(&["push", "--yes", self.file().to_str().unwrap()]).await;
        self.world.clock.advance(CACHED);
        pushed
    }

    /// Exchanges a new Entra token of `person`.
    async fn exchange(&self, person: Person) -> Answer {
        self.exchange_token(&self.token(person)).await
    }

    /// Exchanges new Entra tokens of `person` until the answer is by the new rules: an exchange answers by those that it knows
    /// while it reads them.
    async fn soon(&self, person: Person, is_new: impl Fn(&Answer) -> bool) -> Answer {
        let asks = async {
            loop {
                let answer = self.exchange(person).await;
                if is_new(&answer) {
                    return answer;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_mins(2), asks).await.unwrap()
    }

    /// Exchanges an Entra token.
    async fn exchange_token(&self, token: &str) -> Answer {
        send(self.exchange.clone(), form_request(&exchange_form(token, &[]), &[])).await
    }

    /// Returns a new Entra token of `person`.
    fn token(&self, person: Person) -> String {
        self.world.token(&TokenSpec { person, ..TokenSpec::default() })
    }

    /// Returns the reason why the gate, which has the same site file, does not let `session` read `catalogue`; empty if it does.
    async fn refused(&self, catalogue: &str, session: &str) -> String {
        let text = fs::read_to_string(self.file()).unwrap();
        let site = pozi_auth::sites::Site::parse(&text).unwrap();
        let gate = Gate::of_site(self.world.issuer.clone(), &site, Published::of(&self.world).cached());
        let audience = site.external_url.as_str().to_owned();
        let clock = self.world.clock.clone();
        let request = Request::get("/decide")
            .header("x-pozi-catalogue", catalogue)
            .header("x-pozi-method", "GET")
            .header("x-pozi-session", session)
            .body(Body::empty())
            .unwrap();
        let answer = send(pozi_gate::router(Routes { gate, clock, site: audience }), request).await;
        answer.json["reason"].as_str().unwrap_or_default().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_councils_whole_life() {
    let Some(council) = Council::new().await else { return };
    observes(&council).await;
    enforces_on_its_day(&council).await;
    removes_a_group(&council).await;
    dismisses_a_person(&council).await;
    loses_a_key(&council).await;
    leaves(&council).await;
}

/// Nobody is shut out on the first day, and every session says what the rules would have opened.
async fn observes(council: &Council) {
    let pushed = council.push(&riverbend_with("enforcement = \"observe until 2027-02-01\"").text).await;
    assert!(pushed.contains("riverbend: created as revision 1"), "{pushed}");
    assert!(pushed.contains("opens every catalogue"), "{pushed}");
    for (person, enforced) in
        [(Person::Reader, "heritage:read planning:read"), (Person::NoGroups, ""), (Person::Overage, "")]
    {
        let answer = council.exchange(person).await;
        assert_eq!(part(answer.session(), 1)["enforced_scope"], enforced, "{person}");
        for catalogue in ["planning", "heritage", "assets"] {
            assert_eq!(council.refused(catalogue, answer.session()).await, "", "{person} {catalogue}");
        }
    }
}

/// Without anybody doing anything: the last sessions end with the day, and the next ones follow the rules.
async fn enforces_on_its_day(council: &Council) {
    let clock = &council.world.clock;
    clock.set(END_OF_OBSERVATION - 20);
    let last = council.exchange(Person::NoGroups).await;
    assert_eq!(part(last.session(), 1)["exp"], END_OF_OBSERVATION);
    assert_eq!(council.refused("assets", last.session()).await, "");
    clock.set(END_OF_OBSERVATION);
    assert_eq!(council.refused("assets", last.session()).await, "expired");
    assert_eq!(council.exchange(Person::NoGroups).await.refusal().1, "no_catalogue");
    let reader = council.exchange(Person::Reader).await;
    assert_eq!(reader.scope(), "heritage:read planning:read");
    assert_eq!(part(reader.session(), 1).get("enforced_scope"), None);
    assert_eq!(council.refused("planning", reader.session()).await, "");
    assert_eq!(council.refused("assets", reader.session()).await, "scope");
}

/// The planners' group loses a catalogue, and no session of before opens it any longer.
async fn removes_a_group(council: &Council) {
    let before = council.exchange(Person::Reader).await;
    let text = riverbend_with("minimum_revision = 2").text;
    assert!(text.contains(PLANNERS));
    let pushed = council.push(&text.replacen(PLANNERS, "read = []", 1)).await;
    assert!(pushed.contains("riverbend: updated from revision 1 to 2"), "{pushed}");
    assert_eq!(council.refused("planning", before.session()).await, "policy_outdated");
    let first = council.exchange(Person::Reader).await;
    assert_eq!(part(first.session(), 1)["policy_revision"], 1, "by the rules that the exchange knows");
    assert_eq!(council.refused("planning", first.session()).await, "policy_outdated");
    let after =
        council.soon(Person::Reader, |answer| part(answer.session(), 1)["policy_revision"] == 2).await;
    assert_eq!(after.scope(), "heritage:read");
    assert_eq!(council.refused("planning", after.session()).await, "scope");
    assert_eq!(council.refused("heritage", after.session()).await, "");
}

/// The person's sessions end, and no token of before gives another. Nobody else notices.
async fn dismisses_a_person(council: &Council) {
    let token = council.token(Person::Reader);
    let [theirs, other] = [council.exchange_token(&token).await, council.exchange(Person::Editor).await];
    let claim = |name: &str| part(&token, 1)[name].as_str().unwrap().to_owned();
    let (tenant, object) = (claim("tid").parse().unwrap(), claim("oid").parse().unwrap());
    council.world.revoke(Revoked::Person { tenant, object });
    council.world.clock.advance(LIST_READ);
    assert_eq!(council.refused("heritage", theirs.session()).await, "revoked");
    assert_eq!(council.exchange_token(&token).await.refusal().1, "revoked");
    assert_eq!(council.refused("heritage", other.session()).await, "");
}

/// Every session of the key ends, whatever it says, and the next ones are signed with another.
async fn loses_a_key(council: &Council) {
    let before = council.exchange(Person::Editor).await;
    let leaked = serde_json::from_value(part(before.session(), 0)["kid"].clone()).unwrap();
    council.world.run(&RotationRequest::Revoke(leaked)).await.unwrap();
    council.world.clock.advance(LIST_READ);
    // This gate has never seen the key; one that has says `revoked`.
    assert_eq!(council.refused("heritage", before.session()).await, "unknown_key");
    let after = council.exchange(Person::Editor).await;
    assert_ne!(part(after.session(), 0)["kid"], part(before.session(), 0)["kid"]);
    assert_eq!(council.refused("heritage", after.session()).await, "");
}

/// No further session is issued, and the last one ends by itself.
async fn leaves(council: &Council) {
    let last = council.exchange(Person::Editor).await;
    let removed = council.pozi(&["remove", "--confirm", "riverbend", "riverbend"]).await;
    assert!(removed.starts_with("riverbend: removed."), "{removed}");
    council.world.clock.advance(CACHED);
    council.soon(Person::Editor, |answer| answer.refusal().1 == "unknown_tenant").await;
    council.world.clock.set(part(last.session(), 1)["exp"].as_u64().unwrap());
    assert_eq!(council.refused("heritage", last.session()).await, "expired");
}
