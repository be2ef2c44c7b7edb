//! The permissions of a stack's roles, as comparable lines of text.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::expansion::{Stack, text_of};

/// Returns the permissions of `role` in `stack`: `action on resource, if condition`, one line for each action.
pub(crate) fn permissions(stack: &Stack, role: &str) -> BTreeSet<String> {
    policies(stack, role).into_iter().flat_map(statements).collect()
}

/// Returns the documents of the policies of `role` in `stack`.
pub(crate) fn policies<'a>(stack: &'a Stack, role: &str) -> Vec<&'a Value> {
    let own = stack.properties(role);
    assert!(
        own.get("ManagedPolicyArns").is_none(),
        "{role} has managed policies, which this test does not read"
    );
    let own = own["Policies"].as_array().into_iter().flatten();
    let attached = stack.of_type("AWS::IAM::RolePolicy").map(|(_, policy)| policy);
    let attached = attached.filter(|policy| policy["RoleName"] == format!("${{{role}}}"));
    own.chain(attached).map(|policy| &policy["PolicyDocument"]).collect()
}

/// Returns the statements of a policy in the same format, with the principal if there is one.
pub(crate) fn statements(document: &Value) -> BTreeSet<String> {
    document["Statement"].as_array().unwrap().iter().flat_map(lines).collect()
}

fn lines(statement: &Value) -> Vec<String> {
    const READ: [&str; 6] = ["Effect", "Action", "Resource", "Condition", "Principal", "Sid"];
    let unread = statement.as_object().unwrap().keys().filter(|name| !READ.contains(&name.as_str()));
    assert_eq!(
        unread.collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "the statement has members that this test does not read"
    );
    assert_eq!(statement["Effect"], "Allow");
    let who = statement.get("Principal").map_or(String::new(), |who| format!("{}: ", flat(who)));
    let on = statement.get("Resource").map_or(String::new(), |on| format!(" on {}", flat(on)));
    let conditions = statement["Condition"].as_object().into_iter().flatten();
    let mut conditions: Vec<_> =
        conditions.map(|(operator, tests)| format!("{operator} {}", flat(tests))).collect();
    conditions.sort();
    let only_if =
        if conditions.is_empty() { String::new() } else { format!(", if {}", conditions.join(" and ")) };
    each(&statement["Action"]).map(|action| format!("{who}{}{on}{only_if}", text_of(action))).collect()
}

/// Formats members as `a = b c`, and a list as its items.
fn flat(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(name, member)| format!("{name} = {}", flat(member))).collect();
            members.sort();
            members.join(", ")
        }
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(" "),
        _ => text_of(value),
    }
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}
