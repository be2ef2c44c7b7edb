//! What is kept, what the functions are told, and the way in.

use serde_json::{Value, json};

use crate::{
    expansion::{Stack, text_of},
    rule::{Rule, Way, differences},
    the_expansion,
};

fn unless(is_so: bool, fault: &str) -> Option<String> {
    (!is_so).then(|| fault.to_owned())
}

fn table_faults(stack: &Stack, way: &Way) -> Vec<String> {
    let table = stack.properties("Table");
    let mut kept = vec!["Table"];
    kept.extend((!way.keeps_keys_in_kms()).then_some("SealingKey"));
    let kept = kept.into_iter().filter(|name| {
        let resource = stack.resource(name);
        ["DeletionPolicy", "UpdateReplacePolicy"].iter().any(|policy| resource[policy] != "Retain")
    });
    let mut faults: Vec<_> = kept.map(|name| format!("{name} goes when the stack goes")).collect();
    let keys =
        json!([{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }]);
    faults.extend(unless(table["KeySchema"] == keys, "the table's keys are not pk and sk"));
    faults.extend(unless(table["BillingMode"] == "PAY_PER_REQUEST", "the table is not paid by request"));
    let recovers = &table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
    faults.extend(unless(*recovers == true, "the table cannot be restored to a moment"));
    faults.extend(unless(table["DeletionProtectionEnabled"] == true, "the table can be deleted by a slip"));
    faults
        .extend(unless(table["SSESpecification"]["SSEEnabled"] == true, "the table is not encrypted by KMS"));
    faults.extend(unless(table.get("TimeToLiveSpecification").is_none(), "items may vanish from the table"));
    faults
}

#[test]
fn the_table_and_the_sealing_key_survive_slips() {
    let Some(expansion) = the_expansion() else { return };
    Rule {
        harm: "A slip of an operator would end every session and forget every site.",
        check: &table_faults,
        spoiled: &[
            ("/Table/DeletionPolicy", json!("Delete")),
            ("/Table/UpdateReplacePolicy", json!(null)),
            ("/SealingKey/DeletionPolicy", json!(null)),
            ("/Table/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", json!(false)),
            ("/Table/Properties/DeletionProtectionEnabled", json!(null)),
            ("/Table/Properties/SSESpecification", json!(null)),
            ("/Table/Properties/BillingMode", json!("PROVISIONED")),
            ("/Table/Properties/KeySchema/1", json!({ "AttributeName": "revision", "KeyType": "RANGE" })),
            (
                "/Table/Properties/TimeToLiveSpecification",
                json!({ "AttributeName": "ends", "Enabled": true }),
            ),
        ],
    }
    .holds(expansion);
}

fn log_faults(stack: &Stack, _: &Way) -> Vec<String> {
    let forever = stack.of_type("AWS::Logs::LogGroup").filter(|(_, log)| log["RetentionInDays"].is_null());
    let mut faults: Vec<_> = forever.map(|(name, _)| format!("{name} keeps logs for ever")).collect();
    for (name, function) in stack.of_type("AWS::Lambda::Function") {
        let own = format!("${{{name}Log}}");
        let logs_there = function["LoggingConfig"]["LogGroup"] == own && stack.has(&format!("{name}Log"));
        faults.extend(unless(logs_there, &format!("{name} logs elsewhere")));
        let is_traced = function["TracingConfig"]["Mode"] == "Active";
        faults.extend(unless(is_traced, &format!("{name} leaves no traces")));
    }
    let access = &stack.properties("Stage")["AccessLogSettings"];
    faults.extend(unless(access["DestinationArn"] == "${ApiLog.Arn}", "accesses are logged elsewhere"));
    let format = access["Format"].as_str().unwrap();
    faults.extend(unless(serde_json::from_str::<Value>(format).is_ok(), "the access log is no JSON"));
    // What is logged of a request is listed: whatever else there is may hold a token, or name a person.
    let logged = format.split("$context.").skip(1).map(|rest| {
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).next().unwrap_or_default()
    });
    let may = [
        "requestTimeEpoch",
        "requestId",
        "routeKey",
        "httpMethod",
        "status",
        "error.responseType",
        "responseLatency",
        "integrationLatency",
        "integrationStatus",
        "responseLength",
    ];
    faults.extend(differences("the access log", logged, may));
    faults
}

