//! The life of a stack.

use serde_json::json;

use super::{cloud::Cloud, service::Service};

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_created_serves_is_updated_rolled_back_and_deleted() {
    let Some(cloud) = Cloud::start().await else { return };
    let service = Service::deploy(&cloud, "pozi", &[]);
    let owner = Cloud::owner();
    assert_eq!(service.keys().await.1["reason"], "signing_unavailable");
    service.set_up(&owner).await;
    service.assert_serves().await;
    let published = service.keys().await.1;

    service
        .update("infra/template.yaml", &["LogLevel=info".to_owned(), "SignForHours=24".to_owned()])
        .unwrap();
    service.assert_serves().await;
    assert_eq!(service.keys().await.1, published, "an update keeps the keys");

    let table = service.output("TableName");
    let key = cloud.resource("pozi", "SealingKey");
    cloud.sam(&["delete", "--stack-name", "pozi", "--no-prompts"]).unwrap();
    let kept = cloud.call("dynamodb", "describe_table", json!({ "TableName": table }));
    assert_eq!(kept["Table"]["DeletionProtectionEnabled"], true);
    let kept = cloud.call("kms", "describe_key", json!({ "KeyId": key }));
    assert_eq!(kept["KeyMetadata"]["KeyState"], "Enabled");
}
