//! The template as CloudFormation sees it: expanded from SAM, with its conditions evaluated for given parameters.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Map, Value, json};

/// Expands the SAM template to plain CloudFormation, with the Python in `programs`.
pub(crate) fn expand(programs: &Path, template: &str) -> Value {
    expand_with(programs, template, &[])
}

/// The same with `parameters`, each `Name=value`, as SAM sees them when it is deployed.
pub(crate) fn expand_with(programs: &Path, template: &str, parameters: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("template/expand.py");
    let mut process = Command::new(programs.join("python"))
        .arg(script)
        .args(parameters)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(template.as_bytes()).unwrap();
    let done = process.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// The resources of a stack with given parameters.
pub(crate) struct Stack {
    resources: Map<String, Value>,
}

impl Stack {
    /// Evaluates the conditions of `expansion`. References become text: `Ref: Table` becomes `${Table}`, `GetAtt` of its ARN
    /// `${Table.Arn}`, and a parameter its value.
    pub(crate) fn of(expansion: &Value, parameters: &[(&str, &str)]) -> Self {
        let evaluator = Evaluator::new(expansion, parameters);
        let all = expansion["Resources"].as_object().unwrap();
        let created = all.iter().filter(|(_, resource)| {
            resource["Condition"]
                .as_str()
                .is_none_or(|condition| evaluator.holds(&json!({ "Condition": condition })))
        });
        let resources =
            created.map(|(name, resource)| (name.clone(), evaluator.evaluate(resource).unwrap())).collect();
        Self { resources }
    }

    /// Returns the properties of a resource, which must exist.
    pub(crate) fn properties(&self, name: &str) -> &Value {
        &self.resource(name)["Properties"]
    }

    /// Returns a resource, which must exist.
    pub(crate) fn resource(&self, name: &str) -> &Value {
        self.resources.get(name).unwrap_or_else(|| panic!("the stack has no {name}"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.resources.contains_key(name)
    }

    /// Returns the names and properties of all resources whose type starts with `kind`.
    pub(crate) fn of_type(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let is_of_kind = move |resource: &Value| resource["Type"].as_str().unwrap().starts_with(kind);
        let found = self.resources.iter().filter(move |(_, resource)| is_of_kind(resource));
        found.map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }
}

/// Evaluates a template's functions for given parameters.
struct Evaluator<'a> {
    conditions: &'a Value,
    parameters: BTreeMap<&'a str, &'a Value>,
    given: BTreeMap<&'a str, Value>,
}

impl<'a> Evaluator<'a> {
    fn new(expansion: &'a Value, parameters: &[(&'a str, &str)]) -> Self {
        let declared = expansion["Parameters"].as_object().unwrap();
        for (name, _) in parameters {
            assert!(declared.contains_key(*name), "the template has no parameter {name}");
        }
        Self {
            conditions: &expansion["Conditions"],
            parameters: declared.iter().map(|(name, one)| (name.as_str(), &one["Default"])).collect(),
            given: parameters.iter().map(|(name, value)| (*name, json!(value))).collect(),
        }
    }

    fn parameter(&self, name: &str) -> Option<&Value> {
        self.given.get(name).or_else(|| self.parameters.get(name).copied())
    }

    /// Whether a condition is true.
    fn holds(&self, condition: &Value) -> bool {
        let (function, argument) = only_member(condition).unwrap();
        match function {
            "Condition" => self.holds(&self.conditions[argument.as_str().unwrap()]),
            "Fn::Not" => !self.holds(&argument[0]),
            "Fn::And" => argument.as_array().unwrap().iter().all(|one| self.holds(one)),
            "Fn::Equals" => {
                let text = |value: &Value| text_of(&self.evaluate(value).unwrap());
                text(&argument[0]) == text(&argument[1])
            }
            other => panic!("this test cannot evaluate a condition with {other}"),
        }
    }

    /// Returns a value with its functions evaluated; `None` for `AWS::NoValue`.
    fn evaluate(&self, value: &Value) -> Option<Value> {
        match (only_member(value), value) {
            (Some(("Ref", name)), _) if name == "AWS::NoValue" => None,
            (Some(("Ref", name)), _) => Some(self.reference(name.as_str().unwrap())),
            (Some(("Fn::GetAtt", path)), _) => {
                let parts = path.as_array().unwrap().iter().map(text_of).collect::<Vec<_>>();
                Some(json!(format!("${{{}}}", parts.join("."))))
            }
            (Some(("Fn::Sub", Value::Array(parts))), _) => Some(json!(self.substituted_with(parts))),
            (Some(("Fn::Sub", text)), _) => Some(json!(self.substituted(text.as_str().unwrap()))),
            (Some(("Fn::Select", choice)), _) => {
                Some(json!(format!("{}[{}]", text_of(&self.evaluate(&choice[1])?), choice[0])))
            }
            (Some(("Fn::Split", parts)), _) => self.evaluate(&parts[1]),
            (Some(("Fn::If", choice)), _) => {
                let condition = json!({ "Condition": choice[0] });
                self.evaluate(&choice[if self.holds(&condition) { 1 } else { 2 }])
            }
            (Some((function, _)), _) if function.starts_with("Fn::") => {
                panic!("this test cannot evaluate {function}")
            }
            (_, Value::Array(items)) => Some(items.iter().filter_map(|item| self.evaluate(item)).collect()),
            (_, Value::Object(members)) => {
                let evaluate =
                    |(name, member): (&String, &Value)| Some((name.clone(), self.evaluate(member)?));
                Some(Value::Object(members.iter().filter_map(evaluate).collect()))
            }
            _ => Some(value.clone()),
        }
    }

    fn reference(&self, name: &str) -> Value {
        self.parameter(name).cloned().unwrap_or_else(|| json!(format!("${{{name}}}")))
    }

    /// Evaluates `Fn::Sub` with variables of its own.
    fn substituted_with(&self, parts: &[Value]) -> String {
        let own = parts[1].as_object().unwrap().iter();
        let own = own.map(|(name, value)| (format!("${{{name}}}"), text_of(&self.evaluate(value).unwrap())));
        let text = own.fold(text_of(&parts[0]), |text, (mark, value)| text.replace(&mark, &value));
        self.substituted(&text)
    }

    fn substituted(&self, text: &str) -> String {
        let names =
            self.parameters.keys().map(|name| (format!("${{{name}}}"), text_of(&self.reference(name))));
        names.fold(text.to_owned(), |text, (mark, value)| text.replace(&mark, &value))
    }
}

/// Returns the name and argument of the function or condition that `value` is, if it is one.
fn only_member(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, member) = members.iter().next()?;
    let is_function = name.starts_with("Fn::") || name == "Ref" || name == "Condition" && member.is_string();
    is_function.then_some((name.as_str(), member))
}

/// Returns a string unchanged, and any other value as JSON.
pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
