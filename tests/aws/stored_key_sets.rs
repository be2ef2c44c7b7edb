//! What stored key sets cost: the writes of many runs, the reads of many exchanges, and a run for many tenants while Entra does
//! not answer for some of them.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, PutRequest, WriteRequest},
};
use axum::{Router, extract::Path, http::StatusCode};
use entra_emulator::Version;
use pozi_auth::{
    adapters::{
        HttpKeySets, Microsoft, SystemClock,
        aws::{Table, connection},
    },
    hash::sha256_hex,
    keyring::RotationRequest,
    sites::Site,
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_rotate_keys::{Refreshed, RotateKeys, aws::OnAws};
use pozi_tests::{EmulatedAws, FaultProxy, Fleet, SetClock, aws_at, exchanged, riverbend_tenant};
use uuid::Uuid;

use super::load::instance;

/// How often each operation was called since the last call.
fn calls(proxy: &FaultProxy) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for seen in proxy.take_seen() {
        *calls.entry(seen.what).or_default() += 1;
    }
    calls
}

/// The units that DynamoDB counts for a write of `bytes`, one for each started kilobyte.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>.
fn units(bytes: usize) -> usize {
    bytes.div_ceil(1024)
}

/// A day of runs, every 15 minutes, in which Entra replaces its keys once. Of the table's `PutItem`s none is for a key set.
#[tokio::test(flavor = "multi_thread")]
async fn key_sets_that_did_not_change_are_not_written_again() {
    const RUNS: u64 = 24 * 4;
    let Some(fleet) = Fleet::sealed().await else { return };
    let (rotator, start) = (fleet.rotator(), SystemClock.now());
    let (mut whole, mut seen_again, mut units_before, mut units_now) = (0, 0, 0, 0);
    for run in 1..=RUNS {
        if run == RUNS / 2 {
            fleet.directory.roll_keys();
        }
        let now = start.plus(Duration::from_mins(15 * run));
        let done = rotator.run(&RotationRequest::Due, now).await.unwrap();
        assert_eq!(done.key_sets, Refreshed { kept: 4, failed: 0 }, "run {run}");
        let calls = calls(&fleet.aws);
        let count = |what: &str| calls.get(what).copied().unwrap_or_default();
        let sizes =
            [Version::V1, Version::V2].map(|version| fleet.directory.key_set(version).to_string().len());
        let of_all = 2 * sizes.map(units).iter().sum::<usize>();
        whole += count("TransactWriteItems");
        seen_again += count("UpdateItem");
        units_before += of_all;
        // Every condition that does not hold counts too, and a write in a transaction twice.
        units_now += count("UpdateItem") + count("TransactWriteItems") / 4 * (2 * of_all + 2 * 4);
    }
    let per_day = |units: usize| units * 1_000 / 2;
    println!(
        "a day of {RUNS} runs for 2 tenants: {whole} sets written, {seen_again} times seen; \
         write units of 1,000 tenants: {} before, {} now",
        per_day(units_before),
        per_day(units_now)
    );
    assert_eq!(
        (whole, seen_again),
        (4, 4 * usize::try_from(RUNS).unwrap()),
        "each set is written once, as it changes"
    );
}

/// The sites are read every minute, their large key sets every quarter of an hour, and nothing else while they are fresh.
#[tokio::test(flavor = "multi_thread")]
async fn key_sets_are_read_every_quarter_of_an_hour() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let clock = SetClock::at(SystemClock.now().unix_seconds());
    let (instance, token) = (instance(&fleet, &clock), fleet.token());
    let mut reads = Vec::new();
    for minute in 0..20 {
        // The sites are read in the background: until that is seen, another exchange makes no further read.
        let batches = loop {
            assert_eq!(exchanged(&instance, &token).await.status, 200);
            let batches = fleet.aws.take_seen().into_iter().filter(|seen| seen.what == "BatchGetItem");
            let batches: Vec<_> = batches.collect();
            if !batches.is_empty() {
                break batches;
            }
        };
        let with_key_sets = batches.iter().map(|seen| String::from_utf8_lossy(&seen.body).contains("keys#"));
        reads.push((minute, with_key_sets.collect::<Vec<_>>()));
        clock.advance(60);
    }
    let expected = (0..20).map(|minute| (minute, vec![minute % 15 == 0]));
    assert_eq!(reads, expected.collect::<Vec<_>>());
    assert_eq!(fleet.entra.take_seen().len(), 0, "Entra is called");
}

/// Before, key sets were stored beside the tenant's sites.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_release_stored_is_ignored_and_entra_asked_until_the_first_run() {
    let Some(fleet) = Fleet::without_key_sets().await else { return };
    let client = aws_sdk_dynamodb::Client::new(&connection(&aws_at(EmulatedAws::running().unwrap().url())));
    let put = client.put_item().table_name(&fleet.table);
    let put = put.item("pk", AttributeValue::S(format!("tenant#{}", riverbend_tenant())));
    let put = put.item("sk", AttributeValue::S("keys#1.0".into()));
    let put = put.item("document", AttributeValue::B(Blob::new("an old key set")));
    let fetched = SystemClock.now().unix_seconds().to_string();
    put.item("fetched", AttributeValue::N(fetched)).send().await.unwrap();
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
    assert_eq!(fleet.entra.take_seen().len(), 1, "Entra has it");
    assert_eq!(fleet.rotate(&RotationRequest::Due).await.unwrap().key_sets, Refreshed { kept: 4, failed: 0 });
    fleet.entra.take_seen();
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
    assert_eq!(fleet.entra.take_seen().len(), 0, "the run has stored it");
}

