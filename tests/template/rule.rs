//! Rules about the template. Each rule must also fail for templates that are changed to break it.

use serde_json::Value;

use crate::expansion::Stack;

/// The deployments that every rule is checked for.
pub(crate) const DEPLOYMENTS: [Deployment; 7] = [
    Deployment { name: "sealed", parameters: &[], issuer: "${Api.ApiEndpoint}" },
    Deployment { name: "in KMS", parameters: &[("Signing", "kms")], issuer: "${Api.ApiEndpoint}" },
    Deployment {
        name: "with credentials of app registrations",
        parameters: &[("GraphSecrets", "on")],
        issuer: "${Api.ApiEndpoint}",
    },
    Deployment { name: "sealed, own domain", parameters: &DOMAIN, issuer: "https://auth.gis.example" },
    Deployment {
        name: "in KMS, own domain",
        parameters: &[DOMAIN[0], DOMAIN[1], ("Signing", "kms")],
        issuer: "https://auth.gis.example",
    },
    Deployment {
        name: "own domain, served by another stack",
        parameters: &[DOMAIN[0]],
        issuer: "https://auth.gis.example",
    },
    Deployment {
        name: "own domain, with a web ACL",
        parameters: &[DOMAIN[0], DOMAIN[1], ("WebAclArn", "acl"), ("HostedZoneId", "Z1")],
        issuer: "https://auth.gis.example",
    },
];

const DOMAIN: [(&str, &str); 2] = [("DomainName", "auth.gis.example"), ("CertificateArn", "certificate")];

/// A deployment of the template.
pub(crate) struct Deployment {
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    /// The sessions' `iss`, as the expanded template contains it.
    pub(crate) issuer: &'static str,
}

impl Deployment {
    /// Whether private keys never leave KMS.
    pub(crate) fn keeps_keys_in_kms(&self) -> bool {
        self.parameters.contains(&("Signing", "kms"))
    }

    /// Whether Graph may be asked in the name of app registrations.
    pub(crate) fn reads_graph_secrets(&self) -> bool {
        self.parameters.contains(&("GraphSecrets", "on"))
    }

    /// Whether the value of `parameter` is not the default.
    pub(crate) fn sets(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|(name, _)| *name == parameter)
    }
}

/// A rule that the stack must meet in every deployment.
pub(crate) struct Rule<'a> {
    /// What happens if it is broken.
    pub(crate) harm: &'a str,
    /// Returns what breaks it.
    pub(crate) check: &'a dyn Fn(&Stack, &Deployment) -> Vec<String>,
    /// Changes that break it: a JSON pointer below the resources, and the new value; null removes the value.
    pub(crate) spoiled: &'a [(&'a str, Value)],
}

impl Rule<'_> {
    /// Fails with everything that breaks the rule, and if the rule misses one of the changes.
    pub(crate) fn check_all(&self, expansion: &Value) {
        let faults = self.faults(expansion);
        assert!(faults.is_empty(), "\n{}\n{}\n", faults.join("\n"), self.harm);
        for (pointer, value) in self.spoiled {
            let faults = self.faults(&spoiled(expansion, pointer, value));
            assert!(!faults.is_empty(), "the rule does not catch {value} at {pointer}");
        }
    }

    fn faults(&self, expansion: &Value) -> Vec<String> {
        let faults_of = |deployment: &Deployment| {
            let faults = (self.check)(&Stack::of(expansion, deployment.parameters), deployment);
            faults.into_iter().map(|fault| format!("{}: {fault}", deployment.name)).collect::<Vec<_>>()
        };
        DEPLOYMENTS.iter().flat_map(faults_of).collect()
    }
}

/// Returns the expansion with one change. The parent of `pointer` must exist; `-` appends to a list.
pub(crate) fn spoiled(expansion: &Value, pointer: &str, value: &Value) -> Value {
    let mut spoiled = expansion.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let last = &last.replace("~1", "/");
    let parent = spoiled["Resources"].pointer_mut(parent).unwrap_or_else(|| panic!("there is no {pointer}"));
    match parent {
        Value::Object(members) if value.is_null() => drop(members.remove(last).unwrap()),
        Value::Object(members) => drop(members.insert(last.to_owned(), value.clone())),
        Value::Array(items) if last == "-" => items.push(value.clone()),
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value.clone(),
        _ => panic!("{pointer} is inside a scalar value"),
    }
    spoiled
}

/// Returns what `found` has in addition to `expected`, and what it lacks.
pub(crate) fn differences<T: Into<String>>(
    what: &str,
    found: impl IntoIterator<Item = T>,
    expected: impl IntoIterator<Item = T>,
) -> Vec<String> {
    let found: std::collections::BTreeSet<String> = found.into_iter().map(Into::into).collect();
    let expected: std::collections::BTreeSet<String> = expected.into_iter().map(Into::into).collect();
    let beyond = found.difference(&expected).map(|one| format!("{what} has an unexpected {one}"));
    let lacking = expected.difference(&found).map(|one| format!("{what} lacks: {one}"));
    beyond.chain(lacking).collect()
}

/// Returns `fault` unless the condition is met.
pub(crate) fn fault_unless(is_met: bool, fault: &str) -> Option<String> {
    (!is_met).then(|| fault.to_owned())
}
