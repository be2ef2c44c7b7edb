//! The rules about the prober: it may store what is its own, and only it may sign with its key.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    expanded_template,
    expansion::Stack,
    permissions::statements,
    rule::{Deployment, Rule, differences, fault_unless},
};

/// The permissions of the prober, in the format of [`crate::permissions`]. Every item is of its own tenant, the GUID of the stack.
pub(crate) const PROBER: [&str; 9] = [
    "dynamodb:Query on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = tenant#${AWS::StackId}[2] history#${AWS::StackId}[2]#pozi-prober",
    "dynamodb:BatchGetItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = claim#url#https://pozi-prober.invalid/ claim#name#pozi-prober",
    "dynamodb:GetItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = tenant#${AWS::StackId}[2]",
    "dynamodb:UpdateItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = tenant#${AWS::StackId}[2] keys#${AWS::StackId}[2]",
    "dynamodb:PutItem on ${Table.Arn}, if ForAllValues:StringEquals dynamodb:LeadingKeys = tenant#${AWS::StackId}[2] keys#${AWS::StackId}[2] history#${AWS::StackId}[2]#pozi-prober claim#url#https://pozi-prober.invalid/ claim#name#pozi-prober",
    "lambda:InvokeFunction on ${TokenExchange.Arn}:* ${Jwks.Arn}:*",
    "codedeploy:PutLifecycleEventHookExecutionStatus on arn:${AWS::Partition}:codedeploy:${AWS::Region}:${AWS::AccountId}:deploymentgroup:${ServerlessDeploymentApplication}/*",
    "kms:GetPublicKey on ${ProbeKey.Arn}",
    "kms:Sign on ${ProbeKey.Arn}",
];

/// The permissions of what shifts traffic.
pub(crate) const RELEASE: [&str; 5] = [
    "lambda:GetAlias on ${TokenExchange.Arn} ${TokenExchange.Arn}:* ${Jwks.Arn} ${Jwks.Arn}:*",
    "lambda:GetProvisionedConcurrencyConfig on ${TokenExchange.Arn} ${TokenExchange.Arn}:* ${Jwks.Arn} ${Jwks.Arn}:*",
    "lambda:UpdateAlias on ${TokenExchange.Arn} ${TokenExchange.Arn}:* ${Jwks.Arn} ${Jwks.Arn}:*",
    "lambda:InvokeFunction on ${Prober.Arn}",
    "cloudwatch:DescribeAlarms on *",
];

fn key_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    let key = stack.properties("ProbeKey");
    let account = "AWS = arn:${AWS::Partition}:iam::${AWS::AccountId}:root";
    let by_prober = "on *, if ArnEquals aws:PrincipalArn = ${ProberRole.Arn}";
    let (administer, used): (BTreeSet<_>, BTreeSet<_>) =
        statements(&key["KeyPolicy"]).into_iter().partition(|line| !line.contains(", if "));
    let expected = ["GetPublicKey", "Sign"].map(|call| format!("{account}: kms:{call} {by_prober}"));
    let mut faults = differences("ProbeKey", used, expected);
    let signs = ["Sign", "CreateGrant", "*"].map(|call| format!(": kms:{call} on"));
    let for_all = administer.iter().filter(|line| signs.iter().any(|call| line.contains(call)));
    faults.extend(for_all.map(|line| format!("ProbeKey may be used by administrators: {line}")));
    let is_like_entras = key["KeySpec"] == "RSA_2048" && key["KeyUsage"] == "SIGN_VERIFY";
    faults.extend(fault_unless(is_like_entras, "ProbeKey does not sign as Entra's keys do"));
    faults
}

#[test]
fn only_the_prober_can_sign_with_its_key() {
    let Some(expansion) = expanded_template() else { return };
    let policy = "/ProbeKey/Properties/KeyPolicy/Statement";
    Rule {
        harm: "Somebody else could get sessions in the prober's name.",
        check: &key_faults,
        spoiled: &[
            (&format!("{policy}/0/Action/-"), json!("kms:Sign")),
            (&format!("{policy}/0/Action/-"), json!("kms:CreateGrant")),
            (&format!("{policy}/0/Action/-"), json!("kms:*")),
            (&format!("{policy}/1/Condition"), json!(null)),
            (
                &format!("{policy}/1/Condition/ArnEquals/aws:PrincipalArn"),
                json!({ "Fn::GetAtt": ["JwksRole", "Arn"] }),
            ),
            ("/ProbeKey/Properties/KeySpec", json!("ECC_NIST_P256")),
        ],
    }
    .check_all(expansion);
}

fn schedule_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    let schedule = stack.properties("ProbeSchedule");
    let (target, retries) = (&schedule["Target"], &stack.properties("ProberEventInvokeConfig"));
    let is_often = schedule["ScheduleExpression"] == "rate(5 minutes)" && schedule["State"] != "DISABLED";
    let probes = target["Arn"] == "${Prober.Arn}"
        && target["RoleArn"] == "${ScheduleRole.Arn}"
        && target["Input"] == "{}";
    let once = target["RetryPolicy"]["MaximumRetryAttempts"] == 0 && retries["MaximumRetryAttempts"] == 0;
    [
        fault_unless(is_often, "the service is not probed every 5 minutes"),
        fault_unless(probes, "the schedule does not call the prober"),
        fault_unless(once, "a run is repeated, so that its failures are counted twice"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn the_service_is_probed_every_five_minutes() {
    let Some(expansion) = expanded_template() else { return };
    Rule {
        harm: "An outage, or an open door, would be noticed by somebody else first.",
        check: &schedule_faults,
        spoiled: &[
            ("/ProbeSchedule/Properties/ScheduleExpression", json!("rate(5 hours)")),
            ("/ProbeSchedule/Properties/State", json!("DISABLED")),
            ("/ProbeSchedule/Properties/Target/Arn", json!({ "Fn::GetAtt": ["RotateKeys", "Arn"] })),
            ("/ProbeSchedule/Properties/Target/RetryPolicy/MaximumRetryAttempts", json!(2)),
            ("/ProberEventInvokeConfig/Properties/MaximumRetryAttempts", json!(2)),
        ],
    }
    .check_all(expansion);
}
