//! The two answers that API Gateway understands: yes or no to one request, or a policy that allows that request and no other.

use pozi_auth::{
    session::VerifiedSession,
    sites::{CatalogueId, Scope},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::event::Invoked;

/// An answer of the authorizer, as API Gateway reads it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Answer(Value);

impl Answer {
    /// Allows one request (HTTP APIs, payload 2.0).
    pub(crate) fn yes(session: &VerifiedSession, site: &str, catalogue: &CatalogueId) -> Self {
        Self(json!({ "isAuthorized": true, "context": context(session, site, catalogue) }))
    }

    /// Refuses one request (HTTP APIs, payload 2.0).
    pub(crate) fn no() -> Self {
        Self(json!({ "isAuthorized": false }))
    }

    /// Returns a policy that allows the invoked request until the session ends. Its resource has no wildcard, which would also
    /// match `..` and slashes, so a policy that is cached for another request allows nothing.
    pub(crate) fn policy(
        session: &VerifiedSession,
        site: &str,
        catalogue: &CatalogueId,
        invoked: Invoked<'_>,
    ) -> Self {
        let expires = session.expires().unix_seconds().to_string();
        Self(json!({
            "principalId": session.subject(),
            "policyDocument": {
                "Version": VERSION,
                "Statement": [{
                    "Effect": "Allow",
                    "Action": INVOKE,
                    "Resource": [invoked.arn],
                    "Condition": { "DateLessThan": { "aws:EpochTime": expires } },
                }],
            },
            "context": context(session, site, catalogue),
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

/// What the integration behind the API gets: flat strings, because REST APIs pass on nothing else, and of the scope only the
/// part about `catalogue`, because the whole may be longer than API Gateway accepts.
fn context(session: &VerifiedSession, site: &str, catalogue: &CatalogueId) -> Value {
    let permissions = session.scope().permissions().filter(|permission| permission.catalogue == *catalogue);
    json!({
        "sub": session.subject(),
        "tid": session.tenant(),
        "scope": permissions.cloned().collect::<Scope>().to_string(),
        "site": site,
    })
}
