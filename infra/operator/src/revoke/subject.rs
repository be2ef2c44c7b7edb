//! What the command line means to revoke.

use pozi_auth::{
    adapters::aws::Table, address::is_absolute_uri, identifiers::SessionId, revocation::Revoked,
    sites::SiteName,
};

use super::{RevokeError, RevokePersonArgs};
use crate::{AwsError, World, site::stored::find};

/// Returns the site with this name or external URL.
pub(super) async fn site(named: &str, table: &Table, world: &World) -> Result<Revoked, RevokeError> {
    if named.contains("://") && is_absolute_uri(named) {
        return Ok(Revoked::Site { url: named.to_owned() });
    }
    let name: SiteName =
        named.parse().map_err(|problem| RevokeError::NotASite { found: named.to_owned(), problem })?;
    let found = world.watching("reading the stored sites", find(table, &name)).await?;
    let site = found.in_use().ok_or_else(|| RevokeError::UnreadableSite(name.to_string()))?;
    Ok(Revoked::Site { url: site.external_url.as_str().to_owned() })
}

/// Returns the person in their tenant, or in that of a site.
pub(super) async fn person(
    args: &RevokePersonArgs,
    table: &Table,
    world: &World,
) -> Result<Revoked, RevokeError> {
    let object = args.object;
    let tenant = match (&args.site, args.tenant) {
        (Some(site), _) => world.watching("reading the stored sites", find(table, site)).await?.tenant,
        (None, Some(tenant)) => tenant,
        // The command line has one of the two.
        (None, None) => return Err(AwsError::NoStack.into()),
    };
    Ok(Revoked::Person { tenant, object })
}

/// Returns the session.
pub(super) fn session(id: SessionId) -> Revoked {
    Revoked::Session { id }
}
