//! All site files together, with a check for conflicts between them.

use std::{collections::HashMap, fmt, ops::Range, sync::Arc};

use super::{Site, SiteDocument, SiteError, encoding::decode, read::read};
use crate::{identifiers::TenantId, revision::Revision, timestamp::Timestamp};

/// A site file's name and text.
#[derive(Debug, Clone)]
pub struct SiteFile {
    /// Its name, for messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// An error in a site file. `Display` is `file:line: message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFileError {
    /// The file.
    pub file: String,
    /// The line, from 1; `None` if the error is about the whole file.
    pub line: Option<usize>,
    /// Where in the line, in bytes from the start of the file, if known.
    pub at: Option<Range<usize>>,
    /// What is wrong, and how to fix it.
    pub message: String,
}

/// Compiles `files` into sites by tenant, or returns all their errors.
///
/// Two sites of a tenant must not share a client or an external URL, so that a token is meant for one site only.
pub fn register(files: &[SiteFile]) -> Result<HashMap<TenantId, Vec<Arc<Site>>>, Vec<SiteFileError>> {
    let mut errors = Vec::new();
    let mut sites: Vec<(&SiteFile, Arc<Site>)> = Vec::new();
    for file in files {
        match file.compile() {
            Ok(site) => {
                let clashes =
                    |(other, earlier): &(&SiteFile, Arc<Site>)| clashes(file, &site, &other.name, earlier);
                errors.extend(sites.iter().flat_map(clashes));
                sites.push((file, Arc::new(site)));
            }
            Err(found) => errors.extend(found),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut by_tenant: HashMap<_, Vec<_>> = HashMap::new();
    for (_, site) in sites {
        by_tenant.entry(site.tenant()).or_default().push(site);
    }
    Ok(by_tenant)
}

/// Returns the conflicts of `site`, defined in `file`, with the site `earlier`, defined in `other`.
pub(crate) fn clashes(file: &SiteFile, site: &Site, other: &str, earlier: &Site) -> Vec<SiteFileError> {
    let same_tenant = site.tenant() == earlier.tenant();
    let same_client = same_tenant && site.expected.client == earlier.expected.client;
    let same_url = site.external_url == earlier.external_url;
    let other_cloud = same_tenant && site.cloud() != earlier.cloud();
    let is_swapped = |one: &Site, other: &Site| one.expected.client.uuid() == other.tenant().uuid();
    let swapped = "one of the two files has client_id and tenant_id swapped";
    let rules = [
        (is_swapped(site, earlier), "client_id", "is the tenant_id of", swapped),
        (is_swapped(earlier, site), "tenant_id", "is the client_id of", swapped),
        (site.name == earlier.name, "name", "is the same as in", "give each site its own"),
        (same_client, "client_id", "is the same as in", "each site of a tenant needs its own registration"),
        (same_url, "external_url", "is the same as in", "give each site its own"),
        (other_cloud, "cloud", "differs from", "all sites of a tenant are in the same cloud"),
    ];
    let broken = rules.into_iter().filter(|(is_broken, ..)| *is_broken);
    let error = |(_, key, relation, fix)| SiteFileError {
        file: file.name.clone(),
        line: line_of_key(&file.text, key),
        at: None,
        message: format!("{key} {relation} {other}; {fix}"),
    };
    broken.map(error).collect()
}

impl SiteFile {
    /// Decodes the file `name` from its bytes, which must be UTF-8.
    pub fn decode(name: String, bytes: Vec<u8>) -> Result<Self, SiteFileError> {
        match decode(bytes) {
            Ok(text) => Ok(Self { name, text }),
            Err((line, message)) => Err(SiteFileError { file: name, line, at: None, message }),
        }
    }

    /// Compiles the file into its site, or returns all its errors.
    pub fn compile(&self) -> Result<Site, Vec<SiteFileError>> {
        Site::parse(&self.text).map_err(|errors| errors.into_iter().map(|error| self.locate(error)).collect())
    }

    /// Checks that the site is not observed for too long after `now`. Other errors are those of [`compile`](Self::compile).
    pub fn check_enforcement(&self, now: Timestamp) -> Result<(), SiteFileError> {
        let Ok(SiteDocument { enforcement: Some(enforcement), .. }) = read(&self.text) else { return Ok(()) };
        let checked = enforcement.get_ref().check(now);
        checked.map_err(|error| self.locate(SiteError::new(error.to_string(), enforcement.span())))
    }

    /// Checks that `minimum_revision` is not above `newest`, the revision that the file becomes, or `None` if the site is not
    /// stored yet: no session could have such a revision, so that servers would refuse everyone. Other errors are those of
    /// [`compile`](Self::compile).
    pub fn check_minimum_revision(&self, newest: Option<Revision>) -> Result<(), SiteFileError> {
        let Ok(SiteDocument { minimum_revision: Some(minimum), .. }) = read(&self.text) else {
            return Ok(());
        };
        let (number, Revision(most)) = (*minimum.get_ref(), newest.unwrap_or(Revision::after(None)));
        if number <= most {
            return Ok(());
        }
        let message = match newest {
            Some(_) => format!(
                "minimum_revision is {number}, and this file becomes revision {most}, so that servers would refuse every session; write {most} or less"
            ),
            None => format!(
                "minimum_revision is {number}, and the site is not stored yet, so that servers would refuse every session; leave it out"
            ),
        };
        Err(self.locate(SiteError::new(message, minimum.span())))
    }

    fn locate(&self, error: SiteError) -> SiteFileError {
        let line_of =
            |at: &Range<usize>| 1 + self.text.bytes().take(at.start).filter(|byte| *byte == b'\n').count();
        let line = error.at.as_ref().map(line_of);
        SiteFileError { file: self.name.clone(), line, at: error.at, message: error.message }
    }
}

/// Returns the line of a top-level key. These come before the first table, so the first match is the right one.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let is_key = |line: &str| {
        line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(is_key).map(|index| index + 1)
}

impl fmt::Display for SiteFileError {
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

    fn errors(files: &[SiteFile]) -> Vec<String> {
        register(files).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_tenant_may_have_several_sites() {
        let sites = register(&[file("a.toml", |text| text), file("b.toml", |text| second(&text))]).unwrap();
        assert_eq!(sites.values().map(Vec::len).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn refuses_two_sites_with_the_same_tenant_and_client() {
        let twin = |text: String| second(&text).replace("0d9f7a55", "0d9f7a54");
        assert_eq!(
            errors(&[file("a.toml", |text| text), file("b.toml", twin)]),
            [
                "b.toml:4: client_id is the same as in a.toml; each site of a tenant needs its own registration"
            ]
        );
    }

    #[test]
    fn finds_ids_that_are_swapped_between_the_files_of_a_tenant() {
        let swap = |text: String| {
            let client = "0d9f7a55-53c5-4a3e-8f5e-0f3a0b6f2c10";
            let tenant = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11";
            second(&text).replace(client, "@").replace(tenant, client).replace('@', tenant)
        };
        let says = "; one of the two files has client_id and tenant_id swapped";
        let (right, swapped) = (file("a.toml", |text| text), file("b.toml", swap));
        assert_eq!(
            errors(&[right.clone(), swapped.clone()]),
            [format!("b.toml:4: client_id is the tenant_id of a.toml{says}")]
        );
        assert_eq!(
            errors(&[swapped, right]),
            [format!("a.toml:5: tenant_id is the client_id of b.toml{says}")]
        );
    }

    /// RFC 9068 §5.
    #[test]
    fn reports_all_errors_at_once() {
        let files = [
            file("a.toml", |text| text),
            file("b.toml", |text| text.replace("client_id", "cliend_id")),
            file("c.toml", |text| text.replace("origins", "cloud = \"china\"\norigins")),
        ];
        let errors = errors(&files).join("\n");
        for (line, what) in [
            ("b.toml:4:", "unknown field `cliend_id`"),
            ("c.toml:1:", "name is"),
            ("c.toml:3:", "external_url is"),
            ("c.toml:4:", "client_id is"),
            ("c.toml:6:", "cloud differs from a.toml"),
        ] {
            assert!(errors.lines().any(|error| error.starts_with(line) && error.contains(what)), "{errors}");
        }
    }

    fn with_key(key: &str) -> SiteFile {
        file("a.toml", |text| text.replacen("origins", &format!("{key}\norigins"), 1))
    }

    #[test]
    fn reports_the_line_of_an_observation_that_is_too_long() {
        // 2027-01-15 08:00 UTC.
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        for (key, error) in [
            ("enforcement = \"enforced\"", None),
            ("enforcement = \"observe until 2020-01-01\"", None),
            ("enforcement = \"observe until 2027-03-16\"", None),
            (
                "enforcement = \"observe until 2027-03-17\"",
                Some(
                    "a.toml:6: the site would be observed until 2027-03-17, which is more than 60 days ahead; write 2027-03-16 or an earlier day",
                ),
            ),
            ("enforcement = \"observe\"", None),
        ] {
            let found = with_key(key).check_enforcement(now).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), error, "{key}");
        }
    }

    #[test]
    fn reports_the_line_of_a_minimum_revision_that_no_session_could_have() {
        let check = |key: &str, newest: Option<u64>| {
            let checked = with_key(key).check_minimum_revision(newest.map(Revision));
            checked.err().map(|error| error.to_string())
        };
        for (minimum, newest) in [(1, None), (1, Some(1)), (3, Some(3)), (3, Some(4))] {
            assert_eq!(check(&format!("minimum_revision = {minimum}"), newest), None);
        }
        assert_eq!(check("session_minutes = 5", None), None);
        assert_eq!(
            check("minimum_revision = 5", Some(4)).as_deref(),
            Some(
                "a.toml:6: minimum_revision is 5, and this file becomes revision 4, so that servers would refuse every session; write 4 or less"
            )
        );
        assert_eq!(
            check("minimum_revision = 2", None).as_deref(),
            Some(
                "a.toml:6: minimum_revision is 2, and the site is not stored yet, so that servers would refuse every session; leave it out"
            )
        );
    }

    #[test]
    fn reports_the_line_of_a_syntax_error() {
        let errors =
            errors(&[file("a.toml", |text| text.replace("title = \"Planning\"", "title = Planning"))]);
        assert!(errors[0].starts_with("a.toml:10: "), "{errors:?}");
    }
}
