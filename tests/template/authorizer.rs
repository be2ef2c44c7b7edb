//! The authorizer's own template: linters, and rules about what its API caches.

use std::fs;

use pozi_auth::config::AuthorizerConfig;
use pozi_tests::venv;
use serde_json::{Value, json};

use super::{
    expansion::{self, Stack, text_of},
    rule::differences,
    run, spoiled, text,
};

const FILE: &str = "functions/authorizer/template.yaml";
const SESSION: &str = "X-Pozi-Session";
const PARAMETERS: [(&str, &str); 5] = [
    ("ApiId", "a1b2c3d4e5"),
    ("Issuer", "https://auth.gis.example"),
    ("Audience", "https://poziserver-riverbend.example/pozi"),
    ("TenantId", "cd0a0f9d-3505-4176-bcd0-75bdde12fd00"),
    ("RoutePrefix", "/ows/"),
];

#[test]
fn sam_and_cfn_lint_accept_the_authorizers_template() {
    let Some(tools) = venv::tools() else { return };
    assert_eq!(run(&tools, "sam", &["validate", "--template", FILE]), Ok(()));
    assert_eq!(run(&tools, "sam", &["validate", "--lint", "--template", FILE]), Ok(()));
    let expansion = expansion::expand(&tools, &text(FILE));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("expanded.json");
    fs::write(&file, expansion.to_string()).unwrap();
    let lint = ["--non-zero-exit-code", "informational", file.to_str().unwrap()];
    assert_eq!(run(&tools, "cfn-lint", &lint), Ok(()));
}

/// Returns what is wrong with the cache of the API of `kind`.
fn cache_faults(expansion: &Value, kind: &str) -> Vec<String> {
    let stack = Stack::of(expansion, &[&PARAMETERS[..], &[("ApiKind", kind)]].concat());
    let all: Vec<_> = stack.of_type("AWS::ApiGateway").collect();
    let [(name, authorizer)] = all[..] else { return vec![format!("{} authorizers", all.len())] };
    let (sources, session, context) = match &authorizer["IdentitySource"] {
        Value::Array(sources) => (
            sources.iter().map(text_of).collect::<Vec<_>>(),
            format!("$request.header.{SESSION}"),
            "$context",
        ),
        joined => {
            let sources = text_of(joined).split(", ").map(str::to_owned).collect();
            (sources, format!("method.request.header.{SESSION}"), "context")
        }
    };
    let mut faults =
        differences(name, sources, [session, format!("{context}.path"), format!("{context}.httpMethod")]);
    let function = &stack.properties("Authorizer")["Environment"]["Variables"];
    if function["POZI_SESSION_HEADER"] != SESSION {
        faults.push("the function reads another header than the API caches by".into());
    }
    let is_simple = authorizer["EnableSimpleResponses"] == true || function["POZI_RESPONSE"] != "policy";
    faults.extend(is_simple.then(|| "a simple answer is cached".to_owned()));
    faults
}

#[test]
fn an_answer_is_cached_by_session_path_and_method() {
    let Some(tools) = venv::tools() else { return };
    let expansion = expansion::expand(&tools, &text(FILE));
    for kind in ["http", "rest"] {
        assert_eq!(cache_faults(&expansion, kind), [""; 0], "{kind}");
    }
    for (kind, pointer, value) in [
        ("http", "/HttpAuthorizer/Properties/IdentitySource/0", json!("$request.header.Authorization")),
        ("http", "/HttpAuthorizer/Properties/IdentitySource", json!(["$request.header.X-Pozi-Session"])),
        ("http", "/HttpAuthorizer/Properties/EnableSimpleResponses", json!(true)),
        ("http", "/Authorizer/Properties/Environment/Variables/POZI_RESPONSE", json!("simple")),
        ("rest", "/Authorizer/Properties/Environment/Variables/POZI_SESSION_HEADER", json!("Authorization")),
        ("rest", "/RestAuthorizer/Properties/IdentitySource", json!("method.request.header.X-Pozi-Session")),
        ("rest", "/RestAuthorizer/Condition", json!("IsHttp")),
    ] {
        let faults = cache_faults(&spoiled(&expansion, pointer, &value), kind);
        assert!(!faults.is_empty(), "{value} at {pointer} is not found");
    }
}

/// The function would not start, or would ignore a variable.
#[test]
fn the_function_gets_variables_that_it_reads() {
    let Some(tools) = venv::tools() else { return };
    let stack = Stack::of(&expansion::expand(&tools, &text(FILE)), &PARAMETERS);
    let variables = &stack.properties("Authorizer")["Environment"]["Variables"];
    let read = std::cell::RefCell::new(vec!["POZI_LOG".to_owned()]);
    let config = AuthorizerConfig::read(|name| {
        read.borrow_mut().push(name.to_owned());
        variables[name].as_str().map(str::to_owned)
    });
    let config = config.unwrap();
    assert_eq!(config.audience.as_str(), "https://poziserver-riverbend.example/pozi/");
    assert_eq!(config.route_prefix.as_str(), "/ows/");
    let read = read.into_inner();
    for name in variables.as_object().unwrap().keys() {
        assert!(read.contains(name), "the function does not read {name}");
    }
}

#[test]
fn the_authorizer_may_do_nothing_but_write_its_log_and_only_its_api_may_call_it() {
    let Some(tools) = venv::tools() else { return };
    let stack = Stack::of(&expansion::expand(&tools, &text(FILE)), &PARAMETERS);
    let policies = &stack.properties("Role")["Policies"];
    assert_eq!(policies.as_array().unwrap().len(), 1);
    let statement = &policies[0]["PolicyDocument"]["Statement"];
    let own = json!([{
        "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "${Log.Arn}",
    }]);
    assert_eq!(statement, &own);
    let permissions: Vec<_> = stack.of_type("AWS::Lambda::Permission").collect();
    let [(_, permission)] = permissions[..] else { panic!("not one permission: {permissions:?}") };
    assert_eq!(permission["Principal"], "apigateway.amazonaws.com");
    let api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:a1b2c3d4e5/authorizers/*";
    assert_eq!(permission["SourceArn"], api);
}
