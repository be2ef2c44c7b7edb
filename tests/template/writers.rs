//! Only people write sites: whoever writes a site or a claim decides who may open what, and no function needs to.

use serde_json::{Value, json};

use crate::{
    expanded_template,
    expansion::{Stack, text_of},
    permissions::policies,
    rule::{Deployment, Rule},
};

/// Partitions of sites, their claims and their history.
const SITES: [&str; 4] =
    ["tenant#id", "claim#url#https://maps.example", "claim#name#riverbend", "history#id#riverbend"];
/// Everything else that can be done with a table's items writes them.
const READS: [&str; 4] = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"];

fn writer_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    let roles = stack.of_type("AWS::IAM::Role").map(|(name, _)| name);
    roles
        .flat_map(|role| policies(stack, role).into_iter().flat_map(move |policy| faults_of(role, policy)))
        .collect()
}

fn faults_of(role: &str, policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let reachable = |statement: &Value, key: &&str| {
        partitions(statement).is_none_or(|all| all.iter().any(|one| matches(one, key)))
    };
    statements
        .flat_map(|statement| {
            let writes = list(&statement["Action"]).into_iter().filter(|action| writes_items(action));
            let sites: Vec<_> = SITES.iter().copied().filter(|key| reachable(statement, key)).collect();
            writes.flat_map(move |action| sites.clone().into_iter().map(move |key| (action.clone(), key)))
        })
        .map(|(action, key)| format!("{role} may {action} {key}"))
        .collect()
}

fn writes_items(action: &str) -> bool {
    action == "*" || (action.starts_with("dynamodb:") && !READS.contains(&action))
}

/// Returns the patterns of partition keys that a statement is limited to, if it is.
fn partitions(statement: &Value) -> Option<Vec<String>> {
    let conditions = ["ForAllValues:StringLike", "ForAllValues:StringEquals"];
    conditions
        .iter()
        .map(|operator| &statement["Condition"][operator]["dynamodb:LeadingKeys"])
        .find(|keys| !keys.is_null())
        .map(list)
}

fn matches(pattern: &str, key: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == key, |prefix| key.starts_with(prefix))
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().map_or_else(|| vec![text_of(value)], |items| items.iter().map(text_of).collect())
}

#[test]
fn no_function_can_write_a_site_a_claim_or_a_history() {
    let Some(expansion) = expanded_template() else { return };
    let statement =
        |at: usize| format!("/RotateKeysRole/Properties/Policies/0/PolicyDocument/Statement/{at}");
    let keys =
        |at: usize| format!("{}/Condition/ForAllValues:StringLike/dynamodb:LeadingKeys", statement(at));
    Rule {
        harm: "An attacker in a function could open a council's maps to anybody, by a site file of their own.",
        check: &writer_faults,
        spoiled: &[
            (&format!("{}/-", keys(2)), json!("tenant#*")),
            (&keys(2), json!(["ring", "*"])),
            (&format!("{}/-", keys(3)), json!("claim#*")),
            (&format!("{}/Condition", statement(2)), json!(null)),
            (&format!("{}/Action", statement(0)), json!(["dynamodb:Scan", "dynamodb:BatchWriteItem"])),
            (&format!("{}/Action", statement(0)), json!("dynamodb:*")),
            (
                "/TokenExchangeRole/Properties/Policies/0/PolicyDocument/Statement/0/Action",
                json!(["dynamodb:Query", "dynamodb:DeleteItem"]),
            ),
        ],
    }
    .check_all(expansion);
}
