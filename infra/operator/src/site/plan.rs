//! What a push would change, from the files and everything that is stored. Does no I/O.

use pozi_auth::{
    identifiers::TenantId,
    revision::Revision,
    sites::{Site, SiteFile, SiteFileError, register},
    tenants::{ClaimError, Edit, StoredSite},
    timestamp::Timestamp,
};
use serde::Serialize;

use super::{
    check,
    edited_from::{EditedFile, take_apart},
};
use crate::changes::{Changes, changes};
use crate::group_names::GroupNames;
use crate::moments;

/// The changes to make, and what is wrong with other stored sites.
#[derive(Debug)]
pub struct Plan {
    /// One step for each file, in the order of the files.
    pub steps: Vec<Step>,
    /// Warnings of the files.
    pub warnings: Vec<SiteFileError>,
    /// Errors in stored documents that the push does not replace.
    pub invalid: Vec<SiteFileError>,
}

/// What happens to one file.
#[derive(Debug)]
pub struct Step {
    /// The file's name.
    pub file: String,
    /// The site that the file describes.
    pub site: Site,
    /// The document to store.
    pub document: String,
    /// The revision that the file says it was edited from.
    pub edited_from: Option<Revision>,
    /// What it changes.
    pub change: Change,
    /// The stored site that serves until then.
    pub before: Option<Site>,
    /// The stored document.
    pub stored_document: Option<String>,
    /// The change that stored it, if that was recorded.
    pub replaces: Option<Edit>,
}

/// What a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The site is not stored yet.
    New,
    /// A stored document is replaced.
    Replaces {
        /// Its revision.
        revision: Revision,
    },
    /// The stored document is the same: nothing is written.
    Unchanged {
        /// Its revision.
        revision: Revision,
    },
    /// The stored document is the same, but the site does not hold its external URL and its name yet: they are claimed.
    Claims {
        /// Its revision.
        revision: Revision,
    },
}

impl Change {
    /// Returns the revision that is stored afterwards; `None` for a new site, whose past is not known here.
    fn revision(self) -> Option<Revision> {
        match self {
            Self::New => None,
            Self::Replaces { revision } => Some(Revision::after(Some(revision))),
            Self::Unchanged { revision } | Self::Claims { revision } => Some(revision),
        }
    }
}

/// A stored site and its tenant.
type Stored<'a> = (TenantId, &'a StoredSite);

/// Plans the push of `files` over `stored` at `now`. Fails with all errors in the files: within each, among them, and against
/// the stored sites that stay.
pub fn plan(
    files: &[SiteFile],
    stored: &[(TenantId, Vec<StoredSite>)],
    now: Timestamp,
) -> Result<Plan, Vec<SiteFileError>> {
    let warnings = check(files, now)?;
    let sites = files.iter().map(SiteFile::compile).collect::<Result<Vec<_>, _>>()?;
    let stored: Vec<Stored<'_>> =
        stored.iter().flat_map(|(tenant, sites)| sites.iter().map(|site| (*tenant, site))).collect();
    let staying = stored.iter().filter(|entry| !sites.iter().any(|site| is_stored_as(site, entry)));
    let (mut together, invalid) = documents(staying);
    // Files come last: a clash is reported at the later one, and clashes among stored sites must not block a push.
    together.extend_from_slice(files);
    let mut errors = register(&together).err().unwrap_or_default();
    errors.retain(|error| files.iter().any(|file| file.name == error.file));
    errors.extend(sites.iter().zip(files).filter_map(|(site, file)| taken(site, file, &stored)));
    let mut steps = Vec::new();
    for (site, file) in sites.into_iter().zip(files) {
        match step(site, file, &stored) {
            Ok(step) => steps.push(step),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(Plan { steps, warnings, invalid }) } else { Err(errors) }
}

impl Plan {
    /// Whether there is anything to write.
    pub fn writes(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step.change, Change::Unchanged { .. }))
    }
}

impl Step {
    /// Returns who gains and who loses.
    pub(crate) fn changes(&self) -> Changes {
        let names = GroupNames::of(&self.document)
            .or(GroupNames::of(self.stored_document.as_deref().unwrap_or_default()));
        changes(self.before.as_ref(), Some(&self.site), &names)
    }
}

