//! Checks between the fields of one site file.

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
};

use toml::Spanned;
use uuid::Uuid;

use super::{CatalogueId, ExternalUrl, InternalUrl, PathStyle, SiteError};
use crate::{
    entra::CONSUMER_TENANT,
    identifiers::{ClientId, GroupId, TenantId},
};

/// The path of QGIS Server below Pozi Server's.
const QGIS_SERVER: &str = "/qgisserver";

/// The ids of a document that could be read.
pub(super) struct Ids<'a> {
    pub(super) tenant: Option<&'a Spanned<TenantId>>,
    pub(super) client: Option<&'a Spanned<ClientId>>,
    pub(super) further: &'a [Spanned<ClientId>],
    pub(super) groups: &'a [&'a Spanned<GroupId>],
}

/// What must be a catalogue's own, as far as it could be read.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) id: Option<Spanned<CatalogueId>>,
    pub(super) project: Option<Spanned<String>>,
}

/// Returns the errors of ids that stand for nothing, or for something else.
pub(super) fn ids(ids: &Ids<'_>) -> Vec<SiteError> {
    let tenant = ids.tenant.map(|id| id.get_ref().uuid());
    let client = ids.client.map(|id| id.get_ref().uuid());
    let mut errors: Vec<_> = nil(ids).collect();
    if let Some(found) = ids.tenant.filter(|found| *found.get_ref() == CONSUMER_TENANT) {
        let message = "this is the tenant of personal Microsoft accounts, which anyone can open; use the council's own tenant id";
        errors.push(SiteError::new(message, found.span()));
    }
    if let Some(found) = ids.tenant.filter(|_| tenant == client && !is_nil(tenant)) {
        let message = "tenant_id is the same as client_id; copy the tenant's from Entra admin center → Overview → Tenant ID, and the client's from App registrations → Overview → Application (client) ID";
        errors.push(SiteError::new(message, found.span()));
    }
    for found in ids.further.iter().filter(|found| Some(found.get_ref().uuid()) == tenant && !is_nil(tenant))
    {
        let message =
            "this is the tenant's id; write the application (client) id of another app registration";
        errors.push(SiteError::new(message, found.span()));
    }
    let clients: Vec<_> =
        client.into_iter().chain(ids.further.iter().map(|id| id.get_ref().uuid())).collect();
    for found in ids.groups {
        let id = found.get_ref().uuid();
        let whose = match id {
            id if id.is_nil() => continue,
            id if Some(id) == tenant => "the tenant's id",
            id if clients.contains(&id) => "the id of an app registration",
            _ => continue,
        };
        let message = format!(
            "this is {whose} and no group's; copy the group's from Entra admin center → Groups → the group → Object ID"
        );
        errors.push(SiteError::new(message, found.span()));
    }
    errors
}

fn is_nil(id: Option<Uuid>) -> bool {
    id.is_some_and(|id| id.is_nil())
}

fn nil<'a>(ids: &'a Ids<'_>) -> impl Iterator<Item = SiteError> + 'a {
    let tenant = ids.tenant.map(|id| (id.get_ref().uuid(), id.span()));
    let client = ids.client.map(|id| (id.get_ref().uuid(), id.span()));
    let further = ids.further.iter().map(|id| (id.get_ref().uuid(), id.span()));
    let groups = ids.groups.iter().map(|id| (id.get_ref().uuid(), id.span()));
    let all = tenant.into_iter().chain(client).chain(further).chain(groups);
    all.filter(|(id, _)| id.is_nil())
        .map(|(_, at)| SiteError::new("this GUID of zeros is a placeholder; write the real id", at))
}

/// Returns the error of an external URL that cannot be Pozi Server's, as Application Proxy publishes it: it maps a path to
/// the same path. Source: <https://learn.microsoft.com/en-us/entra/identity/app-proxy/application-proxy-add-on-premises-application>.
pub(super) fn addresses(
    internal: Option<&Spanned<InternalUrl>>,
    external: Option<&Spanned<ExternalUrl>>,
) -> Vec<SiteError> {
    let of_internal = internal.map(|url| ("internal_url", url.get_ref().as_str(), url.span()));
    let of_external = external.map(|url| ("external_url", url.get_ref().as_str(), url.span()));
    let below: Vec<_> = of_internal
        .into_iter()
        .chain(of_external)
        .filter_map(|(key, url, at)| Some((key, url, url.to_ascii_lowercase().find(QGIS_SERVER)?, at)))
        .map(|(key, url, end, at)| {
            SiteError::new(
                format!("{key} is that of QGIS Server, below Pozi Server; write `{}/`", &url[..end]),
                at,
            )
        })
        .collect();
    let (Some(internal), Some(external)) = (internal, external) else { return below };
    let paths = [external.get_ref().path(), internal.get_ref().path()].map(|path| path.trim_end_matches('/'));
    if !below.is_empty() || paths[0].eq_ignore_ascii_case(paths[1]) {
        return below;
    }
    let message = format!(
        "external_url has the path `{}/` and internal_url `{}/`; Application Proxy publishes a path under the same path: copy both URLs from its page",
        paths[0], paths[1]
    );
    vec![SiteError::new(message, external.span())]
}

/// Returns an error if the number of `key` is outside of `allowed`.
pub(super) fn number(
    key: &str,
    found: Option<&Spanned<u64>>,
    allowed: RangeInclusive<u64>,
) -> Option<SiteError> {
    let number = found.filter(|number| !allowed.contains(number.get_ref()))?;
    let message = format!("{key} is {}; use {} to {}", number.get_ref(), allowed.start(), allowed.end());
    Some(SiteError::new(message, number.span()))
}

/// Returns the errors of catalogues with the id or the project of an earlier one.
pub(super) fn catalogues<'a>(catalogues: impl Iterator<Item = &'a Named>) -> Vec<SiteError> {
    let (mut ids, mut projects) = (HashSet::new(), HashMap::new());
    let mut errors = Vec::new();
    for Named { id, project } in catalogues {
        if let Some(id) = id.as_ref().filter(|id| !ids.insert(id.get_ref())) {
            let message =
                format!("another catalogue already has the id `{}`; give each its own", id.get_ref());
            errors.push(SiteError::new(message, id.span()));
        }
        let Some(project) = project else { continue };
        let folded = PathStyle::of(project.get_ref()).folded(project.get_ref());
        let name = id.as_ref().map_or_else(String::new, |id| format!(" `{}`", id.get_ref()));
        if let Some(earlier) = projects.insert(folded, name) {
            let message = format!(
                "catalogue{earlier} already has this project; give each project one catalogue, because a request to QGIS Server names only the project"
            );
            errors.push(SiteError::new(message, project.span()));
        }
    }
    errors
}
