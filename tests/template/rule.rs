//! What a rule about the template is: proved on spoiled expansions before it is believed about the real one.

use serde_json::Value;

use crate::expansion::Stack;

/// A stack is judged for these ways to deploy it, each with the issuer that sessions then have.
pub(crate) const WAYS: [Way; 5] = [
    Way { name: "sealed", parameters: &[], issuer: "${Api.ApiEndpoint}" },
    Way { name: "in KMS", parameters: &[("Signing", "kms")], issuer: "${Api.ApiEndpoint}" },
    Way { name: "sealed, own domain", parameters: &DOMAIN, issuer: "https://auth.gis.example" },
    Way {
        name: "in KMS, own domain",
        parameters: &[DOMAIN[0], DOMAIN[1], ("Signing", "kms")],
        issuer: "https://auth.gis.example",
    },
    Way {
        name: "own domain, behind a firewall",
        parameters: &[DOMAIN[0], DOMAIN[1], ("WebAclArn", "acl"), ("HostedZoneId", "Z1")],
        issuer: "https://auth.gis.example",
    },
];

const DOMAIN: [(&str, &str); 2] = [("DomainName", "auth.gis.example"), ("CertificateArn", "certificate")];

/// A way to deploy the template.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    /// Sessions' `iss`, as an expansion writes it.
    pub(crate) issuer: &'static str,
}

impl Way {
    /// Whether private keys never leave KMS.
    pub(crate) fn keeps_keys_in_kms(&self) -> bool {
        self.parameters.contains(&("Signing", "kms"))
    }

    /// Whether it has its own domain, and whether that is CloudFront's.
    pub(crate) fn domain(&self) -> (bool, bool) {
        let has = |name| self.parameters.iter().any(|(parameter, _)| *parameter == name);
        (has("DomainName"), has("WebAclArn"))
    }
}

/// A rule about the stack that the template makes, in every way to deploy it.
pub(crate) struct Rule<'a> {
    /// Who is harmed when it is broken.
    pub(crate) harm: &'a str,
    /// What breaks it.
    pub(crate) check: &'a dyn Fn(&Stack, &Way) -> Vec<String>,
    /// Changes to the expansion that break it: where (a JSON pointer below the resources), and what stands there then;
    /// null is nothing.
    pub(crate) spoiled: &'a [(&'a str, Value)],
}

impl Rule<'_> {
    /// Fails with all that breaks the rule.
    pub(crate) fn holds(&self, expansion: &Value) {
        let faults = self.faults(expansion);
        assert!(faults.is_empty(), "\n{}\n{}\n", faults.join("\n"), self.harm);
        for (place, value) in self.spoiled {
            let faults = self.faults(&spoiled(expansion, place, value));
            assert!(!faults.is_empty(), "the rule does not catch {value} at {place}");
        }
    }

    fn faults(&self, expansion: &Value) -> Vec<String> {
        let of_way = |way: &Way| {
            let faults = (self.check)(&Stack::of(expansion, way.parameters), way);
            faults.into_iter().map(|fault| format!("{}: {fault}", way.name)).collect::<Vec<_>>()
        };
        WAYS.iter().flat_map(of_way).collect()
    }
}

/// The expansion with one change. The place must be there, up to its last step; `-` is behind a list's end.
pub(crate) fn spoiled(expansion: &Value, place: &str, value: &Value) -> Value {
    let mut spoiled = expansion.clone();
    let (parent, last) = place.rsplit_once('/').unwrap();
    let last = &last.replace("~1", "/");
    let parent = spoiled["Resources"].pointer_mut(parent).unwrap_or_else(|| panic!("there is no {place}"));
    match parent {
        Value::Object(members) if value.is_null() => drop(members.remove(last).unwrap()),
        Value::Object(members) => drop(members.insert(last.to_owned(), value.clone())),
        Value::Array(items) if last == "-" => items.push(value.clone()),
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value.clone(),
        _ => panic!("{place} is inside of a plain value"),
    }
    spoiled
}

/// What `found` has beyond `promised`, and what it lacks.
pub(crate) fn differences<T: Into<String>>(
    what: &str,
    found: impl IntoIterator<Item = T>,
    promised: impl IntoIterator<Item = T>,
) -> Vec<String> {
    let found: std::collections::BTreeSet<String> = found.into_iter().map(Into::into).collect();
    let promised: std::collections::BTreeSet<String> = promised.into_iter().map(Into::into).collect();
    let beyond = found.difference(&promised).map(|one| format!("{what} has, beyond what it should: {one}"));
    let lacking = promised.difference(&found).map(|one| format!("{what} lacks: {one}"));
    beyond.chain(lacking).collect()
}
