//! The groups of a person as Microsoft Graph lists them now, with an administrator's token: only those that a site names.

use std::{collections::BTreeSet, time::Duration};

use pozi_auth::{
    adapters::{HttpClientError, HttpGraph, Microsoft},
    entra::{GraphCredential, GraphToken, MembershipError, MembershipQuestion, MembershipSource},
    identifiers::{GroupId, ObjectId, TenantId},
    sites::Site,
};

use crate::World;

/// How long all calls may take together.
const LIMIT: Duration = Duration::from_secs(10);

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
    /// Graph cannot be asked, or gave no answer that can be read.
    #[error(transparent)]
    Unanswered(MembershipError),
    /// Https cannot be used.
    #[error("https cannot be used")]
    Https(#[source] HttpClientError),
}

/// Returns those of the groups of `site` that `person` is in now, directly or through other groups. Asks about no other group.
pub(super) async fn memberships(
    person: ObjectId,
    site: &Site,
    groups: &BTreeSet<GroupId>,
    world: &World,
) -> Result<BTreeSet<GroupId>, GraphError> {
    let token = world.graph_token.as_deref().ok_or(GraphError::NoToken)?;
    let token: GraphToken = token.parse().map_err(|_| GraphError::TokenForm)?;
    let network = pozi_auth::adapters::Network { uses_proxy: true, ..world.network.clone() };
    let microsoft = Microsoft::through(world.entra_login.clone(), &network).map_err(GraphError::Https)?;
    let question = MembershipQuestion { cloud: site.cloud(), tenant: site.tenant(), person, groups };
    let asked = HttpGraph::new(microsoft).with_limit(LIMIT);
    let asked = asked.memberships(question, GraphCredential::Directory(&token));
    asked.await.map_err(|error| of_administrator(error, site.tenant()))
}

/// An administrator can do something else about a refusal than the person whose token it is.
fn of_administrator(error: MembershipError, tenant: TenantId) -> GraphError {
    match error {
        MembershipError::TokenRefused => GraphError::Token,
        MembershipError::Permissions => GraphError::Permissions,
        MembershipError::NoPerson => GraphError::NoPerson(tenant),
        other => GraphError::Unanswered(other),
    }
}
