//! The two answers that API Gateway understands: yes or no to one request, or a policy of everything that the session
//! allows.

use pozi_auth::{
    config::RoutePrefix,
    session::VerifiedSession,
    sites::{Access, CatalogueId},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::event::Invoked;

/// An answer of the authorizer, as API Gateway reads it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Answer(Value);

/// The methods that read, and those that change data. A method in neither list is never allowed.
const READING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
const CHANGING: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// Returns the access that `method` needs, or `None` for a method that is never allowed.
pub(crate) fn access_for(method: &str) -> Option<Access> {
    if READING.contains(&method) {
        Some(Access::Read)
    } else if CHANGING.contains(&method) {
        Some(Access::Write)
    } else {
        None
    }
}

impl Answer {
    /// Allows one request (HTTP APIs, payload 2.0).
    pub(crate) fn yes(session: &VerifiedSession, site: &str) -> Self {
        Self(json!({ "isAuthorized": true, "context": context(session, site) }))
    }

    /// Refuses one request (HTTP APIs, payload 2.0).
    pub(crate) fn no() -> Self {
        Self(json!({ "isAuthorized": false }))
    }

    /// Returns a policy of everything that `session` allows below `prefix` at the invoked stage, until the session ends. It
    /// is right for every request with this session, however long it is cached.
    pub(crate) fn policy(
        session: &VerifiedSession,
        site: &str,
        invoked: Invoked<'_>,
        prefix: &RoutePrefix,
    ) -> Self {
        let resources = resources(session, invoked.stage, prefix);
        if resources.is_empty() {
            return Self::deny_all(invoked);
        }
        let expires = session.expires().unix_seconds().to_string();
        Self(json!({
            "principalId": session.subject(),
            "policyDocument": {
                "Version": VERSION,
                "Statement": [{
                    "Effect": "Allow",
                    "Action": INVOKE,
                    "Resource": resources,
                    "Condition": { "DateLessThan": { "aws:EpochTime": expires } },
                }],
            },
            "context": context(session, site),
        }))
    }

    /// Returns a policy that allows nothing.
    pub(crate) fn deny_all(invoked: Invoked<'_>) -> Self {
        let resources = [format!("{}/*", invoked.stage)];
        Self(json!({
            "principalId": "nobody",
            "policyDocument": {
                "Version": VERSION,
                "Statement": [{ "Effect": "Deny", "Action": INVOKE, "Resource": resources }],
            },
        }))
    }
}

const INVOKE: &str = "execute-api:Invoke";
const VERSION: &str = "2012-10-17";

/// What the integration behind the API gets: flat strings, because REST APIs pass on nothing else.
fn context(session: &VerifiedSession, site: &str) -> Value {
    json!({
        "sub": session.subject(),
        "tid": session.tenant(),
        "scope": session.scope().to_string(),
        "site": site,
    })
}

/// A star in a policy also matches slashes. So each method is written out, and a star comes only at the end, after the
/// catalogue: with one in place of the method, `GET/ows/heritage/ows/assets/x` would be allowed for the catalogue `assets`.
fn resources(session: &VerifiedSession, stage: &str, prefix: &RoutePrefix) -> Vec<String> {
    let permissions: Vec<_> = session.scope().permissions().collect();
    let mut resources = Vec::new();
    let mut add = |methods: &[&str], catalogue: &CatalogueId| {
        for method in methods {
            let root = format!("{stage}/{method}{}{catalogue}", prefix.as_str());
            resources.push(format!("{root}/*"));
            resources.push(root);
        }
    };
    for (index, permission) in permissions.iter().enumerate() {
        // Read and write of a catalogue are adjacent; the reading methods are added once.
        let added = index > 0 && permissions[index - 1].catalogue == permission.catalogue;
        if !added {
            add(&READING, &permission.catalogue);
        }
        if permission.access == Access::Write {
            add(&CHANGING, &permission.catalogue);
        }
    }
    resources
}