/// Entra answers after `ANSWERS`, and never for every third tenant. The others' key sets are stored and have not changed: the
/// emulated AWS copies the whole table for each transaction. `POZI_TENANTS=1000` measures what a run takes then.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_for_many_tenants_ends_in_time_while_entra_hangs_for_a_third() {
    const ANSWERS: Duration = Duration::from_millis(200);
    /// What Lambda gives a run (`Timeout` in the template).
    const LAMBDA: Duration = Duration::from_mins(2);
    let count = std::env::var("POZI_TENANTS").ok().map_or(30, |count| count.parse::<usize>().unwrap());
    let Some(mut fleet) = Fleet::without_sites().await else { return };
    let tenants: Vec<_> =
        (0..count).map(|number| Uuid::from_u128((0xb << 76) | (0x4 << 60) | number as u128)).collect();
    store(&fleet, &tenants).await;
    fleet.entra = slow_entra(&fleet, tenants.iter().copied().step_by(3).collect(), ANSWERS).await;
    let aws = connection(&aws_at(fleet.aws.url()));
    // Entra's timeout is that of production; the emulated AWS is given more time.
    let entra = HttpKeySets::new(Microsoft::new(Some(fleet.entra.url().parse().unwrap())).unwrap());
    let rotator = RotateKeys::<OnAws> {
        tenants: Arc::new(Table::new(&aws, &fleet.table)),
        key_sets: Arc::new(entra),
        ..fleet.rotator()
    };
    fleet.aws.take_seen();
    let began = Instant::now();
    let done = rotator.run(&RotationRequest::Due, SystemClock.now()).await.unwrap();
    let (took, hung) = (began.elapsed(), 2 * count.div_ceil(3));
    let calls = calls(&fleet.aws);
    println!("a run for {count} tenants: {took:?}, {:?}, {calls:?}", done.key_sets);
    let kept = 2 * count - hung;
    assert_eq!(done.key_sets, Refreshed { kept, failed: hung });
    assert_eq!((calls.get("UpdateItem"), calls.get("TransactWriteItems")), (Some(&kept), None));
    assert!(took < LAMBDA, "it took {took:?}");
}

/// Stores a site with its claims and key sets for each of `tenants`, many items in a call.
async fn store(fleet: &Fleet, tenants: &[Uuid]) {
    let document = fleet.directory.key_set(Version::V1).to_string();
    let items = tenants.iter().enumerate().flat_map(|(number, tenant)| {
        let key_sets = ["1.0", "2.0"].map(|version| key_set_items(&tenant.to_string(), version, &document));
        [site_items(&tenant.to_string(), &format!("riverbend-{number}")), key_sets.concat()].concat()
    });
    let items: Vec<_> = items.collect();
    let client = aws_sdk_dynamodb::Client::new(&connection(&aws_at(EmulatedAws::running().unwrap().url())));
    for batch in items.chunks(25) {
        let puts = batch.iter().map(|item| {
            let item = item.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        client.batch_write_item().request_items(&fleet.table, puts.collect()).send().await.unwrap();
    }
}

type NewItem = Vec<(&'static str, AttributeValue)>;

/// A site of riverbend's document with another tenant and name, and its claims.
fn site_items(tenant: &str, name: &str) -> Vec<NewItem> {
    let sample = &samples::site_files()[0].text;
    let own = Site::parse(sample).unwrap().tenant().to_string();
    let document = sample.replace(&own, tenant).replace("riverbend", name);
    let url = Site::parse(&document).unwrap().external_url.to_string();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let claim = |key: String| {
        vec![("pk", text(&key)), ("sk", text("claim")), ("tenant", text(tenant)), ("site", text(name))]
    };
    let keys = [("pk", text(&format!("tenant#{tenant}"))), ("sk", text(&format!("site#{name}")))];
    let site = [keys, [("document", text(&document)), ("external_url", text(&url))]].concat();
    vec![site, claim(format!("claim#url#{url}")), claim(format!("claim#name#{name}"))]
}

/// A key set that was last seen a quarter of an hour ago.
fn key_set_items(tenant: &str, version: &str, document: &str) -> Vec<NewItem> {
    let text = |text: String| AttributeValue::S(text);
    let fetched = AttributeValue::N((SystemClock.now().unix_seconds() - 15 * 60).to_string());
    let item = |sk: String, content| {
        vec![("pk", text(format!("keys#{tenant}"))), ("sk", text(sk)), ("fetched", fetched.clone()), content]
    };
    vec![
        item(version.to_owned(), ("document", AttributeValue::B(Blob::new(document)))),
        item(format!("{version}#seen"), ("sha256", text(sha256_hex(document.as_bytes())))),
    ]
}

/// Serves the key sets of every tenant after `answers`, and nothing for those that `hang`.
async fn slow_entra(fleet: &Fleet, hang: Vec<Uuid>, answers: Duration) -> FaultProxy {
    let document = fleet.directory.key_set(Version::V1).to_string();
    let serve = move |Path(path): Path<String>| {
        let hangs = hang.iter().any(|tenant| path.starts_with(&tenant.to_string()));
        let document = document.clone();
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(answers).await;
            (StatusCode::OK, document)
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/{*path}", axum::routing::get(serve));
    tokio::spawn(async move { axum::serve(listener, router).await });
    FaultProxy::in_front_of(&url).await
}
