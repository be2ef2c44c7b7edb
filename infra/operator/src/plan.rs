//! What a push would change: the files against each other, and against everything that is stored.

use pozi_auth::{
    identifiers::TenantId,
    revision::Revision,
    sites::{Site, SiteFile, SiteFileProblem, register},
    tenants::StoredSite,
};

/// What is to be done, and what was found on the way.
#[derive(Debug)]
pub struct Plan {
    /// One step a file, in the order of the files.
    pub steps: Vec<Step>,
    /// What is wrong with stored documents that are not replaced.
    pub unreadable: Vec<SiteFileProblem>,
}

/// What becomes of one file.
#[derive(Debug)]
pub struct Step {
    /// Its site.
    pub site: Site,
    /// Its text.
    pub document: String,
    /// What it changes.
    pub change: Change,
}

/// What a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The site is not stored yet.
    New,
    /// The document of this revision is replaced.
    Replaces(Revision),
    /// The stored document is the same: nothing is written.
    Unchanged(Revision),
}

/// What pushing `files` over `stored` would do, or all that is wrong with the files, alone, together and beside the
/// stored sites that stay.
pub fn plan(
    files: &[SiteFile],
    stored: &[(TenantId, Vec<StoredSite>)],
) -> Result<Plan, Vec<SiteFileProblem>> {
    register(files)?;
    let sites = files.iter().map(SiteFile::compile).collect::<Result<Vec<_>, _>>()?;
    let (mut beside, mut unreadable) = (Vec::new(), Vec::new());
    for (tenant, entry) in stored.iter().flat_map(|(tenant, all)| all.iter().map(move |one| (*tenant, one))) {
        if sites.iter().any(|site| is_at(site, tenant, entry)) {
            continue;
        }
        let file =
            |text: &String| SiteFile { name: format!("{entry} of tenant {tenant}"), text: text.clone() };
        let reads = |file: &SiteFile| file.compile().is_ok_and(|site| is_at(&site, tenant, entry));
        let newest = file(&entry.document);
        if reads(&newest) {
            beside.push(newest);
            continue;
        }
        let misplaced = || SiteFileProblem {
            file: newest.name.clone(),
            line: None,
            message: "this is another site, stored in the wrong place; push its own document".into(),
        };
        unreadable.extend(newest.compile().err().unwrap_or_else(|| vec![misplaced()]));
        // The revision before serves in its place, so nothing may clash with it either.
        beside.extend(entry.previous.as_ref().map(file).filter(reads));
    }
    // Files come last, so that a clash is told of them; stored sites that clash with each other stop nobody.
    beside.extend_from_slice(files);
    let mut problems = register(&beside).err().unwrap_or_default();
    problems.retain(|problem| files.iter().any(|file| file.name == problem.file));
    if !problems.is_empty() {
        return Err(problems);
    }
    let step = |(site, file): (Site, &SiteFile)| Step {
        change: change(&site, &file.text, stored),
        document: file.text.clone(),
        site,
    };
    Ok(Plan { steps: sites.into_iter().zip(files).map(step).collect(), unreadable })
}

fn is_at(site: &Site, tenant: TenantId, entry: &StoredSite) -> bool {
    site.tenant() == tenant && site.name.as_str() == entry.name
}

fn change(site: &Site, document: &str, stored: &[(TenantId, Vec<StoredSite>)]) -> Change {
    let mut all = stored.iter().flat_map(|(tenant, all)| all.iter().map(move |one| (*tenant, one)));
    match all.find(|(tenant, entry)| is_at(site, *tenant, entry)) {
        None => Change::New,
        Some((_, entry)) if entry.document == document => Change::Unchanged(entry.revision),
        Some((_, entry)) => Change::Replaces(entry.revision),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> SiteFile {
        let text = include_str!("../../local/sites/riverbend.toml").to_owned();
        SiteFile { name: name.to_owned(), text }
    }

    fn stored(name: &str, document: &str) -> Vec<(TenantId, Vec<StoredSite>)> {
        let tenant = file("a.toml").compile().unwrap().tenant();
        let document = document.to_owned();
        let revision = Revision(3);
        vec![(tenant, vec![StoredSite { name: name.into(), revision, document, previous: None }])]
    }

    #[test]
    fn a_site_is_new_changed_or_unchanged() {
        let own = file("a.toml");
        let at = Revision(3);
        for (stored, change) in [
            (vec![], Change::New),
            (stored("riverbend", &own.text), Change::Unchanged(at)),
            (stored("riverbend", &format!("{}\n", own.text)), Change::Replaces(at)),
            (stored("riverbend", "name ="), Change::Replaces(at)),
        ] {
            let plan = plan(&[file("a.toml")], &stored).unwrap();
            assert_eq!(plan.steps[0].change, change);
            assert!(plan.unreadable.is_empty());
        }
    }

    #[test]
    fn a_broken_stored_site_is_told_and_stops_nobody_else() {
        let plan = plan(&[file("a.toml")], &stored("saltmarsh", "name =")).unwrap();
        assert_eq!((plan.steps[0].change, plan.unreadable.len()), (Change::New, 1));
    }

    #[test]
    fn a_clash_with_a_stored_site_is_told_of_the_file() {
        let other = file("x").text.replacen("name = \"riverbend\"", "name = \"elsewhere\"", 1);
        let problems = plan(&[file("a.toml")], &stored("elsewhere", &other)).unwrap_err();
        assert!(problems.iter().all(|problem| problem.file == "a.toml"));
        assert!(problems.iter().any(|problem| problem.message.starts_with("client_id is the same")));
    }
}
