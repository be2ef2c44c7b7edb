//! The AWS template: linters, and rules that linters do not know, such as that every role has exactly the permissions that its
//! function needs, that data cannot be deleted by mistake, and that alarms cover failures.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "template/access.rs"]
mod access;
#[path = "template/alarms.rs"]
mod alarms;
#[path = "template/api.rs"]
mod api;
#[path = "template/authorizer.rs"]
mod authorizer;
#[path = "template/cycles.rs"]
mod cycles;
#[path = "template/dashboard.rs"]
mod dashboard;
#[path = "template/expansion.rs"]
mod expansion;
#[path = "template/fires/mod.rs"]
mod fires;
#[path = "template/permissions.rs"]
mod permissions;
#[path = "template/prober.rs"]
mod prober;
#[path = "template/releases.rs"]
mod releases;
#[path = "template/resources.rs"]
mod resources;
#[path = "template/rule.rs"]
mod rule;
#[path = "template/writers.rs"]
mod writers;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use pozi_tests::venv;
use serde_json::{Value, json};

use self::{cycles::find_cycle, rule::spoiled};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// Returns the template expanded from SAM, once for all tests. `None` if the tools cannot be installed.
fn expanded_template() -> Option<&'static Value> {
    static EXPANSION: OnceLock<Option<Value>> = OnceLock::new();
    let expand = || Some(expansion::expand(&venv::tools()?, &text("infra/template.yaml")));
    EXPANSION.get_or_init(expand).as_ref()
}

/// Runs a tool without network and AWS account. Fails with its output.
fn run(tools: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new(tools.join(program));
    command.args(arguments).current_dir(ROOT);
    command.envs([("SAM_CLI_TELEMETRY", "0"), ("AWS_DEFAULT_REGION", "ap-southeast-2")]);
    command.envs([
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ACCESS_KEY_ID", "none"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
    ]);
    let done = command.output().unwrap();
    let output =
        [done.stdout, done.stderr].map(|output| String::from_utf8_lossy(&output).into_owned()).concat();
    if done.status.success() { Ok(()) } else { Err(output) }
}

#[test]
fn sam_validates_the_template() {
    let Some(tools) = venv::tools() else { return };
    assert_eq!(run(&tools, "sam", &["validate"]), Ok(()));
    assert_eq!(run(&tools, "sam", &["validate", "--lint"]), Ok(()));
}

#[test]
fn cfn_lint_accepts_the_expanded_template() {
    let (Some(tools), Some(expansion)) = (venv::tools(), expanded_template()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let lint = |template: &Value| {
        let file: PathBuf = folder.path().join("expanded.json");
        fs::write(&file, template.to_string()).unwrap();
        run(&tools, "cfn-lint", &["--non-zero-exit-code", "informational", file.to_str().unwrap()])
    };
    assert_eq!(lint(expansion), Ok(()));
    let nowhere = spoiled(expansion, "/Schedule/Properties/Target/Arn", &json!({ "Ref": "Nowhere" }));
    assert!(lint(&nowhere).is_err_and(|output| output.contains("Nowhere")));
}

#[test]
fn no_resources_depend_on_each_other_in_a_cycle() {
    let Some(expansion) = expanded_template() else { return };
    assert_eq!(find_cycle(expansion), None);
    for (pointer, value) in [
        ("/Api/Properties/Name", json!({ "Ref": "TokenExchange" })),
        ("/Api/DependsOn", json!(["TokenRoute"])),
        ("/Table/Properties/TableName", json!({ "Fn::Sub": "of-${RotateKeysRole.RoleId}" })),
        (
            "/TokenExchangeRole/Properties/Policies/-",
            json!({ "PolicyName": "a", "PolicyDocument": { "Resource": { "Fn::GetAtt": ["SealingKey", "Arn"] } } }),
        ),
        (
            "/TokenExchangeLog/Properties/LogGroupName",
            json!({ "Fn::Sub": ["${a}", { "a": { "Ref": "TokenExchange" } }] }),
        ),
    ] {
        let found = find_cycle(&spoiled(expansion, pointer, &value));
        assert!(found.is_some(), "no cycle is found with {value} at {pointer}");
    }
}

#[test]
fn every_parameter_and_alarm_is_documented() {
    let Some(expansion) = expanded_template() else { return };
    let page = text("docs/deploy.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with('|')).collect();
    let has_row =
        |name: &str| rows.iter().any(|row| row.split('|').nth(1).unwrap().contains(&format!("`{name}`")));
    let parameters = expansion["Parameters"].as_object().unwrap();
    for (name, parameter) in parameters {
        assert!(has_row(name), "docs/deploy.md has no row for the parameter {name}");
        assert!(parameter["Description"].is_string(), "{name} has no description");
        let is_bounded =
            ["AllowedValues", "AllowedPattern", "MinValue"].iter().any(|bound| !parameter[bound].is_null());
        assert!(is_bounded, "{name} has no allowed values");
        let is_explained =
            parameter["AllowedPattern"].is_null() || parameter["ConstraintDescription"].is_string();
        assert!(is_explained, "{name} has no ConstraintDescription");
    }
    let groups =
        expansion["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"].as_array().unwrap();
    let grouped: Vec<_> = groups.iter().flat_map(|group| group["Parameters"].as_array().unwrap()).collect();
    let declared = parameters.keys().map(String::as_str);
    assert_eq!(
        rule::differences(
            "the parameter groups",
            grouped.iter().map(|name| name.as_str().unwrap()),
            declared
        ),
        [""; 0]
    );
    for (name, resource) in expansion["Resources"].as_object().unwrap() {
        let is_alarm = resource["Type"] == "AWS::CloudWatch::Alarm";
        assert!(!is_alarm || has_row(name), "docs/deploy.md has no row for the alarm {name}");
    }
}

#[test]
fn every_environment_sets_valid_parameters() {
    let Some(expansion) = expanded_template() else { return };
    let config: toml::Table = toml::from_str(&text("samconfig.toml")).unwrap();
    for environment in ["dev", "staging", "production"] {
        let deploy = &config[environment]["deploy"]["parameters"];
        assert_eq!(deploy["template_file"].as_str(), Some("infra/template.yaml"));
        assert_eq!(deploy["confirm_changeset"].as_bool(), Some(environment == "production"));
        let overrides =
            deploy["parameter_overrides"].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
        let given: BTreeMap<_, _> = overrides.filter_map(|one| one.split_once('=')).collect();
        for (name, value) in given {
            let parameter = &expansion["Parameters"][name];
            assert!(parameter.is_object(), "{environment} sets {name}, which the template does not have");
            let allowed = parameter["AllowedValues"].as_array();
            let is_allowed = |one: &Value| expansion::text_of(one) == value;
            assert!(
                allowed.is_none_or(|allowed| allowed.iter().any(is_allowed)),
                "{environment}: {name}={value}"
            );
        }
    }
}
