//! The runbooks of docs/deploy.md for what is lost: the ring, the table, the sealing key, a region.

use pozi_tests::{part, verified_by};
use serde_json::{Value, json};

use super::{
    cloud::Cloud,
    service::{Service, domain},
};

/// The key of the ring's item.
fn ring() -> Value {
    json!({ "pk": { "S": "ring" }, "sk": { "S": "ring" } })
}

/// Asserts that new instances refuse an exchange with `reason`.
async fn assert_refuses(service: &Service<'_>, reason: &str) {
    service.cloud.end_instances();
    let (status, refused) = service.exchange().await;
    assert_eq!((status, &refused["reason"]), (503, &json!(reason)), "{refused}");
}

/// Asserts that new instances serve.
async fn assert_serves(service: &Service<'_>) -> String {
    service.cloud.end_instances();
    service.assert_serves().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ring_a_lost_table_and_a_key_that_is_to_be_deleted_are_restored() {
    let Some(cloud) = Cloud::start().await else { return };
    let service = Service::deploy(&cloud, "pozi", &[]);
    service.set_up(&Cloud::owner()).await;
    service.assert_serves().await;
    let published = service.keys().await.1;
    restore_ring(&service).await;
    assert_eq!(service.keys().await.1, published);
    restore_table(&service).await;
    assert_eq!(service.keys().await.1, published);
    rescue_sealing_key(&service).await;
    assert_eq!(service.keys().await.1, published);
}

/// The ring's item is damaged: it is copied from a table that is restored beside it, to a second before.
async fn restore_ring(service: &Service<'_>) {
    let (cloud, table) = (service.cloud, service.output("TableName"));
    let beside = json!({
        "SourceTableName": table, "TargetTableName": "beside", "UseLatestRestorableTime": true,
    });
    cloud.call("dynamodb", "restore_table_to_point_in_time", beside);
    cloud.call("dynamodb", "put_item", json!({ "TableName": table, "Item": ring() }));
    assert_refuses(service, "signing_unavailable").await;
    let good = cloud.call("dynamodb", "get_item", json!({ "TableName": "beside", "Key": ring() }));
    cloud.call("dynamodb", "put_item", json!({ "TableName": table, "Item": good["Item"] }));
    assert_serves(service).await;
}

/// The table is gone: it is restored from a backup under its name. What was revoked since is revoked again.
async fn restore_table(service: &Service<'_>) {
    let (cloud, table) = (service.cloud, service.output("TableName"));
    let backup = json!({ "TableName": table, "BackupName": "yesterday" });
    let backup = cloud.call("dynamodb", "create_backup", backup)["BackupDetails"]["BackupArn"].take();
    let session = part(&service.assert_serves().await, 1)["jti"].as_str().unwrap().to_owned();
    let revoke = ["revoke", "session", &session, "--yes", "--stack", "pozi"];
    cloud.pozi(&Cloud::owner(), &revoke).await.unwrap();

    let unprotected = json!({ "TableName": table, "DeletionProtectionEnabled": false });
    cloud.call("dynamodb", "update_table", unprotected);
    cloud.call("dynamodb", "delete_table", json!({ "TableName": table }));
    assert_refuses(service, "registry_unavailable").await;
    let restore = json!({ "BackupArn": backup, "TargetTableName": table });
    cloud.call("dynamodb", "restore_table_from_backup", restore);
    assert_serves(service).await;
    for words in [&["revoke", "resume", "--after", "7", "--yes", "--stack", "pozi"][..], &revoke] {
        cloud.pozi(&Cloud::owner(), words).await.unwrap();
    }
    let listed = cloud.pozi(&Cloud::owner(), &["revoke", "list", "--stack", "pozi"]).await.unwrap();
    assert!(listed.contains(&session), "{listed}");
}

/// The sealing key is disabled and will be deleted: it is kept.
async fn rescue_sealing_key(service: &Service<'_>) {
    let (cloud, key) = (service.cloud, json!({ "KeyId": service.cloud.resource("pozi", "SealingKey") }));
    cloud.call("kms", "schedule_key_deletion", key.clone());
    assert_refuses(service, "signing_unavailable").await;
    cloud.call("kms", "cancel_key_deletion", key.clone());
    cloud.call("kms", "enable_key", key);
    assert_serves(service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_region_serves_the_same_domain_from_the_site_files() {
    let (Some(lost), Some(cloud)) = (Cloud::start().await, Cloud::start().await) else { return };
    let before = Service::deploy(&lost, "pozi", &domain(&lost));
    before.set_up(&Cloud::owner()).await;
    let old = before.assert_serves().await;
    drop(lost);

    // The distribution that served the domain goes on to do so.
    let [name, _certificate] = domain(&cloud);
    let service = Service::deploy(&cloud, "pozi", &[name]);
    service.set_up(&Cloud::owner()).await;
    let new = service.assert_serves().await;
    for claim in ["iss", "aud", "sub", "scope"] {
        assert_eq!(part(&new, 1)[claim], part(&old, 1)[claim], "{claim}");
    }
    let keys = service.keys().await.1;
    assert!(verified_by(&old, &keys).is_none(), "sessions of the lost region end");
    let resume = ["revoke", "resume", "--after", "41", "--yes", "--stack", "pozi"];
    cloud.pozi(&Cloud::owner(), &resume).await.unwrap();
}
