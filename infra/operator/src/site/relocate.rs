//! `pozi rename` and `pozi move`: a site gets another name, tenant or address. Its document is edited, with its comments, and
//! stored in one transaction with its claims; what must change elsewhere is said.

use pozi_auth::{
    sites::Site,
    tenants::{Edit, Holder, SiteStore},
};
use toml_edit::DocumentMut;

use super::{
    MoveArgs, RenameArgs, SiteCommandError, consent,
    rewrite::Rewrite,
    stored::{Found, compile_to_store, find},
};
use crate::{Exit, GlobalArgs, Output, Service, World, consent::Consent};

/// Runs `pozi rename`.
pub(super) async fn rename(
    args: &RenameArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let service = Service::connect(global, world).await?;
    let found = world.watching("reading the stored sites", find(&service.table()?, &args.site)).await?;
    let relocation = Relocation {
        what: format!("renamed from {} to {}", args.site, args.new_name),
        values: vec![("name", args.new_name.to_string())],
        advice: vec![
            format!(
                "Programs that name the site as the target of an exchange (resource={}) must use the new name; its external URL works unchanged.",
                args.site
            ),
            format!(
                "A gate keeps working; copy the new site file to it (`pozi gate config {}`), so that its log has the new name.",
                args.new_name
            ),
            "Audit events and metrics before this moment have the old name.".to_owned(),
        ],
    };
    relocation.run(&service, world, &found, args.consent).await
}

/// Runs `pozi move`.
pub(super) async fn run(
    args: &MoveArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let service = Service::connect(global, world).await?;
    let found = world.watching("reading the stored sites", find(&service.table()?, &args.site)).await?;
    let values: Vec<_> = [
        ("tenant_id", args.tenant.map(|id| id.to_string())),
        ("client_id", args.client.map(|id| id.to_string())),
        ("external_url", args.external_url.clone()),
        ("internal_url", args.internal_url.clone()),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
    .collect();
    if values.is_empty() {
        return Err(SiteCommandError::NothingToMove);
    }
    let named: Vec<_> = values.iter().map(|(key, value)| format!("{key} {value}")).collect();
    let what = format!("moved to {}", named.join(", "));
    let relocation = Relocation { what, advice: advice(args), values };
    relocation.run(&service, world, &found, args.consent).await
}

fn advice(args: &MoveArgs) -> Vec<String> {
    let site = &args.site;
    let mut advice = Vec::new();
    if args.tenant.is_some() {
        advice.push("In the new tenant: publish the application again, register the Web App's redirect URIs, and assign the groups; group ids of the old tenant open nothing.".to_owned());
        advice.push("The Web App must sign people in at the new tenant, with the new client id.".to_owned());
    }
    if args.external_url.is_some() {
        advice.push(
            "Sessions for the old address end at once; the Web App must use the new external URL.".to_owned(),
        );
        advice.push(
            "In Entra: the Application ID URI must be the new external URL without its last slash."
                .to_owned(),
        );
    }
    advice.push(format!(
        "At the gate: replace the site file and restart it (`pozi gate config {site}`); until then it refuses the new sessions."
    ));
    advice.push(format!("Then check it from outside: `pozi doctor {site}`."));
    advice
}

/// New values for keys of a site's document.
struct Relocation {
    what: String,
    values: Vec<(&'static str, String)>,
    advice: Vec<String>,
}

impl Relocation {
    async fn run(
        self,
        service: &Service,
        world: &mut World,
        found: &Found,
        consent: Consent,
    ) -> Result<Output, SiteCommandError> {
        let document = edited(&found.stored.document, &self.values)?;
        let revision = found.stored.revision;
        let site = compile_to_store(&found.stored.name, (revision, revision), &document, world.now)?;
        let what = self.what.clone();
        let rewrite = Rewrite { what, before: found, site: &site, document: &document, advice: self.advice };
        let report = rewrite.report();
        if !consent::given(world, consent, &report, "Store this?")? {
            return Ok(Output::ending(&report.declined(), Exit::Declined));
        }
        let edit = Edit { by: service.operator().await?, at: world.now, note: Some(self.what) };
        let revision = store(service, found, &site, &document, &edit).await?;
        Ok(Output::new(&report.stored(revision)))
    }
}

async fn store(
    service: &Service,
    found: &Found,
    site: &Site,
    document: &str,
    edit: &Edit,
) -> Result<pozi_auth::revision::Revision, SiteCommandError> {
    let (table, expected) = (service.table()?, found.stored.revision);
    let stored = if Holder::of(site) == found.holder() {
        table.put(site, document, Some(expected), edit).await
    } else {
        table.relocate(&found.holder(), expected, site, document, edit).await
    };
    stored.map_err(|error| SiteCommandError::store(&found.stored.name, error))
}

/// Returns `document` with other values for keys that it has.
fn edited(document: &str, values: &[(&str, String)]) -> Result<String, SiteCommandError> {
    let mut edited: DocumentMut = document.parse().map_err(SiteCommandError::NotEditable)?;
    for (key, value) in values {
        // The comment after the old value stays.
        let decor = edited[key].as_value().map(|old| old.decor().clone());
        edited[key] = toml_edit::value(value);
        if let (Some(new), Some(decor)) = (edited[key].as_value_mut(), decor) {
            *new.decor_mut() = decor;
        }
    }
    Ok(edited.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_document_keeps_its_comments_and_order() {
        let document =
            "# Council\nname = \"riverbend\"   # the name\nother = 1\n\n[[catalogue]]\nid = \"a\" # one\n";
        let changed = edited(document, &[("name", "saltmarsh".to_owned())]).unwrap();
        assert_eq!(changed, document.replace("\"riverbend\"", "\"saltmarsh\""));
        assert!(edited("name = ", &[]).is_err());
    }
}