#[test]
fn every_log_ends_and_none_holds_what_opens_a_door() {
    let Some(expansion) = the_expansion() else { return };
    let format = "/Stage/Properties/AccessLogSettings/Format";
    Rule {
        harm: "Whoever reads logs could use what stands in them, and what stands in them for ever costs for ever.",
        check: &log_faults,
        spoiled: &[
            ("/JwksLog/Properties/RetentionInDays", json!(null)),
            ("/ApiLog/Properties/RetentionInDays", json!(null)),
            ("/Another", json!({ "Type": "AWS::Logs::LogGroup", "Properties": {} })),
            ("/RotateKeys/Properties/LoggingConfig", json!(null)),
            ("/TokenExchange/Properties/TracingConfig", json!(null)),
            (format, json!("{\"path\":\"$context.path\"}")),
            (format, json!("$context.requestId")),
        ],
    }
    .holds(expansion);
}

fn variable_faults(stack: &Stack, way: &Way) -> Vec<String> {
    let issuer = format!("POZI_ISSUER={}", way.issuer);
    let all = ["POZI_TABLE=${Table}", "POZI_METRICS=Pozi/${AWS::StackName}", "POZI_LOG=info", &issuer];
    let sealed = ["POZI_SIGNING=sealed", "POZI_KMS_KEY=${SealingKey.Arn}"];
    let keys: &[&str] = if way.keeps_keys_in_kms() { &["POZI_SIGNING=kms"] } else { &sealed };
    let tag: &[&str] = if way.keeps_keys_in_kms() { &["POZI_KEY_TAG=${Table}"] } else { &[] };
    let rotation = ["POZI_ALGORITHM=ES256", "POZI_SIGN_FOR_HOURS=168"];
    let promised = [
        ("TokenExchange", [&all, keys].concat()),
        ("Jwks", all.to_vec()),
        ("RotateKeys", [&all, keys, tag, &rotation].concat()),
    ];
    let of_function = |(name, promised): (&str, Vec<&str>)| {
        let told = stack.properties(name)["Environment"]["Variables"].as_object().unwrap();
        let told = told.iter().map(|(variable, value)| format!("{variable}={}", text_of(value)));
        differences(name, told, promised.into_iter().map(str::to_owned))
    };
    let functions = stack.of_type("AWS::Lambda::Function").map(|(name, _)| name);
    let mut faults = differences("the stack", functions, ["TokenExchange", "Jwks", "RotateKeys"]);
    faults.extend(promised.into_iter().flat_map(of_function));
    faults
}

#[test]
fn every_function_is_told_what_it_reads_and_nothing_else() {
    let Some(expansion) = the_expansion() else { return };
    let of =
        |function: &str, variable: &str| format!("/{function}/Properties/Environment/Variables/{variable}");
    Rule {
        harm: "A function would not start, or would start as another than the one that verifiers are set to.",
        check: &variable_faults,
        spoiled: &[
            (&of("TokenExchange", "POZI_ISSUER"), json!({ "Fn::GetAtt": ["Api", "ApiEndpoint"] })),
            (&of("TokenExchange", "POZI_ENTRA_LOGIN_URL"), json!("http://localhost")),
            (&of("TokenExchange", "POZI_KMS_KEY"), json!({ "Fn::GetAtt": ["SealingKey", "Arn"] })),
            (&of("Jwks", "POZI_TABLE"), json!(null)),
            (&of("RotateKeys", "POZI_KEY_TAG"), json!({ "Ref": "Table" })),
            (&of("RotateKeys", "POZI_SIGNING"), json!("sealed")),
        ],
    }
    .holds(expansion);
}

