//! What a push would change: the files against each other, and against everything that is stored.

use pozi_auth::{
    identifiers::TenantId,
    sites::{Site, SiteFile, SiteFileProblem, SiteRevision, StoredSite, register},
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
    Replaces(SiteRevision),
    /// The stored document is the same: nothing is written.
    Unchanged(SiteRevision),
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
