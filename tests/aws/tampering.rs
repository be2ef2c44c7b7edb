//! A key ring that was tampered with in the table: keys that were moved, changed or sealed for another purpose do not sign,
//! and instances that have the real ring continue.

use aws_sdk_dynamodb::types::AttributeValue;
use pozi_auth::{
    adapters::aws::{SealedKeys, connection},
    config::Signing,
    keyring::{
        KeyOpener, KeyRingSource, RingKey, RotationPolicy, RotationRequest, SigningAlgorithm, VaultError,
    },
    timestamp::Timestamp,
};
use pozi_tests::{EmulatedAws, Fleet, ISSUER, aws_at, exchanged};
use serde_json::Value;

use super::fetch;

fn client() -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(&connection(&aws_at(EmulatedAws::running().unwrap().url())))
}

async fn attribute(fleet: &Fleet, name: &str) -> Value {
    let key = || AttributeValue::S("ring".into());
    let item = client().get_item().table_name(&fleet.table).key("pk", key()).key("sk", key()).send().await;
    let item = item.unwrap().item.unwrap();
    serde_json::from_str(item[name].as_s().unwrap()).unwrap()
}

async fn set(fleet: &Fleet, name: &str, text: &str) {
    let key = || AttributeValue::S("ring".into());
    let update = client().update_item().table_name(&fleet.table).key("pk", key()).key("sk", key());
    let update = update.update_expression(format!("SET {name} = :text"));
    update.expression_attribute_values(":text", AttributeValue::S(text.into())).send().await.unwrap();
}

/// Starts a fleet whose ring has an active key and a pending one.
async fn with_two_keys() -> Option<Fleet> {
    let fleet = Fleet::sealed().await?;
    let now = pozi_auth::timestamp::Clock::now(&pozi_auth::adapters::SystemClock).unix_seconds();
    let due = Timestamp::from_unix_seconds(now + 21 * 3_600);
    fleet.rotator().run(&RotationRequest::Due, due).await.unwrap();
    Some(fleet)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_ring_signs_nothing_and_an_instance_with_the_real_ring_continues() {
    let Some(fleet) = with_two_keys().await else { return };
    let warm = fleet.exchange();
    assert_eq!(exchanged(&warm, &fleet.token()).await.status, 200);
    let ring = attribute(&fleet, "ring").await;
    let spoiled = |change: &dyn Fn(&mut Value)| {
        let mut ring = ring.clone();
        change(&mut ring);
        ring.to_string()
    };
    let sealed = |index: usize| ring["keys"][index]["sealed"].clone();
    for (what, text) in [
        (
            "sealed bytes of another key",
            spoiled(&|ring| ring["keys"][0]["sealed"]["bytes"] = sealed(1)["bytes"].clone()),
        ),
        ("another key under its id", spoiled(&|ring| ring["keys"][0]["sealed"] = sealed(1))),
        (
            "the public key of another",
            spoiled(&|ring| ring["keys"][0]["sealed"]["public"] = sealed(1)["public"].clone()),
        ),
        ("changed sealed bytes", spoiled(&|ring| ring["keys"][0]["sealed"]["bytes"] = "AAAA".into())),
        ("two active keys", spoiled(&|ring| ring["keys"][1]["state"] = "active".into())),
        ("another algorithm", spoiled(&|ring| ring["algorithm"] = "RS256".into())),
        (
            "a KMS key of another account",
            spoiled(&|ring| {
                let name = "arn:aws:kms:eu-central-1:000000000000:key/1";
                let vault = serde_json::json!({ "name": name, "public": sealed(0)["public"] });
                let kid = ring["keys"][0]["kid"].clone();
                ring["keys"][0] =
                    serde_json::json!({ "kid": kid, "state": "active", "since": 1, "vault": vault });
            }),
        ),
        ("no ring", "{}".into()),
    ] {
        set(&fleet, "ring", &text).await;
        let answer = exchanged(&fleet.exchange(), &fleet.token()).await;
        assert_eq!(answer.refusal(), ("temporarily_unavailable", "signing_unavailable"), "{what}");
        assert_eq!(exchanged(&warm, &fleet.token()).await.status, 200, "{what}");
    }
    set(&fleet, "ring", &ring.to_string()).await;
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsealed_private_key_in_the_table_is_never_used() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let bare = pozi_tests::MemoryRing::default();
    let policy =
        RotationPolicy::of_service(SigningAlgorithm::Es256, std::time::Duration::from_hours(24)).unwrap();
    let now = pozi_auth::timestamp::Timestamp::from_unix_seconds(pozi_tests::NOW);
    let ring = pozi_auth::keyring::establish(&bare, &pozi_auth::keyring::SoftwareKeys, &policy, now);
    let ring = ring.await.unwrap().ring.to_json().unwrap();
    set(&fleet, "ring", std::str::from_utf8(&ring).unwrap()).await;
    let answer = exchanged(&fleet.exchange(), &fleet.token()).await;
    assert_eq!(answer.refusal(), ("temporarily_unavailable", "signing_unavailable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_public_key_is_not_served() {
    let Some(fleet) = with_two_keys().await else { return };
    let warm = fleet.jwks();
    let real = fetch(&warm, "/.well-known/jwks.json").await.body;
    let set_of = |keys: Value| serde_json::json!({ "keys": keys }).to_string();
    let published = attribute(&fleet, "published").await;
    let mut renamed = published["keys"].clone();
    renamed[0]["kid"] = renamed[1]["kid"].clone();
    for text in [set_of(renamed), set_of(serde_json::json!([])), "{".to_owned()] {
        set(&fleet, "published", &text).await;
        let answer = fetch(&fleet.jwks(), "/.well-known/jwks.json").await;
        assert_eq!(answer.refusal(), ("temporarily_unavailable", "signing_unavailable"));
        assert_eq!(fetch(&warm, "/.well-known/jwks.json").await.body, real);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_only_under_its_own_id_table_and_issuer() {
    let Some(fleet) = with_two_keys().await else { return };
    let Signing::Sealed { kms_key } = &fleet.signing else { panic!("the fleet is not sealed") };
    let aws = connection(&aws_at(fleet.aws.url()));
    let (ring, _) = fleet.store().load().await.unwrap().unwrap();
    let [own, other] = ring.keys() else { panic!("the ring does not have two keys") };
    let open = async |table: &str, issuer: &str, key: &RingKey| {
        let keys = SealedKeys::new(&aws, kms_key, table, &issuer.parse().unwrap());
        keys.open(key, SigningAlgorithm::Es256).await.map(drop)
    };
    open(&fleet.table, ISSUER, own).await.unwrap();
    let moved = RingKey { private: other.private.clone(), ..own.clone() };
    for (table, issuer, key) in [
        ("another-table", ISSUER, own),
        (&*fleet.table, "https://auth.another.example", own),
        (&*fleet.table, ISSUER, &moved),
    ] {
        let refused = open(table, issuer, key).await;
        assert!(matches!(refused, Err(VaultError::Mismatch(_))), "{table}, {issuer}: {refused:?}");
    }
}
