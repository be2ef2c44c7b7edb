//! Finds resources that depend on each other in a cycle, which CloudFormation rejects only at deployment and linters miss.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Returns the names of the resources in a cycle, in order, regardless of conditions.
pub(crate) fn find_cycle(template: &Value) -> Option<Vec<String>> {
    let resources = template["Resources"].as_object().unwrap();
    let graph = resources.iter().map(|(name, resource)| {
        let mut named = BTreeSet::new();
        references(resource, &mut named);
        named.extend(depends_on(&resource["DependsOn"]));
        named.retain(|other| resources.contains_key(other));
        (name.clone(), named)
    });
    let graph: BTreeMap<_, _> = graph.collect();
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| walk(&graph, start, &mut Vec::new(), &mut done))
}

fn walk(
    graph: &BTreeMap<String, BTreeSet<String>>,
    at: &str,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(begin) = path.iter().position(|name| name == at) {
        return Some(path[begin..].to_vec());
    }
    if done.contains(at) {
        return None;
    }
    path.push(at.to_owned());
    let found = graph[at].iter().find_map(|next| walk(graph, next, path, done));
    path.pop();
    done.insert(at.to_owned());
    found
}

/// Collects the names that `Ref`, `Fn::GetAtt` and `Fn::Sub` in `value` refer to.
fn references(value: &Value, named: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, named)),
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("Ref", Value::String(target)) => drop(named.insert(target.clone())),
                    ("Fn::GetAtt", Value::String(path)) => named.extend(first_part(path)),
                    ("Fn::GetAtt", Value::Array(path)) => named.extend(path[0].as_str().map(str::to_owned)),
                    ("Fn::Sub", Value::String(text)) => named.extend(in_text(text)),
                    ("Fn::Sub", Value::Array(parts)) => {
                        named.extend(in_text(parts[0].as_str().unwrap()));
                        references(&parts[1], named);
                    }
                    _ => references(member, named),
                }
            }
        }
        _ => (),
    }
}

fn in_text(text: &str) -> impl Iterator<Item = String> {
    text.split("${").skip(1).filter_map(|rest| first_part(rest.split_once('}')?.0))
}

fn first_part(path: &str) -> Option<String> {
    path.split('.').next().map(str::to_owned)
}

fn depends_on(value: &Value) -> Vec<String> {
    match value {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => vec![],
    }
}
