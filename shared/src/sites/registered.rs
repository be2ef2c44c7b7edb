//! All site files together: what each can only get wrong beside another is found here.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{Site, SiteProblem};
use crate::identifiers::TenantId;

/// A site file's name and text.
#[derive(Debug, Clone)]
pub struct SiteFile {
    /// Its name, for messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Something wrong with a site file: `file:line: what, and the fix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFileProblem {
    /// The file.
    pub file: String,
    /// The line, from 1; none when it is the whole file.
    pub line: Option<usize>,
    /// What is wrong, and the fix.
    pub message: String,
}

/// Compiles `files` into sites by tenant, or says everything that is wrong with them.
///
/// Two sites of a tenant may not share a client or an external URL: a token could then not tell which it is for.
pub fn register(files: &[SiteFile]) -> Result<HashMap<TenantId, Vec<Arc<Site>>>, Vec<SiteFileProblem>> {
    let mut problems = Vec::new();
    let mut sites: Vec<(&SiteFile, Arc<Site>)> = Vec::new();
    for file in files {
        match file.compile() {
            Ok(site) => {
                let others = sites.iter();
                problems
                    .extend(others.flat_map(|(other, earlier)| clashes(file, &site, &other.name, earlier)));
                sites.push((file, Arc::new(site)));
            }
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut by_tenant: HashMap<_, Vec<_>> = HashMap::new();
    for (_, site) in sites {
        by_tenant.entry(site.tenant()).or_default().push(site);
    }
    Ok(by_tenant)
}

/// What `site`, which stands in `file`, cannot have beside the site `earlier`, which stands in `other`.
pub(crate) fn clashes(file: &SiteFile, site: &Site, other: &str, earlier: &Site) -> Vec<SiteFileProblem> {
    let same_tenant = site.tenant() == earlier.tenant();
    let fault = |key: &'static str, fix: &str| SiteFileProblem {
        file: file.name.clone(),
        line: line_of_key(&file.text, key),
        message: format!("{key} is the same as in {other}; {fix}"),
    };
    let mut faults = Vec::new();
    if site.name == earlier.name {
        faults.push(fault("name", "give each site its own"));
    }
    if same_tenant && site.expected.client == earlier.expected.client {
        faults.push(fault("client_id", "each site of a tenant has its own registration"));
    }
    if site.external_url == earlier.external_url {
        faults.push(fault("external_url", "each site has its own"));
    }
    if same_tenant && site.cloud() != earlier.cloud() {
        faults.push(fault("cloud", "a tenant lives in one cloud").differing());
    }
    faults
}

fn placed(file: &SiteFile, problem: SiteProblem) -> SiteFileProblem {
    let line = problem.at.map(|at| 1 + file.text[..at.start].matches('\n').count());
    SiteFileProblem { file: file.name.clone(), line, message: problem.message }
}

impl SiteFile {
    /// The site that the file is about, or all that is wrong with it.
    pub fn compile(&self) -> Result<Site, Vec<SiteFileProblem>> {
        let placed_here = |problem| placed(self, problem);
        Site::parse(&self.text).map_err(|found| found.into_iter().map(placed_here).collect())
    }
}

/// Top-level keys stand before the first table, so the first line that starts with `key` is it.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let is_key = |line: &str| {
        line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(is_key).map(|index| index + 1)
}

impl SiteFileProblem {
    fn differing(mut self) -> Self {
        self.message = self.message.replacen("is the same as in", "differs from", 1);
        self
    }
}

impl fmt::Display for SiteFileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::site::testing::document;

    fn file(name: &str, change: impl FnOnce(String) -> String) -> SiteFile {
        SiteFile { name: name.to_owned(), text: change(document()) }
    }

    fn second(text: &str) -> String {
        text.replace("\"riverbend\"", "\"saltmarsh\"")
            .replace("poziserver-riverbend", "poziserver-saltmarsh")
            .replace("0d9f7a54", "0d9f7a55")
    }

    fn problems(files: &[SiteFile]) -> Vec<String> {
        register(files).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_tenant_may_have_several_sites() {
        let sites = register(&[file("a.toml", |text| text), file("b.toml", |text| second(&text))]).unwrap();
        assert_eq!(sites.values().map(Vec::len).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn two_sites_with_the_same_tenant_and_client_are_a_fault_with_file_and_line() {
        let twin = |text: String| second(&text).replace("0d9f7a55", "0d9f7a54");
        assert_eq!(
            problems(&[file("a.toml", |text| text), file("b.toml", twin)]),
            ["b.toml:4: client_id is the same as in a.toml; each site of a tenant has its own registration"]
        );
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let files = [
            file("a.toml", |text| text),
            file("b.toml", |text| text.replace("client_id", "cliend_id")),
            file("c.toml", |text| text.replace("origins", "cloud = \"china\"\norigins")),
        ];
        let said = problems(&files).join("\n");
        for (line, what) in [
            ("b.toml:4:", "unknown field `cliend_id`"),
            ("c.toml:1:", "name is"),
            ("c.toml:3:", "external_url is"),
            ("c.toml:4:", "client_id is"),
            ("c.toml:6:", "cloud differs from a.toml"),
        ] {
            assert!(said.lines().any(|one| one.starts_with(line) && one.contains(what)), "{said}");
        }
    }

    #[test]
    fn a_broken_document_is_placed_too() {
        let said =
            problems(&[file("a.toml", |text| text.replace("title = \"Planning\"", "title = Planning"))]);
        assert!(said[0].starts_with("a.toml:10: "), "{said:?}");
    }
}
