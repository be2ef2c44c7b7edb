//! The items that the prober touches, which are those that its role in the template may touch: `tests/template/prober.rs` has them.

use std::collections::BTreeSet;

use pozi_auth::{adapters::SystemClock, timestamp::Clock};
use pozi_prober::ProbeRequest;
use pozi_tests::{Fleet, PROBE_TENANT};
use serde_json::Value;

use super::{Routes, prober};

/// Returns the partitions that a request names, each with the permission that it needs.
fn needed(operation: &str, body: &Value) -> Vec<(String, String)> {
    let of = |permission: &str, partition: &Value| {
        let partition = partition["S"].as_str().unwrap().replace(&PROBE_TENANT.to_string(), "<own>");
        (permission.to_owned(), partition)
    };
    let each = |value: &'static str| body[value].as_object().into_iter().flatten();
    match operation {
        "Query" => {
            let condition = body["KeyConditionExpression"].as_str().unwrap();
            let name = condition.strip_prefix("pk = ").unwrap().split(' ').next().unwrap();
            vec![of("Query", &body["ExpressionAttributeValues"][name])]
        }
        "GetItem" => vec![of("GetItem", &body["Key"]["pk"])],
        "UpdateItem" => vec![of("UpdateItem", &body["Key"]["pk"])],
        "PutItem" => vec![of("PutItem", &body["Item"]["pk"])],
        "BatchGetItem" => {
            let keys = each("RequestItems").flat_map(|(_, wanted)| wanted["Keys"].as_array().unwrap());
            keys.map(|key| of("BatchGetItem", &key["pk"])).collect()
        }
        "TransactWriteItems" => {
            let writes = body["TransactItems"].as_array().unwrap().iter();
            let write = |write: &Value| match (&write["Put"], &write["Update"]) {
                (Value::Null, update) => of("UpdateItem", &update["Key"]["pk"]),
                (put, _) => of("PutItem", &put["Item"]["pk"]),
            };
            writes.map(write).collect()
        }
        other => panic!("{other} is among no permissions of the prober"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_touches_no_items_but_its_own() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let mut prober = prober(&fleet, Routes::of(&fleet.behind_new_proxy().await)).await;
    prober.tenants = fleet.store_behind_proxy();
    for _ in 0..2 {
        assert!(prober.run(&ProbeRequest::Due {}, SystemClock.now()).await.unwrap().passes());
    }
    let seen = fleet.aws.take_seen();
    let found = seen.iter().flat_map(|seen| {
        let operation = seen.what.rsplit('.').next().unwrap();
        needed(operation, &serde_json::from_slice(&seen.body).unwrap())
    });
    let found: BTreeSet<_> = found.collect();
    let claims = ["claim#name#pozi-prober", "claim#url#https://pozi-prober.invalid/"];
    let history = "history#<own>#pozi-prober";
    let allowed = [
        ("BatchGetItem", claims.to_vec()),
        ("GetItem", vec!["tenant#<own>"]),
        ("PutItem", [&claims[..], &["tenant#<own>", "keys#<own>", history]].concat()),
        ("Query", vec!["tenant#<own>", history]),
        ("UpdateItem", vec!["tenant#<own>", "keys#<own>"]),
    ];
    for (permission, partition) in &found {
        let (_, partitions) = allowed.iter().find(|(allowed, _)| allowed == permission).unwrap();
        assert!(partitions.contains(&partition.as_str()), "{permission} of {partition} is not allowed");
    }
    assert_eq!(found.iter().map(|(permission, _)| permission).collect::<BTreeSet<_>>().len(), allowed.len());
}
