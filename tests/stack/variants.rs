//! The stack with other parameters, and the authorizer's stack beside it.

use reqwest::Method;
use serde_json::json;

use super::{
    cloud::{Cloud, Credentials},
    service::{Service, domain},
};

/// Returns the credentials of a person who has the stack's policy for operators and no other.
fn operator(cloud: &Cloud, stack: &str) -> Credentials {
    let person = json!({ "UserName": "operator" });
    cloud.call("iam", "create_user", person.clone());
    let policy = cloud.resource(stack, "OperatorPolicy");
    cloud.call("iam", "attach_user_policy", json!({ "UserName": "operator", "PolicyArn": policy }));
    let key = cloud.call("iam", "create_access_key", person)["AccessKey"].take();
    [("AWS_ACCESS_KEY_ID", "AccessKeyId"), ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey")]
        .map(|(variable, name)| (variable, key[name].as_str().unwrap().to_owned()))
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_stay_in_kms_and_the_operators_policy_is_enough_to_set_the_service_up() {
    let Some(cloud) = Cloud::start().await else { return };
    let service = Service::deploy(&cloud, "pozi", &["Signing=kms".to_owned(), "Algorithm=RS256".to_owned()]);
    let operator = operator(&cloud, "pozi");
    service.set_up(&operator).await;
    let session = service.assert_serves().await;
    assert_eq!(pozi_tests::part(&session, 0)["alg"], "RS256");
    for words in [&["list"][..], &["keys", "list"], &["keys", "rotate"], &["history", "riverbend"]] {
        let said = cloud.pozi(&operator, &[words, &["--stack", "pozi"]].concat()).await;
        assert!(said.is_ok(), "{words:?}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_of_ones_own_is_the_issuer_and_the_only_way_in() {
    let Some(cloud) = Cloud::start().await else { return };
    let zone =
        cloud.call("route53", "create_hosted_zone", json!({ "Name": "gis.example", "CallerReference": "1" }));
    let zone = zone["HostedZone"]["Id"].as_str().unwrap().trim_start_matches("/hostedzone/").to_owned();
    let zone = format!("HostedZoneId={zone}");
    let service = Service::deploy(&cloud, "pozi", &[&domain(&cloud)[..], &[zone]].concat());
    assert_eq!(service.output("Issuer"), "https://auth.gis.example");
    service.set_up(&Cloud::owner()).await;
    let past = service.past_distribution(Method::GET, "/.well-known/jwks.json").send().await.unwrap();
    assert_eq!(past.status(), 404, "nobody comes past the distribution");
    assert_eq!(service.keys().await.0, 200);
    let (status, exchanged) = service.exchange().await;
    assert_eq!(status, 200, "{exchanged}");
    let session = exchanged["access_token"].as_str().unwrap();
    assert_eq!(pozi_tests::part(session, 1)["iss"], "https://auth.gis.example");
}