fn way_in_faults(stack: &Stack, way: &Way) -> Vec<String> {
    let routes = stack.of_type("AWS::ApiGatewayV2::Route").map(|(_, route)| {
        let integration =
            route["Target"].as_str().unwrap().trim_start_matches("integrations/${").trim_end_matches('}');
        format!(
            "{} → {}",
            text_of(&route["RouteKey"]),
            text_of(&stack.properties(integration)["IntegrationUri"])
        )
    });
    let promised = [
        "ANY /oauth2/token → ${TokenExchange.Arn}",
        "ANY /.well-known/{path+} → ${Jwks.Arn}",
        "$default → ${TokenExchange.Arn}",
    ];
    let mut faults = differences("the API", routes, promised.map(str::to_owned));
    for function in ["TokenExchange", "Jwks"] {
        let may = stack.of_type("AWS::Lambda::Permission").any(|(_, permission)| {
            permission["FunctionName"] == format!("${{{function}}}")
                && permission["Principal"] == "apigateway.amazonaws.com"
                && text_of(&permission["SourceArn"]).ends_with(":${Api}/*")
        });
        faults.extend(unless(may, &format!("the API, and it alone, may not call {function}")));
    }
    let throttled = &stack.properties("Stage")["DefaultRouteSettings"];
    let is_throttled =
        ["ThrottlingRateLimit", "ThrottlingBurstLimit"].iter().all(|limit| throttled[limit].is_number());
    faults.extend(unless(is_throttled, "the API takes any number of requests"));
    let (has_domain, is_cloudfronts) = way.domain();
    let there = ["RegionalDomain", "RegionalDomainMapping", "Distribution"].map(|name| stack.has(name));
    let is_regional = has_domain && !is_cloudfronts;
    faults.extend(unless(there == [is_regional, is_regional, is_cloudfronts], "the domain has another home"));
    let is_closed = stack.properties("Api")["DisableExecuteApiEndpoint"] == is_regional;
    faults
        .extend(unless(is_closed, "the API's own address is open beside the domain, or closed without one"));
    if is_cloudfronts {
        let distribution = &stack.properties("Distribution")["DistributionConfig"];
        faults.extend(unless(distribution["WebACLId"] == "acl", "the web ACL stands before nothing"));
        let methods = distribution["DefaultCacheBehavior"]["AllowedMethods"].as_array().unwrap();
        faults.extend(unless(methods.len() == 7, "CloudFront keeps methods from the functions"));
        let target = &stack.properties("DomainRecord")["AliasTarget"]["DNSName"];
        faults.extend(unless(*target == "${Distribution.DomainName}", "the domain leads past the web ACL"));
    }
    faults
}

#[test]
fn every_method_reaches_its_function_and_a_domain_has_one_home() {
    let Some(expansion) = the_expansion() else { return };
    Rule {
        harm: "A browser would get API Gateway's answer instead of one that it can read, or the way past the firewall.",
        check: &way_in_faults,
        spoiled: &[
            ("/TokenRoute/Properties/RouteKey", json!("POST /oauth2/token")),
            ("/DefaultRoute/Properties/Target", json!({ "Fn::Sub": "integrations/${JwksIntegration}" })),
            ("/WellKnownRoute", json!(null)),
            ("/JwksPermission/Properties/SourceArn", json!("*")),
            ("/Stage/Properties/DefaultRouteSettings/ThrottlingRateLimit", json!(null)),
            ("/RegionalDomain/Condition", json!(null)),
            ("/Distribution/Condition", json!("HasDomain")),
            ("/Distribution/Properties/DistributionConfig/WebACLId", json!(null)),
            ("/Api/Properties/DisableExecuteApiEndpoint", json!(true)),
        ],
    }
    .holds(expansion);
}

fn schedule_faults(stack: &Stack, _: &Way) -> Vec<String> {
    let schedule = stack.properties("Schedule");
    let target = &schedule["Target"];
    let mut faults = Vec::new();
    faults
        .extend(unless(schedule["ScheduleExpression"] == "rate(15 minutes)", "not every quarter of an hour"));
    faults.extend(unless(schedule["State"] != "DISABLED", "never"));
    faults.extend(unless(target["Arn"] == "${RotateKeys.Arn}", "another function"));
    faults.extend(unless(target["RoleArn"] == "${ScheduleRole.Arn}", "another role"));
    faults.extend(unless(target["Input"] == "{}", "another input: the first ring is an operator's to make"));
    faults.extend(unless(target["RetryPolicy"]["MaximumRetryAttempts"].is_u64(), "no end of retries"));
    faults
}

#[test]
fn keys_are_looked_after_every_quarter_of_an_hour() {
    let Some(expansion) = the_expansion() else { return };
    Rule {
        harm: "A key would sign past its time, or a lost ring would be replaced in silence.",
        check: &schedule_faults,
        spoiled: &[
            ("/Schedule/Properties/ScheduleExpression", json!("rate(15 hours)")),
            ("/Schedule/Properties/State", json!("DISABLED")),
            ("/Schedule/Properties/Target/Input", json!("{\"establish\":true}")),
            ("/Schedule/Properties/Target/RetryPolicy", json!(null)),
            ("/Schedule/Properties/Target/Arn", json!({ "Fn::GetAtt": ["Jwks", "Arn"] })),
        ],
    }
    .holds(expansion);
}
