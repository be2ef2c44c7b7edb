//! Three rotations under load, on a test clock. Verifiers that cache the key set for as long as they may accept every session
//! until it expires and none afterwards.

use std::{sync::Arc, time::Duration};

use axum::Router;
use entra_emulator::TokenSpec;
use pozi_auth::{
    adapters::{
        HttpGraph, HttpKeySets, Microsoft,
        aws::{Keys, Table, TablePublishedKeys, connection},
    },
    entra::{GroupResolver, KEY_LIFETIMES, NoApplications, TenantKeys},
    keyring::{PUBLISHED_LIFETIMES, RING_LIFETIMES, RingSigner, RotationRequest},
    revocation::LIST_LIFETIMES,
    session::{SessionKeySet, SessionRefusal, SessionVerifier},
    tenants::{CachedRegistry, REGISTRY_LIFETIMES},
    timestamp::{Clock, Timestamp},
};
use pozi_tests::{Fleet, ISSUER, PATIENT_LIMITS, SetClock, aws_at, exchanged};
use pozi_token_exchange::{Environment, Limits, Revocations, TokenExchange, UNLIMITED};

use super::fetch;

const STEP: u64 = 10 * 60;
/// Three rotations with one key a day, and the time for which the last retired key is kept.
const STEPS: u64 = 4 * 24 * 3_600 / STEP;

/// The AWS environment with a test clock.
struct AwsWithTestClock;

impl Environment for AwsWithTestClock {
    type Clock = SetClock;
    type Sites = Arc<CachedRegistry<Table>>;
    type KeySets = HttpKeySets;
    type Memory = Arc<CachedRegistry<Table>>;
    type Graph = HttpGraph;
    type Applications = NoApplications;
    type Signing = RingSigner<Table, Keys>;
    type Revocations = Table;
}

/// Starts an instance of token-exchange with the test clock.
pub(super) fn instance(fleet: &Fleet, clock: &SetClock) -> Router {
    let aws = connection(&aws_at(fleet.aws.url()));
    let table = Arc::new(Table::new(&aws, &fleet.table));
    let issuer = ISSUER.parse().unwrap();
    let keys = Keys::new(&aws, &fleet.signing, &fleet.table, &issuer);
    let registry = Arc::new(CachedRegistry::new(Arc::clone(&table), REGISTRY_LIFETIMES));
    let microsoft = Microsoft::new(Some(fleet.entra.url().parse().unwrap())).unwrap();
    let fetch = HttpKeySets::new(microsoft.clone()).with_timeout(PATIENT_LIMITS.call);
    pozi_token_exchange::router(Arc::new(TokenExchange::<AwsWithTestClock> {
        issuer,
        clock: clock.clone(),
        sites: Arc::clone(&registry),
        tenant_keys: TenantKeys::with_memory(fetch, registry, KEY_LIFETIMES),
        groups: GroupResolver::new(HttpGraph::new(microsoft)),
        limits: Limits::new(UNLIMITED),
        signing: RingSigner::new(Arc::clone(&table), keys, RING_LIFETIMES),
        revocations: Revocations::new(table, LIST_LIFETIMES),
        probe_tenant: None,
    }))
}

/// A verifier that fetches the key set only when its copy is older than `max_age` seconds, whatever key a session names.
struct Consumer {
    max_age: u64,
    held: Option<(SessionKeySet, u64)>,
}

impl Consumer {
    async fn verify(
        &mut self,
        jwks: &Router,
        session: &str,
        now: Timestamp,
        at: Timestamp,
    ) -> Result<(), SessionRefusal> {
        if self.held.as_ref().is_none_or(|(_, fetched)| now.unix_seconds() - fetched >= self.max_age) {
            let answer = fetch(jwks, "/.well-known/jwks.json").await;
            assert_eq!(answer.status, 200);
            self.held = Some((SessionKeySet::parse(&answer.body).unwrap(), now.unix_seconds()));
        }
        let (keys, _) = self.held.as_ref().unwrap();
        let site = pozi_auth::sites::Site::parse(&pozi_local::samples::site_files()[0].text).unwrap();
        let (url, tenant) = (site.external_url.to_string(), site.tenant());
        let verifier = SessionVerifier::new(ISSUER.parse().unwrap(), url, tenant, keys.clone());
        verifier.verify(session, at).await.map(drop)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_rotations_neither_end_a_session_early_nor_extend_one() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let clock = SetClock::at(pozi_auth::adapters::SystemClock.now().unix_seconds());
    let instances = [instance(&fleet, &clock), instance(&fleet, &clock)];
    let aws = connection(&aws_at(fleet.aws.url()));
    let published = TablePublishedKeys::new(Table::new(&aws, &fleet.table));
    let jwks = pozi_jwks::router(
        &ISSUER.parse().unwrap(),
        clock.clone(),
        Arc::new(published),
        PUBLISHED_LIFETIMES,
        pozi_jwks::MAX_AGE,
    );
    // The key set's own Cache-Control, the caching time of API Gateway, and no caching.
    let mut consumers = [10 * 60, 2 * 3_600, 0].map(|max_age| Consumer { max_age, held: None });
    let rotator = fleet.rotator();
    let (mut signers, mut sessions, mut checks) = (Vec::new(), Vec::new(), 0_usize);
    for step in 0..STEPS {
        clock.advance(STEP);
        if step % 2 == 0 {
            rotator.run(&RotationRequest::Due, clock.now()).await.unwrap();
        }
        let now = clock.now();
        let token = fleet.directory.token(&TokenSpec::default(), now.unix_seconds()).unwrap();
        let answers = tokio::join!(
            exchanged(&instances[0], &token),
            exchanged(&instances[1], &token),
            exchanged(&instances[0], &token)
        );
        for answer in [answers.0, answers.1, answers.2] {
            assert_eq!(answer.status, 200, "step {step}: {}", answer.json);
            let key = pozi_tests::part(answer.session(), 0)["kid"].as_str().unwrap().to_owned();
            if signers.last() != Some(&key) {
                signers.push(key);
            }
            sessions.push((answer.session().to_owned(), now));
        }
        // Every session is verified when it is new, in its last second, and after it has expired.
        for (session, minted) in sessions.drain(..) {
            for consumer in &mut consumers {
                for (after, is_valid) in [(0, true), (599, true), (600, false), (3_600, false)] {
                    let at = minted.plus(Duration::from_secs(after));
                    let verified = consumer.verify(&jwks, &session, now, at).await;
                    assert_eq!(verified.is_ok(), is_valid, "step {step}, after {after} s: {verified:?}");
                    checks += 1;
                }
            }
        }
    }
    signers.dedup();
    let rotations = signers.len() - 1;
    println!("{} exchanges, {checks} verifications, {rotations} rotations", STEPS * 3);
    assert!(rotations >= 3, "{rotations}");
    let distinct: std::collections::HashSet<_> = signers.iter().collect();
    assert_eq!(distinct.len(), signers.len(), "a key signs again after another");
}
