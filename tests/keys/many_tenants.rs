//! A run of rotate-keys for many tenants, some of whose key sets hang. Time is the test's own.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use entra_emulator::{EmulatedEntra, Version};
use pozi_auth::{
    entra::{KeySetFetch, KeySetLocation},
    fetch::FetchError,
    identifiers::TenantId,
    keyring::{RotationRequest, SoftwareKeys},
    revision::Revision,
    sites::Site,
    tenants::{AllTenants, Claims, KeySetStore, RegistryError, StoredSite},
    timestamp::Timestamp,
};
use pozi_local::samples;
use pozi_rotate_keys::{Environment, Refreshed, RotateKeys};
use pozi_tests::{MemoryRevocations, MemoryRing, NOW, World};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long a fetch takes that Entra answers, and how long one that it does not answer.
const ANSWERS: Duration = Duration::from_millis(200);
const HANGS: Duration = Duration::from_secs(5);
/// What Lambda gives a run (`Timeout` in the template).
const LAMBDA: Duration = Duration::from_mins(2);

struct Many;

impl Environment for Many {
    type Ring = MemoryRing;
    type Revocations = MemoryRevocations;
    type Keys = SoftwareKeys;
    type Tenants = Tenants;
    type KeySets = SlowEntra;
}

/// Tenants with one site each, and whose key sets were stored.
struct Tenants {
    all: Vec<(TenantId, Vec<StoredSite>)>,
    kept: Mutex<BTreeSet<String>>,
}

impl AllTenants for Tenants {
    async fn all(&self) -> Result<Vec<(TenantId, Vec<StoredSite>)>, RegistryError> {
        Ok(self.all.clone())
    }
}

impl KeySetStore for Tenants {
    async fn keep(&self, location: KeySetLocation, _: &[u8], _: Timestamp) -> Result<(), RegistryError> {
        self.kept.lock().unwrap().insert(format!("{location:?}"));
        Ok(())
    }
}

/// An Entra that does not answer for every `hangs`th tenant, by the last digits of its id.
struct SlowEntra {
    key_set: Vec<u8>,
    hangs: u128,
    takes: Duration,
}

impl KeySetFetch for SlowEntra {
    async fn fetch(&self, location: KeySetLocation) -> Result<Vec<u8>, FetchError> {
        let number = location.tenant.to_string().parse::<Uuid>().unwrap().as_u128();
        if number.is_multiple_of(self.hangs) {
            sleep(self.takes).await;
            return Err(FetchError::TimedOut("no answer".into()));
        }
        sleep(ANSWERS).await;
        Ok(self.key_set.clone())
    }
}

fn tenants(count: u128) -> Tenants {
    let sample = &samples::site_files()[0].text;
    let own = Site::parse(sample).unwrap().tenant().to_string();
    let stored = |number: u128| {
        let id = Uuid::from_u128((0xb << 76) | (0x4 << 60) | number).to_string();
        let document = sample.replace(&own, &id);
        let site = Site::parse(&document).unwrap();
        let stored = StoredSite {
            name: site.name.to_string(),
            revision: Revision(1),
            claims: Claims::held_by(&site),
            document,
            previous: None,
            edit: None,
        };
        (site.tenant(), vec![stored])
    };
    Tenants { all: (0..count).map(stored).collect(), kept: Mutex::default() }
}

/// Runs once and returns what that did, how many key sets are stored, and how long it took.
async fn run(function: &RotateKeys<Many>, at: u64) -> (Refreshed, usize, Duration) {
    let started = Instant::now();
    let now = Timestamp::from_unix_seconds(at);
    let done = function.run(&RotationRequest::Establish, now).await.unwrap();
    (done.key_sets, function.tenants.kept.lock().unwrap().len(), started.elapsed())
}

async fn function(count: u128, hangs: u128, takes: Duration) -> RotateKeys<Many> {
    let world = World::new().await;
    let entra: &EmulatedEntra = &world.entra;
    RotateKeys {
        ring: world.ring.clone(),
        revocations: world.revocations.clone(),
        keys: SoftwareKeys,
        policy: world.policy,
        probe_tenant: None,
        tenants: Arc::new(tenants(count)),
        key_sets: Arc::new(SlowEntra {
            key_set: entra.key_set(Version::V1).to_string().into_bytes(),
            hangs,
            takes,
        }),
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_for_a_thousand_tenants_ends_in_time_while_entra_hangs_for_a_third() {
    let function = function(1_000, 3, HANGS).await;
    let (done, kept, took) = run(&function, NOW).await;
    assert_eq!((done, kept), (Refreshed { kept: 1_332, failed: 668 }, 1_332));
    assert!(took < LAMBDA / 2, "it took {took:?}");
}

/// What one run has no time for, another one does: each begins elsewhere.
#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_end_gives_up_in_time_and_leaves_out_other_tenants_each_time() {
    let function = function(200, 2, Duration::from_mins(10)).await;
    let mut stored = BTreeSet::new();
    for runs in 0..6 {
        let (done, kept, took) = run(&function, NOW + runs * 15 * 60).await;
        assert!(took < LAMBDA, "it took {took:?}");
        assert_eq!(done.kept + done.failed, 400);
        stored.insert(kept);
    }
    assert!(stored.first() < Some(&200), "no run has time for all: {stored:?}");
    assert_eq!(stored.last(), Some(&200), "all whose key sets answer: {stored:?}");
}
