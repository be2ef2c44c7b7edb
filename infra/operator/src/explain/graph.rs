//! The groups of a person as Microsoft Graph lists them now: only those that a site names.
//!
//! Source: <https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups>.

use std::{collections::BTreeSet, time::Duration};

use pozi_auth::{
    address::LoopbackUrl,
    entra::Cloud,
    identifiers::{GroupId, ObjectId, TenantId},
};
use reqwest::{
    Client, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    redirect::Policy,
};
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

/// The most groups that Graph takes in one call.
const GROUPS_PER_CALL: usize = 20;
/// The most calls side by side.
const CALLS: usize = 4;
/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes: 20 ids have less than one KiB.
const MAX_ANSWER: usize = 64 * 1024;

/// Why Graph did not say which groups a person is in. It never means that they are in none.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// There is no token.
    #[error(
        "set POZI_GRAPH_TOKEN to an access token for Microsoft Graph; an administrator of the tenant gets one with `az login --tenant TENANT-ID` and `az account get-access-token --resource-type ms-graph --query accessToken --output tsv`"
    )]
    NoToken,
    /// The token cannot be sent.
    #[error("POZI_GRAPH_TOKEN has characters that no token has; set it to the token alone")]
    TokenForm,
    /// Status 401.
    #[error(
        "Microsoft Graph does not accept the token in POZI_GRAPH_TOKEN (401): it has expired, or is for another service; get a new one with `az account get-access-token --resource-type ms-graph`"
    )]
    Token,
    /// Status 403.
    #[error(
        "the token in POZI_GRAPH_TOKEN lacks permissions (403); it needs User.ReadBasic.All and GroupMember.Read.All, or Directory.Read.All, with administrator consent"
    )]
    Permissions,
    /// Status 404.
    #[error(
        "the tenant of the token in POZI_GRAPH_TOKEN has no person with this object ID (404); compare it with Users → the person → Object ID, and sign in to the site's tenant: az login --tenant {0}"
    )]
    NoPerson(TenantId),
    /// Status 429.
    #[error("Microsoft Graph asks to wait{} (429); try again then", .0.as_ref().map(|seconds| format!(" {seconds} seconds")).unwrap_or_default())]
    TooMany(Option<u32>),
    /// Status 500 and above.
    #[error("Microsoft Graph has a problem of its own ({0}); try again in a few minutes")]
    Outage(u16),
    /// Another status.
    #[error("Microsoft Graph answered with status {0}, which is not expected")]
    Status(u16),
    /// The answer did not arrive in time.
    #[error("Microsoft Graph did not answer within {} seconds; try again", TIMEOUT.as_secs())]
    TimedOut,
    /// There was no answer.
    #[error("Microsoft Graph cannot be reached; check the network")]
    NoAnswer(#[source] reqwest::Error),
    /// The answer is not a list of groups.
    #[error(
        "the answer of Microsoft Graph is not a list of group IDs; a proxy may have answered in its place"
    )]
    Form,
}

/// Microsoft Graph, with an administrator's token.
#[derive(Clone)]
pub(super) struct Graph {
    client: Client,
    base: String,
    authorization: HeaderValue,
}

/// The person to ask about, and their tenant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    /// Their object id.
    pub object: ObjectId,
    /// The tenant of the site.
    pub tenant: TenantId,
}

#[derive(Deserialize)]
struct Answer {
    value: Vec<GroupId>,
}

impl Graph {
    /// Creates a client for Graph in `cloud`, or below the address of an `emulated` Entra.
    pub(super) fn new(cloud: Cloud, emulated: Option<&LoopbackUrl>, token: &str) -> Result<Self, GraphError> {
        let base = emulated.map_or_else(|| host(cloud).to_owned(), |login| format!("{}/graph", login.base()));
        let mut authorization: HeaderValue =
            format!("Bearer {token}").parse().map_err(|_| GraphError::TokenForm)?;
        authorization.set_sensitive(true);
        let client =
            Client::builder().https_only(emulated.is_none()).redirect(Policy::none()).timeout(TIMEOUT);
        let client = if emulated.is_some() { client.no_proxy() } else { client };
        Ok(Self { client: client.build().map_err(GraphError::NoAnswer)?, base, authorization })
    }

    /// Returns those of `groups` that `person` is in, directly or through other groups. Asks about no other group.
    pub(super) async fn memberships(
        &self,
        person: Person,
        groups: &BTreeSet<GroupId>,
    ) -> Result<BTreeSet<GroupId>, GraphError> {
        let asked: Vec<_> = groups.iter().copied().collect();
        let mut calls = asked.chunks(GROUPS_PER_CALL).map(|some| self.clone().ask(person, some.to_vec()));
        let mut running: JoinSet<_> = calls.by_ref().take(CALLS).collect();
        let mut found = BTreeSet::new();
        while let Some(ended) = running.join_next().await {
            // A call that panicked has said nothing.
            found.extend(ended.map_err(|_| GraphError::Form)??);
            if let Some(next) = calls.next() {
                running.spawn(next);
            }
        }
        Ok(found.intersection(groups).copied().collect())
    }

    async fn ask(self, person: Person, groups: Vec<GroupId>) -> Result<Vec<GroupId>, GraphError> {
        let url = format!("{}/v1.0/users/{}/checkMemberGroups", self.base, person.object);
        let request = self
            .client
            .post(url)
            .header(AUTHORIZATION, self.authorization)
            .header(CONTENT_TYPE, "application/json");
        let response =
            request.body(json!({ "groupIds": groups }).to_string()).send().await.map_err(failed)?;
        match response.status() {
            StatusCode::OK => read(response).await,
            status => Err(refused(status, &response, person)),
        }
    }
}

/// Source: <https://learn.microsoft.com/graph/deployments>.
const fn host(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "https://graph.microsoft.com",
        Cloud::UsGovernment => "https://graph.microsoft.us",
        Cloud::China => "https://microsoftgraph.chinacloudapi.cn",
    }
}

async fn read(mut response: Response) -> Result<Vec<GroupId>, GraphError> {
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        document.extend_from_slice(&chunk);
        if document.len() > MAX_ANSWER {
            return Err(GraphError::Form);
        }
    }
    let answer: Answer = serde_json::from_slice(&document).map_err(|_| GraphError::Form)?;
    Ok(answer.value)
}

fn failed(error: reqwest::Error) -> GraphError {
    if error.is_timeout() { GraphError::TimedOut } else { GraphError::NoAnswer(error) }
}

fn refused(status: StatusCode, response: &Response, person: Person) -> GraphError {
    match status {
        StatusCode::UNAUTHORIZED => GraphError::Token,
        StatusCode::FORBIDDEN => GraphError::Permissions,
        StatusCode::NOT_FOUND => GraphError::NoPerson(person.tenant),
        StatusCode::TOO_MANY_REQUESTS => {
            let wait =
                response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            GraphError::TooMany(wait)
        }
        status if status.is_server_error() => GraphError::Outage(status.as_u16()),
        status => GraphError::Status(status.as_u16()),
    }
}
