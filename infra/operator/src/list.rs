//! `pozi list`: the sites in the table.

use std::fmt::Write as _;

use pozi_auth::tenants::{AllTenants, RegistryError, TenantSites, UnreadableCause};

/// Returns a line for each stored site, followed by the reasons why it cannot be used.
pub async fn list(table: &impl AllTenants) -> Result<String, RegistryError> {
    let mut lines = String::new();
    for (tenant, stored) in table.all().await? {
        let (sites, faults) = TenantSites::compile(tenant, &stored);
        for entry in &stored {
            let fault = faults.iter().find(|fault| fault.site.name == entry.name).map(|fault| &fault.cause);
            let site = sites.sites.iter().find(|site| site.name.as_str() == entry.name);
            let state = match (fault, site) {
                (None, Some(site)) => format!("{} catalogues", site.catalogues.len()),
                (_, Some(_)) => "not valid; the previous revision is in use".to_owned(),
                (Some(UnreadableCause::Claim(_)), None) => "not claimed; no sessions are issued".to_owned(),
                (_, None) => "not valid; no sessions are issued".to_owned(),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{tenant}  {:<24} revision {:<5} {state}", entry.name, entry.revision);
            for error in fault.map(ToString::to_string).unwrap_or_default().lines() {
                let _ = writeln!(lines, "    {error}");
            }
        }
    }
    Ok(lines)
}
