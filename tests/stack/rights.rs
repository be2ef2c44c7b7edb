//! What callers may do, tried with their own credentials: the functions, as somebody who took them over, and the operator.

use serde_json::{Value, json};

use super::{
    cloud::{Call, Cloud, Credentials, ROOT},
    service::{Service, changed},
};

const TENANT: &str = "tenant#00000000-0000-4000-8000-000000000000";

/// What a call is for, and the call.
type Attempt = (&'static str, Call);

/// Returns the credentials of a function's role.
fn stolen(cloud: &Cloud, function: &str) -> Credentials {
    let told = cloud.invoke(&cloud.resource("pozi", function), &json!({})).unwrap();
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
        .map(|name| (name, told[name].as_str().unwrap().to_owned()))
        .into()
}

fn item(partition: &str) -> Value {
    json!({ "pk": { "S": partition }, "sk": { "S": "tried" } })
}

/// The calls that concern the table.
fn of_table(table: &str) -> Vec<Attempt> {
    let get = |partition: &str| json!({ "TableName": table, "Key": item(partition) });
    let put = |partition: &str| json!({ "TableName": table, "Item": item(partition) });
    let query = |partition: &str| {
        json!({
            "TableName": table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": partition } },
        })
    };
    let public =
        json!({ "TableName": table, "Key": item("ring"), "ProjectionExpression": "pk, sk, published" });
    let sealed = json!({ "TableName": table, "Key": item("ring"), "ProjectionExpression": "pk, sk, sealed" });
    vec![
        ("read the sites of a tenant", ("dynamodb", "query", query(TENANT))),
        ("read the whole ring", ("dynamodb", "get_item", get("ring"))),
        ("read the ring's public keys", ("dynamodb", "get_item", public)),
        ("read another attribute of the ring", ("dynamodb", "get_item", sealed)),
        ("read the revocation list", ("dynamodb", "get_item", get("revocations"))),
        ("read a history", ("dynamodb", "get_item", get("history#riverbend"))),
        ("list all items", ("dynamodb", "scan", json!({ "TableName": table }))),
        ("write a site", ("dynamodb", "put_item", put(TENANT))),
        ("write a claim", ("dynamodb", "put_item", put("claim#name#riverbend"))),
        ("write the ring", ("dynamodb", "put_item", put("ring"))),
        ("write the revocation list", ("dynamodb", "put_item", put("revocations"))),
        ("delete the ring", ("dynamodb", "delete_item", get("ring"))),
        ("delete a site", ("dynamodb", "delete_item", get(TENANT))),
        ("delete the table", ("dynamodb", "delete_table", json!({ "TableName": table }))),
    ]
}

/// The calls that concern the sealing key.
fn of_sealing_key(key: &str, table: &str, issuer: &str) -> Vec<Attempt> {
    let own = json!({ "table": table, "issuer": issuer });
    let other = json!({ "table": "another", "issuer": issuer });
    let encrypt =
        |context: &Value| json!({ "KeyId": key, "Plaintext": "tried", "EncryptionContext": context });
    let grantee = "arn:aws:iam::123456789012:root";
    let grant = json!({ "KeyId": key, "GranteePrincipal": grantee, "Operations": ["Decrypt"] });
    vec![
        ("seal a key", ("kms", "encrypt", encrypt(&own))),
        ("seal a key of another table", ("kms", "encrypt", encrypt(&other))),
        ("give the sealing key away", ("kms", "create_grant", grant)),
    ]
}

/// The calls that concern the prober: its key, and items of the tenant that the stack is.
fn of_prober(key: &str, table: &str, tenant: &str) -> Vec<Attempt> {
    let put = |partition: &str| json!({ "TableName": table, "Item": item(partition) });
    let sign = json!({ "KeyId": key, "Message": "tried", "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256" });
    vec![
        ("sign as the prober", ("kms", "sign", sign)),
        ("write the prober's site", ("dynamodb", "put_item", put(&format!("tenant#{tenant}")))),
        ("write the prober's key set", ("dynamodb", "put_item", put(&format!("keys#{tenant}")))),
        ("write another key set", ("dynamodb", "put_item", put(&TENANT.replace("tenant", "keys")))),
    ]
}

/// Returns what `caller` may do of `attempts`.
fn allowed(cloud: &Cloud, caller: &Credentials, attempts: &[Attempt]) -> Vec<&'static str> {
    let calls: Vec<_> = attempts.iter().map(|(_, call)| call.clone()).collect();
    let mut allowed = Vec::new();
    for ((what, call), result) in attempts.iter().zip(cloud.calls(caller, &calls)) {
        match result {
            Ok(_) => allowed.push(*what),
            Err(error) => assert!(error.starts_with("AccessDenied"), "{call:?}: {error}"),
        }
    }
    allowed
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_a_function_over_can_do_what_it_does_and_no_more() {
    let Some(cloud) = Cloud::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let thief = format!("{ROOT}/tests/stack/thief/ #");
    let template = changed(folder.path(), "infra/template.yaml", &[("../target/lambda/", &thief)]);
    let service = Service { cloud: &cloud, stack: "pozi" };
    service.update(&template, &[]).unwrap();
    let table = service.output("TableName");
    let key = cloud.call("kms", "describe_key", json!({ "KeyId": cloud.resource("pozi", "SealingKey") }));
    let key = key["KeyMetadata"]["Arn"].as_str().unwrap();
    let described = cloud.call("cloudformation", "describe_stacks", json!({ "StackName": "pozi" }));
    let stack = described["Stacks"][0]["StackId"].as_str().unwrap().to_owned();
    let calls = [
        of_table(&table),
        of_sealing_key(key, &table, &service.output("Issuer")),
        of_prober(&cloud.resource("pozi", "ProbeKey"), &table, stack.rsplit('/').next().unwrap()),
    ]
    .concat();
    for (function, expected) in [
        (
            "TokenExchange",
            &[
                "read the sites of a tenant",
                "read the whole ring",
                "read the ring's public keys",
                "read another attribute of the ring",
                "read the revocation list",
            ][..],
        ),
        ("Jwks", &["read the ring's public keys"]),
        (
            "RotateKeys",
            &[
                "read the whole ring",
                "read the ring's public keys",
                "read another attribute of the ring",
                "read the revocation list",
                "list all items",
                "write the ring",
                "write the revocation list",
                "seal a key",
                "write the prober's key set",
                "write another key set",
            ],
        ),
        ("Prober", &["sign as the prober", "write the prober's site", "write the prober's key set"]),
    ] {
        assert_eq!(allowed(&cloud, &stolen(&cloud, function), &calls), expected, "{function}");
    }
}