/// Returns the step of `file`. Fails if the file was edited from a revision that is not the stored one any more.
fn step(site: Site, file: &SiteFile, stored: &[Stored<'_>]) -> Result<Step, SiteFileError> {
    let EditedFile { document, edited_from } = take_apart(&file.text).map_err(|error| SiteFileError {
        file: file.name.clone(),
        line: Some(error.line),
        at: None,
        message: error.to_string(),
    })?;
    let entry = stored.iter().find(|entry| is_stored_as(&site, entry));
    let change = change(&site, &document, entry);
    if let Some(edited_from) = edited_from {
        check_edited_from(edited_from, change, entry, file)?;
    }
    file.check_minimum_revision(change.revision())?;
    Ok(Step {
        file: file.name.clone(),
        change,
        edited_from,
        before: entry.and_then(in_use),
        stored_document: entry.map(|(_, stored)| stored.document.clone()),
        replaces: entry
            .filter(|_| matches!(change, Change::Replaces { .. }))
            .and_then(|(_, stored)| stored.edit.clone()),
        document,
        site,
    })
}

fn check_edited_from(
    edited_from: Revision,
    change: Change,
    entry: Option<&Stored<'_>>,
    file: &SiteFile,
) -> Result<(), SiteFileError> {
    let message = match (change, entry) {
        (Change::Replaces { revision }, Some((_, stored))) if revision != edited_from => {
            let by =
                stored.edit.as_ref().map(|edit| format!(", stored {} by {}", moments::utc(edit.at), edit.by));
            format!(
                "this was edited from revision {edited_from}, and revision {revision} is stored{}; see `pozi diff {} --from {edited_from}`, pull it again, and repeat your change",
                by.unwrap_or_default(),
                stored.name
            )
        }
        (Change::New, _) => format!(
            "this was edited from revision {edited_from} of a site that is not stored any more: it was removed, renamed or moved; delete the line with the revision to register it again"
        ),
        _ => return Ok(()),
    };
    Err(SiteFileError { file: file.name.clone(), line: None, at: None, message })
}

/// Returns the site that serves: that of the stored document, or of the previous one if that has errors.
fn in_use((_, stored): &Stored<'_>) -> Option<Site> {
    let of = |text: &String| Site::parse(text).ok();
    of(&stored.document).or_else(|| stored.previous.as_ref().and_then(of))
}

/// The documents of `stored` that are in use (the newest if valid, else the previous), and the errors in those that are
/// not valid.
fn documents<'a>(stored: impl Iterator<Item = &'a Stored<'a>>) -> (Vec<SiteFile>, Vec<SiteFileError>) {
    let (mut in_use, mut invalid) = (Vec::new(), Vec::new());
    for entry in stored {
        let (tenant, site) = entry;
        let file =
            |text: &String| SiteFile { name: format!("{site} of tenant {tenant}"), text: text.clone() };
        let newest = file(&site.document);
        let errors = errors_in(&newest, entry);
        if errors.is_empty() {
            in_use.push(newest);
            continue;
        }
        invalid.extend(errors);
        let previous = site.previous.as_ref().map(file);
        in_use.extend(previous.filter(|previous| errors_in(previous, entry).is_empty()));
    }
    (in_use, invalid)
}

/// The errors in `file`, the document of `entry`.
fn errors_in(file: &SiteFile, entry: &Stored<'_>) -> Vec<SiteFileError> {
    match file.compile() {
        Ok(site) if is_stored_as(&site, entry) => Vec::new(),
        Ok(_) => vec![SiteFileError {
            file: file.name.clone(),
            line: None,
            at: None,
            message: "the document describes another site; push this site's own file".into(),
        }],
        Err(errors) => errors,
    }
}

fn is_stored_as(site: &Site, (tenant, entry): &Stored<'_>) -> bool {
    site.tenant() == *tenant && site.name.as_str() == entry.name
}

fn change(site: &Site, document: &str, entry: Option<&Stored<'_>>) -> Change {
    match entry {
        None => Change::New,
        Some((_, entry)) if entry.document != document => Change::Replaces { revision: entry.revision },
        Some((_, entry)) if entry.claims.check(site).is_err() => Change::Claims { revision: entry.revision },
        Some((_, entry)) => Change::Unchanged { revision: entry.revision },
    }
}

