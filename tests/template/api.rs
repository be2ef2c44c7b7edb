//! The rules about the API: routes, throttling, the domain and CloudFront.

use serde_json::json;

use crate::{
    expanded_template,
    expansion::{Stack, text_of},
    rule::{Deployment, Rule, differences, fault_unless},
};

fn api_faults(stack: &Stack, deployment: &Deployment) -> Vec<String> {
    let routes = stack.of_type("AWS::ApiGatewayV2::Route").map(|(_, route)| {
        let integration =
            route["Target"].as_str().unwrap().trim_start_matches("integrations/${").trim_end_matches('}');
        format!(
            "{} → {}",
            text_of(&route["RouteKey"]),
            text_of(&stack.properties(integration)["IntegrationUri"])
        )
    });
    let expected = [
        "ANY /oauth2/token → ${TokenExchangeAliaslive}",
        "ANY /.well-known/pozi-revocations → ${TokenExchangeAliaslive}",
        "ANY /.well-known/{path+} → ${JwksAliaslive}",
        "$default → ${TokenExchangeAliaslive}",
    ];
    let mut faults = differences("the API", routes, expected.map(str::to_owned));
    for function in ["TokenExchange", "Jwks"] {
        let is_permitted = stack.of_type("AWS::Lambda::Permission").any(|(_, permission)| {
            permission["FunctionName"] == format!("${{{function}Aliaslive}}")
                && permission["Principal"] == "apigateway.amazonaws.com"
                && text_of(&permission["SourceArn"]).ends_with(":${Api}/*")
        });
        faults.extend(fault_unless(
            is_permitted,
            &format!("{function} cannot be called by the API, or by others too"),
        ));
    }
    let throttled = &stack.properties("Stage")["DefaultRouteSettings"];
    let is_throttled =
        ["ThrottlingRateLimit", "ThrottlingBurstLimit"].iter().all(|limit| throttled[limit].is_number());
    faults.extend(fault_unless(is_throttled, "the API is not throttled"));
    let (has_domain, uses_cloudfront) = deployment.domain();
    let present = ["RegionalDomain", "RegionalDomainMapping", "Distribution"].map(|name| stack.has(name));
    let is_regional = has_domain && !uses_cloudfront;
    faults.extend(fault_unless(
        present == [is_regional, is_regional, uses_cloudfront],
        "the domain is served by the wrong resource",
    ));
    let is_closed = stack.properties("Api")["DisableExecuteApiEndpoint"] == is_regional;
    faults.extend(fault_unless(
        is_closed,
        "the API's own address is open although it has a domain, or closed although it has none",
    ));
    if uses_cloudfront {
        let distribution = &stack.properties("Distribution")["DistributionConfig"];
        faults.extend(fault_unless(distribution["WebACLId"] == "acl", "the web ACL protects nothing"));
        let methods = distribution["DefaultCacheBehavior"]["AllowedMethods"].as_array().unwrap();
        faults.extend(fault_unless(methods.len() == 7, "CloudFront blocks methods"));
        let target = &stack.properties("DomainRecord")["AliasTarget"]["DNSName"];
        faults
            .extend(fault_unless(*target == "${Distribution.DomainName}", "the domain bypasses the web ACL"));
    }
    faults
}

#[test]
fn every_method_reaches_its_function_and_one_resource_serves_the_domain() {
    let Some(expansion) = expanded_template() else { return };
    Rule {
        harm: "A browser would get an answer of API Gateway that it cannot read, or attackers could bypass the web ACL.",
        check: &api_faults,
        spoiled: &[
            ("/JwksIntegration/Properties/IntegrationUri", json!({ "Fn::GetAtt": ["Jwks", "Arn"] })),
            ("/JwksPermission/Properties/FunctionName", json!({ "Ref": "Jwks" })),
            ("/TokenRoute/Properties/RouteKey", json!("POST /oauth2/token")),
            ("/DefaultRoute/Properties/Target", json!({ "Fn::Sub": "integrations/${JwksIntegration}" })),
            ("/WellKnownRoute", json!(null)),
            ("/RevocationsRoute", json!(null)),
            ("/JwksPermission/Properties/SourceArn", json!("*")),
            ("/Stage/Properties/DefaultRouteSettings/ThrottlingRateLimit", json!(null)),
            ("/RegionalDomain/Condition", json!(null)),
            ("/Distribution/Condition", json!("HasDomain")),
            ("/Distribution/Properties/DistributionConfig/WebACLId", json!(null)),
            ("/Api/Properties/DisableExecuteApiEndpoint", json!(true)),
        ],
    }
    .check_all(expansion);
}
