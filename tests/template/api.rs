//! The rules about the API: routes, throttling, the domain and CloudFront.

use serde_json::{Value, json};

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
        "ANY /oauth2/token → ${TokenExchange.Arn}",
        "ANY /.well-known/pozi-revocations → ${TokenExchange.Arn}",
        "ANY /.well-known/{path+} → ${Jwks.Arn}",
        // Which answers that there is none.
        "ANY /oauth2/authorize → ${Jwks.Arn}",
    ];
    let mut faults = differences("the API", routes, expected.map(str::to_owned));
    for function in ["TokenExchange", "Jwks"] {
        let is_permitted = stack.of_type("AWS::Lambda::Permission").any(|(_, permission)| {
            permission["FunctionName"] == format!("${{{function}}}")
                && permission["Principal"] == "apigateway.amazonaws.com"
                && text_of(&permission["SourceArn"]).ends_with(":${Api}/*")
        });
        faults.extend(fault_unless(
            is_permitted,
            &format!("{function} cannot be called by the API, or by others too"),
        ));
    }
    // The functions' own headers would no longer count, and the authorization endpoint must have none (RFC 9700 §2.6).
    let is_their_own = stack.properties("Api")["CorsConfiguration"].is_null();
    faults.extend(fault_unless(is_their_own, "the API replaces the CORS headers of the functions"));
    faults.extend(throttling_faults(stack));
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

/// The token endpoint has a limit of its own. All its settings are its own then, the metrics too.
fn throttling_faults(stack: &Stack) -> Vec<String> {
    let stage = stack.properties("Stage");
    let limits = |settings: &Value| {
        let limit =
            |name: &str| settings[name].as_u64().filter(|_| settings["DetailedMetricsEnabled"] == true);
        limit("ThrottlingRateLimit").zip(limit("ThrottlingBurstLimit"))
    };
    let own = stage["RouteSettings"].as_object().into_iter().flatten();
    let own: Vec<_> = own.map(|(route, settings)| (route.as_str(), limits(settings))).collect();
    let mut faults = Vec::new();
    faults.extend(fault_unless(
        limits(&stage["DefaultRouteSettings"]).is_some(),
        "a route is not throttled, or not measured",
    ));
    // 10,000 people within five minutes, in three times the average rate: docs/deploy.md has the sum.
    let fits = |(rate, burst): (u64, u64)| rate >= 134 && burst >= 2 * rate;
    faults.extend(fault_unless(
        matches!(own[..], [("ANY /oauth2/token", Some(limits))] if fits(limits)),
        "the token endpoint has no limit of its own, or one that refuses people in the morning",
    ));
    let depends = stack.resource("Stage")["DependsOn"] == "TokenRoute";
    faults.extend(fault_unless(depends, "the stage has settings for a route that may not exist yet"));
    faults
}

#[test]
fn every_method_reaches_its_function_and_one_resource_serves_the_domain() {
    let Some(expansion) = expanded_template() else { return };
    Rule {
        harm: "A browser would get an answer of API Gateway that it cannot read, or attackers could bypass the web ACL.",
        check: &api_faults,
        spoiled: &[
            ("/TokenRoute/Properties/RouteKey", json!("POST /oauth2/token")),
            ("/AuthorizationRoute/Properties/Target", json!({ "Fn::Sub": "integrations/${TokenExchangeIntegration}" })),
            ("/AuthorizationRoute/Properties/RouteKey", json!("$default")),
            ("/Api/Properties/CorsConfiguration", json!({ "AllowOrigins": ["*"] })),
            ("/Stage/Properties/RouteSettings", json!(null)),
            ("/Stage/Properties/RouteSettings/ANY ~1oauth2~1token/ThrottlingRateLimit", json!(50)),
            ("/Stage/Properties/RouteSettings/ANY ~1oauth2~1token/DetailedMetricsEnabled", json!(null)),
            ("/Stage/DependsOn", json!(null)),
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