/// Returns the error in `file` if another site holds a claim of `site`, as far as the stored entry of `site` shows it. The
/// write finds out about the others.
fn taken(site: &Site, file: &SiteFile, stored: &[Stored<'_>]) -> Option<SiteFileError> {
    let (_, entry) = stored.iter().find(|entry| is_stored_as(site, entry))?;
    match entry.claims.check(site) {
        Err(ClaimError::Taken(taken)) => {
            Some(SiteFileError { file: file.name.clone(), line: None, at: None, message: taken.to_string() })
        }
        Ok(()) | Err(ClaimError::Missing(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use pozi_auth::tenants::{Claim, Claims, Holder};

    use super::*;

    /// 2027-01-15 08:00 UTC.
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn file(name: &str) -> SiteFile {
        let text = include_str!("../../../local/sites/riverbend.toml").to_owned();
        SiteFile { name: name.to_owned(), text }
    }

    fn stored(name: &str, document: &str) -> Vec<(TenantId, Vec<StoredSite>)> {
        let site = file("a.toml").compile().unwrap();
        let (document, revision, claims) = (document.to_owned(), Revision(3), Claims::held_by(&site));
        vec![(
            site.tenant(),
            vec![StoredSite { name: name.into(), revision, document, previous: None, claims, edit: None }],
        )]
    }

    #[test]
    fn a_site_is_new_changed_or_unchanged() {
        let own = file("a.toml");
        let at = Revision(3);
        for (stored, change) in [
            (vec![], Change::New),
            (stored("riverbend", &own.text), Change::Unchanged { revision: at }),
            (stored("riverbend", &format!("{}\n", own.text)), Change::Replaces { revision: at }),
            (stored("riverbend", "name ="), Change::Replaces { revision: at }),
        ] {
            let plan = plan(&[file("a.toml")], &stored, NOW).unwrap();
            assert_eq!(plan.steps[0].change, change);
            assert!(plan.invalid.is_empty());
        }
    }

    #[test]
    fn an_unchanged_site_claims_what_nobody_holds_and_not_what_another_holds() {
        let own = file("a.toml");
        let with = |claims: Claims| {
            let mut stored = stored("riverbend", &own.text);
            stored[0].1[0].claims = claims;
            plan(&[file("a.toml")], &stored, NOW)
        };
        let plan = with(Claims::default()).unwrap();
        assert_eq!(plan.steps[0].change, Change::Claims { revision: Revision(3) });
        let site = own.compile().unwrap();
        let holder = Holder { site: "saltmarsh".into(), ..Holder::of(&site) };
        let errors =
            with(Claim::of(&site).map(|claim| (claim, holder.clone())).into_iter().collect()).unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "a.toml: the external URL `https://poziserver-riverbend.example/pozi/` is claimed by another site, `saltmarsh`; give each site its own"
        );
    }

    #[test]
    fn reports_an_invalid_stored_site_and_plans_the_rest() {
        let plan = plan(&[file("a.toml")], &stored("saltmarsh", "name ="), NOW).unwrap();
        assert_eq!((plan.steps[0].change, plan.invalid.len()), (Change::New, 1));
    }

    #[test]
    fn refuses_a_minimum_revision_that_no_session_could_have() {
        let own = file("a.toml");
        let requiring = |minimum: u64| {
            let text = own.text.replacen("origins", &format!("minimum_revision = {minimum}\norigins"), 1);
            SiteFile { text, ..own.clone() }
        };
        let planned = |minimum, stored: &[_]| {
            let planned = plan(&[requiring(minimum)], stored, NOW);
            planned.map(|plan| plan.steps[0].change).map_err(|errors| errors[0].to_string())
        };
        let at_3 = stored("riverbend", &own.text);
        assert_eq!(planned(4, &at_3), Ok(Change::Replaces { revision: Revision(3) }), "4 is what it becomes");
        assert!(
            planned(5, &at_3)
                .unwrap_err()
                .contains("minimum_revision is 5, and this file becomes revision 4")
        );
        let unchanged = stored("riverbend", &requiring(3).text);
        assert_eq!(planned(3, &unchanged), Ok(Change::Unchanged { revision: Revision(3) }));
        let impossible = stored("riverbend", &requiring(4).text);
        assert!(planned(4, &impossible).unwrap_err().contains("minimum_revision is 4"), "stored by hand");
        assert_eq!(planned(1, &[]), Ok(Change::New));
        assert!(planned(2, &[]).unwrap_err().contains("the site is not stored yet"));
    }

    #[test]
    fn reports_a_clash_with_a_stored_site_at_the_file() {
        let other = file("x").text.replacen("name = \"riverbend\"", "name = \"elsewhere\"", 1);
        let errors = plan(&[file("a.toml")], &stored("elsewhere", &other), NOW).unwrap_err();
        assert!(errors.iter().all(|error| error.file == "a.toml"));
        assert!(errors.iter().any(|error| error.message.starts_with("client_id is the same")));
    }
}
