//! The rules about storage, logs, environment variables and the schedule.

use serde_json::{Value, json};

use crate::{
    expanded_template,
    expansion::{Stack, text_of},
    rule::{Deployment, Rule, differences, fault_unless},
};

fn table_faults(stack: &Stack, deployment: &Deployment) -> Vec<String> {
    let table = stack.properties("Table");
    let mut retained = vec!["Table"];
    retained.extend((!deployment.keeps_keys_in_kms()).then_some("SealingKey"));
    let retained = retained.into_iter().filter(|name| {
        let resource = stack.resource(name);
        ["DeletionPolicy", "UpdateReplacePolicy"].iter().any(|policy| resource[policy] != "Retain")
    });
    let mut faults: Vec<_> = retained.map(|name| format!("{name} is deleted with the stack")).collect();
    let keys =
        json!([{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }]);
    faults.extend(fault_unless(table["KeySchema"] == keys, "the table's keys are not pk and sk"));
    faults.extend(fault_unless(
        table["BillingMode"] == "PAY_PER_REQUEST",
        "the table is not billed per request",
    ));
    let recovers = &table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
    faults.extend(fault_unless(*recovers == true, "the table has no point-in-time recovery"));
    faults.extend(fault_unless(
        table["DeletionProtectionEnabled"] == true,
        "the table has no deletion protection",
    ));
    faults.extend(fault_unless(
        table["SSESpecification"]["SSEEnabled"] == true,
        "the table is not encrypted by KMS",
    ));
    faults.extend(fault_unless(table.get("TimeToLiveSpecification").is_none(), "items of the table expire"));
    faults
}

#[test]
fn the_table_and_the_sealing_key_cannot_be_deleted_by_mistake() {
    let Some(expansion) = expanded_template() else { return };
    Rule {
        harm: "An operator's mistake would end every session and delete every site.",
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
    .check_all(expansion);
}

fn log_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    let forever = stack.of_type("AWS::Logs::LogGroup").filter(|(_, log)| log["RetentionInDays"].is_null());
    let mut faults: Vec<_> = forever.map(|(name, _)| format!("{name} keeps logs forever")).collect();
    for (name, function) in stack.of_type("AWS::Lambda::Function") {
        let own = format!("${{{name}Log}}");
        let logs_there = function["LoggingConfig"]["LogGroup"] == own && stack.has(&format!("{name}Log"));
        faults.extend(fault_unless(logs_there, &format!("{name} logs to the wrong group")));
    }
    let access = &stack.properties("Stage")["AccessLogSettings"];
    faults.extend(fault_unless(
        access["DestinationArn"] == "${ApiLog.Arn}",
        "the access log goes to the wrong group",
    ));
    let format = access["Format"].as_str().unwrap();
    faults.extend(fault_unless(serde_json::from_str::<Value>(format).is_ok(), "the access log is not JSON"));
    // Only these variables are allowed: others may contain a token or a person's name.
    let logged = format.split("$context.").skip(1).map(|rest| {
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).next().unwrap_or_default()
    });
    let allowed = [
        "requestTimeEpoch",
        "requestId",
        "identity.sourceIp",
        "routeKey",
        "httpMethod",
        "status",
        "error.responseType",
        "responseLatency",
        "integrationLatency",
        "integrationStatus",
        "responseLength",
    ];
    faults.extend(differences("the access log", logged, allowed));
    faults
}

#[test]
fn every_log_expires_and_contains_no_secret() {
    let Some(expansion) = expanded_template() else { return };
    let format = "/Stage/Properties/AccessLogSettings/Format";
    Rule {
        harm: "Readers of logs could use the tokens in them, and logs kept forever cost money forever.",
        check: &log_faults,
        spoiled: &[
            ("/JwksLog/Properties/RetentionInDays", json!(null)),
            ("/ApiLog/Properties/RetentionInDays", json!(null)),
            ("/Another", json!({ "Type": "AWS::Logs::LogGroup", "Properties": {} })),
            ("/RotateKeys/Properties/LoggingConfig", json!(null)),
            (format, json!("{\"path\":\"$context.path\"}")),
            (format, json!("$context.requestId")),
        ],
    }
    .check_all(expansion);
}

const ORIGIN_SECRET: &str = "POZI_ORIGIN_SECRET={{resolve:secretsmanager:${OriginSecret}}}";

