//! `pozi list`: the sites in the table.

use std::{collections::BTreeSet, fmt};

use pozi_auth::{
    identifiers::{GroupId, TenantId},
    revision::Revision,
    sites::{Catalogue, Site},
    tenants::{AllTenants, RegistryError, StoredSite, TenantSites, UnreadableCause},
    timestamp::Timestamp,
};
use serde::Serialize;

use super::{SiteCommandError, observation};
use crate::moments;
use crate::{
    GlobalArgs, Output, Service, World,
    output::table,
    style::{BAD, CARE, styled},
};

/// The stored sites.
#[derive(Debug, Serialize)]
pub struct SiteList(Vec<ListedSite>);

#[derive(Debug, Serialize)]
struct ListedSite {
    name: String,
    tenant: TenantId,
    revision: Revision,
    stored_at: Option<u64>,
    stored_by: Option<String>,
    state: State,
    enforcement: Option<String>,
    minimum_revision: Option<Revision>,
    catalogues: Option<usize>,
    groups: Option<usize>,
    errors: Vec<String>,
}

/// What the exchange does with a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    InUse,
    PreviousRevisionInUse,
    NotClaimed,
    NotValid,
}

/// Runs the command.
pub(super) async fn run(global: &GlobalArgs, world: &mut World) -> Result<Output, SiteCommandError> {
    let table = Service::connect(global, world).await?.table()?;
    let listed = world.watching("reading the stored sites", list(&table, world.now)).await;
    Ok(Output::new(&listed.map_err(|error| SiteCommandError::Aws(error.into()))?))
}

/// Reads the sites in `table`, what each does at `now`, and the reasons why some cannot be used.
pub async fn list(table: &impl AllTenants, now: Timestamp) -> Result<SiteList, RegistryError> {
    let mut listed = Vec::new();
    for (tenant, stored) in table.all().await? {
        let (sites, faults) = TenantSites::compile(tenant, &stored);
        for entry in &stored {
            let fault = faults.iter().find(|fault| fault.site.name == entry.name).map(|fault| &fault.cause);
            let site = sites.sites.iter().find(|site| site.name.as_str() == entry.name);
            listed.push(ListedSite::new((tenant, entry), site.map(AsRef::as_ref), fault, now));
        }
    }
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(SiteList(listed))
}

impl ListedSite {
    fn new(
        (tenant, entry): (TenantId, &StoredSite),
        site: Option<&Site>,
        fault: Option<&UnreadableCause>,
        now: Timestamp,
    ) -> Self {
        let state = match (fault, site) {
            (None, Some(_)) => State::InUse,
            (_, Some(_)) => State::PreviousRevisionInUse,
            (Some(UnreadableCause::Claim(_)), None) => State::NotClaimed,
            (_, None) => State::NotValid,
        };
        Self {
            name: entry.name.clone(),
            tenant,
            revision: entry.revision,
            stored_at: entry.edit.as_ref().map(|edit| edit.at.unix_seconds()),
            stored_by: entry.edit.as_ref().map(|edit| edit.by.clone()),
            state,
            enforcement: site.map(|site| observation::in_words(site.enforcement, now)),
            minimum_revision: site.and_then(|site| site.minimum_revision),
            catalogues: site.map(|site| site.catalogues.len()),
            groups: site.map(|site| groups(site).len()),
            errors: fault.map(ToString::to_string).unwrap_or_default().lines().map(str::to_owned).collect(),
        }
    }
}

/// Returns the groups that the rules of `site` name.
fn groups(site: &Site) -> BTreeSet<GroupId> {
    site.catalogues.iter().flat_map(Catalogue::groups).collect()
}

impl ListedSite {
    /// Returns its state, and what differs from a site whose rules are enforced for every session.
    fn in_words(&self) -> String {
        let enforcement = self.enforcement.as_deref().filter(|words| *words != "enforced");
        let minimum = self.minimum_revision.map(|minimum| format!("sessions from revision {minimum}"));
        let further = enforcement.map(|words| styled(CARE, words)).into_iter().chain(minimum);
        [self.state.in_words()].into_iter().chain(further).collect::<Vec<_>>().join("; ")
    }
}

impl State {
    fn in_words(self) -> String {
        match self {
            Self::InUse => "in use".to_owned(),
            Self::PreviousRevisionInUse => styled(CARE, "not valid; the previous revision is in use"),
            Self::NotClaimed => styled(BAD, "not claimed; no sessions are issued"),
            Self::NotValid => styled(BAD, "not valid; no sessions are issued"),
        }
    }
}

impl fmt::Display for SiteList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return writeln!(
                f,
                "The table has no sites. `pozi site new` writes a site file, and `pozi push` stores it."
            );
        }
        let count = |count: Option<usize>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let mut rows = table(["SITE", "TENANT", "CATALOGUES", "GROUPS", "REVISION", "STORED", "BY", "STATE"]);
        for site in &self.0 {
            rows.add_row([
                site.name.clone(),
                site.tenant.to_string(),
                count(site.catalogues),
                count(site.groups),
                site.revision.to_string(),
                moments::utc_or_dash(site.stored_at),
                site.stored_by.clone().unwrap_or_else(|| "-".to_owned()),
                site.in_words(),
            ]);
        }
        writeln!(f, "{}", rows.trim_fmt())?;
        for site in self.0.iter().filter(|site| !site.errors.is_empty()) {
            writeln!(f, "\n{}:", site.name)?;
            for error in &site.errors {
                writeln!(f, "  {error}")?;
            }
        }
        Ok(())
    }
}
