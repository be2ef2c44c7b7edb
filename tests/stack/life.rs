//! The life of a stack.

use serde_json::{Value, json};

use super::{
    cloud::{Cloud, ROOT},
    service::{Service, changed},
};

const TEMPLATE: &str = "infra/template.yaml";

/// Returns the parameter that says that everything is built anew, for the `number`th time.
fn build(number: u32) -> String {
    format!("BuildId={number:064x}")
}

/// Returns what the stack's prober reports of the service.
fn probed(service: &Service<'_>) -> Value {
    service.cloud.invoke(&service.output("ProberFunction"), &json!({})).unwrap()
}

/// Returns the version of a function that takes the traffic.
fn live(service: &Service<'_>, function: &str) -> String {
    let alias = json!({ "FunctionName": service.cloud.resource("pozi", function), "Name": "live" });
    service.cloud.call("lambda", "get_alias", alias)["FunctionVersion"].as_str().unwrap().to_owned()
}

/// Releases functions of which those named `function` are replaced by the bootstrap in `folder`, and returns why that failed.
fn release_failure(service: &Service<'_>, number: u32, function: &str, folder: &str) -> String {
    let copy = tempfile::tempdir().unwrap();
    let bad = format!("{ROOT}/tests/stack/{folder}/");
    let template = changed(copy.path(), TEMPLATE, &[(&format!("../target/lambda/{function}/"), &bad)]);
    service.update(&template, &[build(number)]).unwrap_err();
    let asked = json!({ "StackName": "pozi" });
    let events = service.cloud.call("cloudformation", "describe_stack_events", asked)["StackEvents"].take();
    let failed = events.as_array().unwrap().iter().find(|event| event["ResourceStatus"] == "UPDATE_FAILED");
    failed.unwrap()["ResourceStatusReason"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_created_probed_updated_rolled_back_and_deleted() {
    let Some(cloud) = Cloud::start().await else { return };
    let service = Service::deploy(&cloud, "pozi", &[build(1)]);
    assert_eq!(service.keys().await.1["reason"], "signing_unavailable");
    let report = probed(&service);
    assert_eq!(report["has_keys"], false, "{report}");
    service.set_up(&Cloud::owner()).await;
    service.assert_serves().await;
    let (published, good) = (service.keys().await.1, json!([true, []]));
    let passes = |report: Value| json!([report["has_keys"], report["failures"]]);
    assert_eq!(passes(probed(&service)), good);

    service.update(TEMPLATE, &[build(2), "LogLevel=info".to_owned(), "SignForHours=24".to_owned()]).unwrap();
    let (exchange, jwks) = (live(&service, "TokenExchange"), live(&service, "Jwks"));
    assert_eq!((&*exchange, &*jwks), ("2", "2"));
    for (number, function, folder) in [(3, "token-exchange", "broken"), (4, "jwks", "thief")] {
        let failure = release_failure(&service, number, function, folder);
        assert!(failure.contains("BeforeAllowTraffic failed"), "{failure}");
        assert_eq!(
            (live(&service, "TokenExchange"), live(&service, "Jwks")),
            (exchange.clone(), jwks.clone())
        );
        service.assert_serves().await;
    }
    assert_eq!(passes(probed(&service)), good);
    assert_eq!(service.keys().await.1, published, "no release changes the keys");
    delete(&service);
}

/// Deletes the stack. What nobody could make again is kept.
fn delete(service: &Service<'_>) {
    let (cloud, table) = (service.cloud, service.output("TableName"));
    let [key, probe_key, function] =
        ["SealingKey", "ProbeKey", "TokenExchange"].map(|name| cloud.resource("pozi", name));
    cloud.sam(&["delete", "--stack-name", "pozi", "--no-prompts"]).unwrap();
    let kept = cloud.call("dynamodb", "describe_table", json!({ "TableName": table }));
    assert_eq!(kept["Table"]["DeletionProtectionEnabled"], true);
    for (key, state) in [(key, "Enabled"), (probe_key, "PendingDeletion")] {
        let kept = cloud.call("kms", "describe_key", json!({ "KeyId": key }));
        assert_eq!(kept["KeyMetadata"]["KeyState"], state);
    }
    let gone =
        cloud.calls(&Cloud::owner(), &[("lambda", "get_function", json!({ "FunctionName": function }))]);
    assert_eq!(gone, [Err("ResourceNotFoundException".to_owned())]);
}