fn variable_faults(stack: &Stack, deployment: &Deployment) -> Vec<String> {
    let issuer = format!("POZI_ISSUER={}", deployment.issuer);
    let all = ["POZI_TABLE=${Table}", "POZI_METRICS=Pozi/${AWS::StackName}", "POZI_LOG=info", &issuer];
    let sealed = ["POZI_SIGNING=sealed", "POZI_KMS_KEY=${SealingKey.Arn}"];
    let keys: &[&str] = if deployment.keeps_keys_in_kms() { &["POZI_SIGNING=kms"] } else { &sealed };
    let graph: &[&str] =
        if deployment.reads_graph_secrets() { &["POZI_GRAPH_SECRETS=pozi/graph"] } else { &[] };
    let tag: &[&str] = if deployment.keeps_keys_in_kms() { &["POZI_KEY_TAG=${Table}"] } else { &[] };
    let origin: &[&str] = if deployment.sets("DomainName") { &[ORIGIN_SECRET] } else { &[] };
    let rotation = ["POZI_ALGORITHM=ES256", "POZI_SIGN_FOR_HOURS=168"];
    let tenant = ["POZI_PROBE_TENANT=${AWS::StackId}[2]"];
    let [exchange, key_set] =
        ["POZI_EXCHANGE_VERSION=${TokenExchangeVersion", "POZI_JWKS_VERSION=${JwksVersion"];
    let prober = ["POZI_PROBE_KEY=${ProbeKey.Arn}", exchange, key_set];
    let expected = [
        ("TokenExchange", [&all, keys, graph, &tenant, origin].concat()),
        ("Jwks", [&all, origin].concat()),
        ("RotateKeys", [&all, keys, tag, &rotation, &tenant].concat()),
        ("Prober", [&all[..], &tenant, &prober, origin].concat()),
    ];
    let function_faults = |(name, expected): (&str, Vec<&str>)| {
        let set = stack.properties(name)["Environment"]["Variables"].as_object().unwrap();
        let set = set.iter().map(|(variable, value)| format!("{variable}={}", text_of(value)));
        // The name of a version ends in a hash.
        let set = set.map(|one| one.find("Version").map_or(one.clone(), |at| one[..at + 7].to_owned()));
        differences(name, set, expected.into_iter().map(str::to_owned))
    };
    let functions = stack.of_type("AWS::Lambda::Function").map(|(name, _)| name);
    let mut faults = differences("the stack", functions, ["TokenExchange", "Jwks", "RotateKeys", "Prober"]);
    faults.extend(expected.into_iter().flat_map(function_faults));
    faults
}

#[test]
fn every_function_gets_exactly_the_variables_that_it_reads() {
    let Some(expansion) = expanded_template() else { return };
    let of =
        |function: &str, variable: &str| format!("/{function}/Properties/Environment/Variables/{variable}");
    Rule {
        harm: "A function would not start, or would use another issuer than the one that verifiers expect.",
        check: &variable_faults,
        spoiled: &[
            (&of("TokenExchange", "POZI_ISSUER"), json!({ "Fn::GetAtt": ["Api", "ApiEndpoint"] })),
            (&of("TokenExchange", "POZI_ENTRA_LOGIN_URL"), json!("http://localhost")),
            (&of("TokenExchange", "POZI_KMS_KEY"), json!({ "Fn::GetAtt": ["SealingKey", "Arn"] })),
            (&of("TokenExchange", "POZI_GRAPH_SECRETS"), json!("pozi/")),
            (&of("Jwks", "POZI_TABLE"), json!(null)),
            (&of("RotateKeys", "POZI_KEY_TAG"), json!({ "Ref": "Table" })),
            (&of("RotateKeys", "POZI_SIGNING"), json!("sealed")),
            (&of("RotateKeys", "POZI_PROBE_TENANT"), json!(null)),
            (&of("Prober", "POZI_EXCHANGE_VERSION"), json!({ "Ref": "TokenExchange" })),
            (&of("Prober", "POZI_PROBE_URL"), json!("http://localhost")),
        ],
    }
    .check_all(expansion);
}

fn schedule_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    let schedule = stack.properties("Schedule");
    let target = &schedule["Target"];
    let mut faults = Vec::new();
    faults.extend(fault_unless(
        schedule["ScheduleExpression"] == "rate(15 minutes)",
        "the schedule is not every 15 minutes",
    ));
    faults.extend(fault_unless(schedule["State"] != "DISABLED", "the schedule is disabled"));
    faults
        .extend(fault_unless(target["Arn"] == "${RotateKeys.Arn}", "the schedule calls the wrong function"));
    faults
        .extend(fault_unless(target["RoleArn"] == "${ScheduleRole.Arn}", "the schedule has the wrong role"));
    faults.extend(fault_unless(
        target["Input"] == "{}",
        "the schedule has the wrong input: only an operator may create the first ring",
    ));
    faults.extend(fault_unless(
        target["RetryPolicy"]["MaximumRetryAttempts"].is_u64(),
        "the retries are unlimited",
    ));
    let counts_once = stack.of_type("AWS::Lambda::EventInvokeConfig").any(|(_, retries)| {
        text_of(&retries["FunctionName"]) == "${RotateKeys}" && retries["MaximumRetryAttempts"] == 0
    });
    faults.extend(fault_unless(
        counts_once,
        "Lambda retries a failed run, so that its alarm counts it more than once",
    ));
    faults
}

#[test]
fn keys_are_rotated_every_quarter_of_an_hour() {
    let Some(expansion) = expanded_template() else { return };
    Rule {
        harm: "A key would sign for too long, or a lost ring would be replaced without notice.",
        check: &schedule_faults,
        spoiled: &[
            ("/Schedule/Properties/ScheduleExpression", json!("rate(15 hours)")),
            ("/Schedule/Properties/State", json!("DISABLED")),
            ("/Schedule/Properties/Target/Input", json!("{\"establish\":true}")),
            ("/Schedule/Properties/Target/RetryPolicy", json!(null)),
            ("/RotateKeysEventInvokeConfig/Properties/MaximumRetryAttempts", json!(2)),
            ("/Schedule/Properties/Target/Arn", json!({ "Fn::GetAtt": ["Jwks", "Arn"] })),
        ],
    }
    .check_all(expansion);
}
