//! What is in the table.

use std::fmt::Write as _;

use pozi_auth::tenants::{AllTenants, RegistryError, TenantSites};

/// Every stored site, a line each, and what is wrong with it.
pub async fn list(table: &impl AllTenants) -> Result<String, RegistryError> {
    let mut lines = String::new();
    for (tenant, stored) in table.all().await? {
        let (sites, faults) = TenantSites::compile(tenant, &stored);
        for entry in &stored {
            let fault = faults.iter().find(|fault| fault.site.name == entry.name);
            let site = sites.sites.iter().find(|site| site.name.as_str() == entry.name);
            let state = match (fault, site) {
                (None, Some(site)) => format!("{} catalogues", site.catalogues.len()),
                (_, Some(_)) => "unreadable; the revision before serves".to_owned(),
                (_, None) => "unreadable; nobody gets a session".to_owned(),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{tenant}  {:<24} revision {:<5} {state}", entry.name, entry.revision);
            for problem in fault.iter().flat_map(|fault| &fault.problems) {
                let _ = writeln!(lines, "    {problem}");
            }
        }
    }
    Ok(lines)
}
