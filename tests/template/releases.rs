//! The rules about releases: a new version is tried before it takes traffic, and taken back when an alarm fires.

use std::collections::BTreeSet;

use pozi_tests::venv;
use serde_json::{Value, json};

use crate::{
    expanded_template,
    expansion::{Stack, expand_with, text_of},
    rule::{Deployment, Rule, differences, fault_unless},
    text,
};

/// What takes a release of each function back.
const ALARMS: [(&str, &[&str]); 2] = [
    ("TokenExchange", &["TokenExchangeErrors", "ServiceOutage", "ProbeExchangeFails", "ProbeRefusalFails"]),
    ("Jwks", &["JwksErrors", "ProbeExchangeFails", "ProbeRefusalFails"]),
];

fn release_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    ALARMS.iter().flat_map(|(function, alarms)| faults_of(stack, function, alarms)).collect()
}

fn faults_of(stack: &Stack, function: &str, alarms: &[&str]) -> Vec<String> {
    let alias = format!("{function}Aliaslive");
    if !stack.has(&alias) {
        return vec![format!("{function} has no alias")];
    }
    let group = stack.properties(&format!("{function}DeploymentGroup"));
    let shift = &stack.resource(&alias)["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"];
    let guarded = &group["AlarmConfiguration"];
    let found = guarded["Alarms"].as_array().into_iter().flatten().map(|alarm| text_of(&alarm["Name"]));
    let expected = alarms.iter().map(|alarm| format!("${{{alarm}}}"));
    let mut faults = differences(&format!("the release of {function}"), found, expected);
    let undoes = &group["AutoRollbackConfiguration"];
    let events = undoes["Events"].as_array().into_iter().flatten().map(text_of).collect::<BTreeSet<_>>();
    let events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"].iter().all(|one| events.contains(*one));
    for (is_met, fault) in [
        (shift["BeforeAllowTrafficHook"] == "${Prober}", "takes traffic untried"),
        (shift["DeploymentGroupName"] == format!("${{{function}DeploymentGroup}}"), "is not shifted"),
        (guarded["Enabled"] == true, "heeds no alarm"),
        (undoes["Enabled"] == true && events, "does not undo itself"),
        (group["ServiceRoleArn"] == "${ReleaseRole.Arn}", "has another role than its own"),
        (text_of(&group["DeploymentConfigName"]).contains("Canary10Percent5Minutes"), "is not gradual"),
    ] {
        faults.extend(fault_unless(is_met, &format!("a release of {function} {fault}")));
    }
    faults
}

#[test]
fn a_release_is_tried_first_and_undoes_itself() {
    let Some(expansion) = expanded_template() else { return };
    let policy = "/TokenExchangeAliaslive/UpdatePolicy/CodeDeployLambdaAliasUpdate";
    let group = "/JwksDeploymentGroup/Properties";
    Rule {
        harm: "A bad release would keep everybody out until somebody is woken up.",
        check: &release_faults,
        spoiled: &[
            (&format!("{policy}/BeforeAllowTrafficHook"), json!(null)),
            (policy, json!(null)),
            ("/JwksAliaslive", json!(null)),
            (&format!("{group}/AlarmConfiguration"), json!({})),
            (&format!("{group}/AlarmConfiguration/Fn::If/2/Alarms"), json!([])),
            (&format!("{group}/AutoRollbackConfiguration/Enabled"), json!(false)),
            (&format!("{group}/AutoRollbackConfiguration/Events"), json!(["DEPLOYMENT_STOP_ON_REQUEST"])),
            (&format!("{group}/ServiceRoleArn"), json!({ "Fn::GetAtt": ["ProberRole", "Arn"] })),
            (&format!("{group}/DeploymentConfigName"), json!("CodeDeployDefault.LambdaAllAtOnce")),
        ],
    }
    .check_all(expansion);
}

/// While an alarm fires, nothing else could be released that ends what it is about.
#[test]
fn a_release_at_once_heeds_no_alarm_but_is_tried() {
    let Some(expansion) = expanded_template() else { return };
    let stack = Stack::of(expansion, &[("Release", "AllAtOnce")]);
    for (function, _) in ALARMS {
        assert_eq!(stack.properties(&format!("{function}DeploymentGroup"))["AlarmConfiguration"], json!({}));
        let shift = &stack.resource(&format!("{function}Aliaslive"))["UpdatePolicy"];
        assert_eq!(shift["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"], "${Prober}");
    }
}

/// The alias would keep a version with the old variables, however often the stack is deployed.
#[test]
fn another_build_publishes_versions_of_the_functions_behind_the_api() {
    let Some(tools) = venv::tools() else { return };
    let versions = |build: char| {
        let build = format!("BuildId={}", build.to_string().repeat(64));
        let expansion = expand_with(&tools, &text("infra/template.yaml"), &[&build]);
        let resources = expansion["Resources"].as_object().unwrap().iter();
        let is_version = |resource: &Value| resource["Type"] == "AWS::Lambda::Version";
        let versions = resources.filter(|(_, resource)| is_version(resource));
        versions.map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
    };
    let (first, second) = (versions('a'), versions('b'));
    assert_eq!((first.len(), first.intersection(&second).count()), (2, 0), "{first:?} {second:?}");
}
