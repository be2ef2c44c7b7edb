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
        "ANY /oauth2/token → ${TokenExchangeAliaslive}",
        "ANY /.well-known/pozi-revocations → ${TokenExchangeAliaslive}",
        "ANY /.well-known/{path+} → ${JwksAliaslive}",
        // Which answers that there is none.
        "ANY /oauth2/authorize → ${JwksAliaslive}",
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
    // The functions' own headers would no longer count, and the authorization endpoint must have none (RFC 9700 §2.6).
    let is_their_own = stack.properties("Api")["CorsConfiguration"].is_null();
    faults.extend(fault_unless(is_their_own, "the API replaces the CORS headers of the functions"));
    faults.extend(throttling_faults(stack));
    faults.extend(domain_faults(stack, deployment));
    faults
}

/// Every way to the functions is through the distribution, if there is a domain.
fn domain_faults(stack: &Stack, deployment: &Deployment) -> Vec<String> {
    let (has_domain, is_served) = (deployment.sets("DomainName"), deployment.sets("CertificateArn"));
    let present = ["OriginSecret", "Distribution", "KeySetCache"].map(|name| stack.has(name));
    let mut faults = Vec::new();
    faults.extend(fault_unless(
        present == [has_domain, is_served, is_served],
        "the domain is served by the wrong resource",
    ));
    let secret = if has_domain { json!("{{resolve:secretsmanager:${OriginSecret}}}") } else { json!(null) };
    for function in ["TokenExchange", "Jwks", "Prober"] {
        let variables = &stack.properties(function)["Environment"]["Variables"];
        faults.extend(fault_unless(
            variables["POZI_ORIGIN_SECRET"] == secret,
            &format!("{function} is reached past the distribution, or not at all"),
        ));
    }
    if is_served {
        faults.extend(distribution_faults(stack, deployment, &secret));
    }
    faults
}

fn distribution_faults(stack: &Stack, deployment: &Deployment, secret: &Value) -> Vec<String> {
    let distribution = &stack.properties("Distribution")["DistributionConfig"];
    let all = &distribution["DefaultCacheBehavior"];
    let others = &distribution["CacheBehaviors"];
    let (authorization, key_set) = (&others[0], &others[1]);
    let readable = &stack.properties("ReadableErrors")["ResponseHeadersPolicyConfig"]["CorsConfig"];
    let cache = &stack.properties("KeySetCache")["CachePolicyConfig"];
    let acl = if deployment.sets("WebAclArn") { json!("acl") } else { json!(null) };
    let mut faults = [
        (distribution["WebACLId"] == acl, "the web ACL protects nothing"),
        (all["AllowedMethods"].as_array().unwrap().len() == 7, "CloudFront blocks methods"),
        (all["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "an exchange is cached"),
        (
            distribution["Origins"][0]["OriginCustomHeaders"][0]["HeaderValue"] == *secret,
            "the functions refuse the distribution",
        ),
        (
            key_set["PathPattern"] == "/.well-known/jwks.json" && others[2].is_null(),
            "something other than the key set is cached",
        ),
        (
            key_set["CachePolicyId"] == "${KeySetCache}" && cache["MinTTL"] == 0 && cache["DefaultTTL"] == 0,
            "the key set is cached for longer than it says",
        ),
        (
            all["ResponseHeadersPolicyId"] == "${ReadableErrors}" && readable["OriginOverride"] == false,
            "a page cannot read API Gateway's errors, or the functions' headers are replaced",
        ),
        (
            authorization["PathPattern"] == "/oauth2/authorize"
                && authorization["ResponseHeadersPolicyId"].is_null()
                && authorization["CachePolicyId"] == all["CachePolicyId"],
            "scripts may call the authorization endpoint",
        ),
        (distribution["IPV6Enabled"] == true, "clients with IPv6 alone cannot reach it"),
    ]
    .into_iter()
    .filter(|(holds, _)| !holds)
    .map(|(_, fault)| fault.to_owned())
    .collect::<Vec<_>>();
    if deployment.sets("HostedZoneId") {
        for record in ["DomainRecord", "DomainRecordOfIpv6"] {
            let target = &stack.properties(record)["AliasTarget"]["DNSName"];
            let is_right = *target == "${Distribution.DomainName}";
            faults.extend(fault_unless(is_right, "the domain bypasses the distribution"));
        }
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
            ("/JwksIntegration/Properties/IntegrationUri", json!({ "Fn::GetAtt": ["Jwks", "Arn"] })),
            ("/JwksPermission/Properties/FunctionName", json!({ "Ref": "Jwks" })),
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
            ("/Distribution/Condition", json!("HasDomain")),
            ("/OriginSecret/Condition", json!("HasDistribution")),
            ("/Jwks/Properties/Environment/Variables/POZI_ORIGIN_SECRET", json!(null)),
            ("/Distribution/Properties/DistributionConfig/WebACLId", json!(null)),
            ("/Distribution/Properties/DistributionConfig/IPV6Enabled", json!(false)),
            ("/Distribution/Properties/DistributionConfig/Origins/0/OriginCustomHeaders", json!(null)),
            ("/Distribution/Properties/DistributionConfig/CacheBehaviors/1/PathPattern", json!("/*")),
            ("/Distribution/Properties/DistributionConfig/CacheBehaviors/0/PathPattern", json!("/none")),
            ("/ReadableErrors/Properties/ResponseHeadersPolicyConfig/CorsConfig/OriginOverride", json!(true)),
            ("/KeySetCache/Properties/CachePolicyConfig/MinTTL", json!(60)),
            ("/DomainRecordOfIpv6/Properties/AliasTarget/DNSName", json!("elsewhere.example")),
        ],
    }
    .check_all(expansion);
}
