//! The two answers that API Gateway understands: yes or no to this one request, or a policy that says all that the
//! session opens.

use pozi_auth::{
    config::RoutePrefix,
    session::VerifiedSession,
    sites::{Access, CatalogueId},
};
use serde::Serialize;

use crate::event::Invoked;

/// An answer.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To this request (HTTP APIs, payload 2.0).
    Simple(Simple),
    /// To every request with this session, however long it is cached.
    Policy(Policy),
}

/// Yes or no.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simple {
    is_authorized: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// An IAM policy and whom it is about.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    principal_id: String,
    policy_document: Document,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// What the integration behind the API is told: flat strings, since REST APIs pass on nothing else.
#[derive(Debug, Serialize)]
struct Context {
    sub: String,
    tid: String,
    scope: String,
    site: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    action: &'static str,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    date_less_than: Until,
}

#[derive(Debug, Serialize)]
struct Until {
    #[serde(rename = "aws:EpochTime")]
    epoch_time: String,
}

/// What reads, and what changes data. A method that stands in neither list is allowed to nobody.
const READING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
const CHANGING: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// What `method` needs; nothing for one that nobody may use.
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
    /// Yes, and who it is.
    pub(crate) fn yes(session: &VerifiedSession, site: &str) -> Self {
        Self::Simple(Simple { is_authorized: true, context: Some(Context::of(session, site)) })
    }

    /// No.
    pub(crate) fn no() -> Self {
        Self::Simple(Simple { is_authorized: false, context: None })
    }

    /// All that `session` opens below `prefix` at the stage that is invoked, until the session ends.
    pub(crate) fn all_of(
        session: &VerifiedSession,
        site: &str,
        invoked: Invoked<'_>,
        prefix: &RoutePrefix,
    ) -> Self {
        let resource = resources(session, invoked.stage, prefix);
        if resource.is_empty() {
            return Self::nothing(invoked);
        }
        let until = Until { epoch_time: session.expires().unix_seconds().to_string() };
        let condition = Some(Condition { date_less_than: until });
        let statement = Statement { effect: "Allow", action: INVOKE, resource, condition };
        Self::Policy(Policy {
            principal_id: session.subject().to_owned(),
            policy_document: Document { version: VERSION, statement: [statement] },
            context: Some(Context::of(session, site)),
        })
    }

    /// Nothing at all.
    pub(crate) fn nothing(invoked: Invoked<'_>) -> Self {
        let resource = vec![format!("{}/*", invoked.stage)];
        let statement = Statement { effect: "Deny", action: INVOKE, resource, condition: None };
        Self::Policy(Policy {
            principal_id: "nobody".to_owned(),
            policy_document: Document { version: VERSION, statement: [statement] },
            context: None,
        })
    }
}

const INVOKE: &str = "execute-api:Invoke";
const VERSION: &str = "2012-10-17";

/// A star in a policy stands for slashes, too. So each method is written out, and a star stands only at the end, behind
/// the catalogue: with one in the method's place, `GET/ows/heritage/ows/assets/x` would pass for the catalogue `assets`.
fn resources(session: &VerifiedSession, stage: &str, prefix: &RoutePrefix) -> Vec<String> {
    let permissions: Vec<_> = session.scope().permissions().collect();
    let mut resources = Vec::new();
    let mut add = |methods: &[&str], catalogue: &CatalogueId| {
        for method in methods {
            let place = format!("{stage}/{method}{}{catalogue}", prefix.as_str());
            resources.push(format!("{place}/*"));
            resources.push(place);
        }
    };
    for (index, permission) in permissions.iter().enumerate() {
        // Read and write of a catalogue are neighbours: reading is told once.
        let told = index > 0 && permissions[index - 1].catalogue == permission.catalogue;
        if !told {
            add(&READING, &permission.catalogue);
        }
        if permission.access == Access::Write {
            add(&CHANGING, &permission.catalogue);
        }
    }
    resources
}

impl Context {
    fn of(session: &VerifiedSession, site: &str) -> Self {
        Self {
            sub: session.subject().to_owned(),
            tid: session.tenant().to_owned(),
            scope: session.scope().to_string(),
            site: site.to_owned(),
        }
    }
}
