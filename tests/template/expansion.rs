//! The template as CloudFormation reads it: expanded from SAM, then with its conditions decided for given parameters.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Map, Value, json};

/// The template expanded to plain CloudFormation, with the Python of the tools in `programs`.
pub(crate) fn expand(programs: &Path, template: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("template/expand.py");
    let mut expanding = Command::new(programs.join("python"))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    expanding.stdin.take().unwrap().write_all(template.as_bytes()).unwrap();
    let done = expanding.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// What a stack is made of for given parameters.
pub(crate) struct Stack {
    resources: Map<String, Value>,
}

impl Stack {
    /// Decides the conditions of `expansion`. A reference becomes text: `Ref: Table` is `${Table}`, `GetAtt` of its ARN
    /// `${Table.Arn}`, and a parameter its value.
    pub(crate) fn of(expansion: &Value, parameters: &[(&str, &str)]) -> Self {
        let reader = Reader::new(expansion, parameters);
        let all = expansion["Resources"].as_object().unwrap();
        let made = all.iter().filter(|(_, resource)| {
            resource["Condition"]
                .as_str()
                .is_none_or(|condition| reader.holds(&json!({ "Condition": condition })))
        });
        let resources = made.map(|(name, resource)| (name.clone(), reader.read(resource).unwrap())).collect();
        Self { resources }
    }

    /// The properties of a resource that must be there.
    pub(crate) fn properties(&self, name: &str) -> &Value {
        &self.resource(name)["Properties"]
    }

    /// A resource that must be there.
    pub(crate) fn resource(&self, name: &str) -> &Value {
        self.resources.get(name).unwrap_or_else(|| panic!("the stack has no {name}"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.resources.contains_key(name)
    }

    /// Names and properties of all resources whose type begins with `kind`.
    pub(crate) fn of_type(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let is_such = move |resource: &Value| resource["Type"].as_str().unwrap().starts_with(kind);
        let found = self.resources.iter().filter(move |(_, resource)| is_such(resource));
        found.map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }
}

/// What stands in a template, read for given parameters.
struct Reader<'a> {
    conditions: &'a Value,
    parameters: BTreeMap<&'a str, &'a Value>,
    given: BTreeMap<&'a str, Value>,
}

impl<'a> Reader<'a> {
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

    /// Whether a condition holds.
    fn holds(&self, condition: &Value) -> bool {
        let (function, argument) = only_member(condition).unwrap();
        match function {
            "Condition" => self.holds(&self.conditions[argument.as_str().unwrap()]),
            "Fn::Not" => !self.holds(&argument[0]),
            "Fn::And" => argument.as_array().unwrap().iter().all(|one| self.holds(one)),
            "Fn::Equals" => {
                let text = |value: &Value| text_of(&self.read(value).unwrap());
                text(&argument[0]) == text(&argument[1])
            }
            other => panic!("a condition with {other}, which nothing here can decide"),
        }
    }

    /// A value with its functions carried out; none for `AWS::NoValue`.
    fn read(&self, value: &Value) -> Option<Value> {
        match (only_member(value), value) {
            (Some(("Ref", name)), _) if name == "AWS::NoValue" => None,
            (Some(("Ref", name)), _) => Some(self.referred(name.as_str().unwrap())),
            (Some(("Fn::GetAtt", path)), _) => {
                let parts = path.as_array().unwrap().iter().map(text_of).collect::<Vec<_>>();
                Some(json!(format!("${{{}}}", parts.join("."))))
            }
            (Some(("Fn::Sub", text)), _) => Some(json!(self.filled_in(text.as_str().unwrap()))),
            (Some(("Fn::If", choice)), _) => {
                let condition = json!({ "Condition": choice[0] });
                self.read(&choice[if self.holds(&condition) { 1 } else { 2 }])
            }
            (Some((function, _)), _) if function.starts_with("Fn::") => {
                panic!("{function}, which nothing here can carry out")
            }
            (_, Value::Array(items)) => Some(items.iter().filter_map(|item| self.read(item)).collect()),
            (_, Value::Object(members)) => {
                let read = |(name, member): (&String, &Value)| Some((name.clone(), self.read(member)?));
                Some(Value::Object(members.iter().filter_map(read).collect()))
            }
            _ => Some(value.clone()),
        }
    }

    fn referred(&self, name: &str) -> Value {
        self.parameter(name).cloned().unwrap_or_else(|| json!(format!("${{{name}}}")))
    }

    fn filled_in(&self, text: &str) -> String {
        let names =
            self.parameters.keys().map(|name| (format!("${{{name}}}"), text_of(&self.referred(name))));
        names.fold(text.to_owned(), |text, (mark, value)| text.replace(&mark, &value))
    }
}

/// The function that `value` is a call of, if it is one; also a condition.
fn only_member(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, member) = members.iter().next()?;
    let is_function = name.starts_with("Fn::") || name == "Ref" || name == "Condition" && member.is_string();
    is_function.then_some((name.as_str(), member))
}

/// A text as it is, anything else as JSON.
pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
