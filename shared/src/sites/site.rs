//! A site, compiled from its document: everything that can be wrong with it has been found by now.

use std::{collections::HashSet, ops::Range, time::Duration};

use super::{
    CatalogueId, ExternalUrl, InternalUrl, Origin, SiteDocument, SiteName, Who, backslash_advice,
    document::CatalogueDocument, escaped_path,
};
use crate::{
    entra::{CONSUMER_TENANT, Cloud, Expected},
    identifiers::TenantId,
};

/// How long a session lasts where a site does not say, in minutes.
pub const DEFAULT_SESSION_MINUTES: u64 = 10;

/// The longest life of a session, in minutes. Keys are published for longer than that after they last signed.
pub const MAX_SESSION_MINUTES: u64 = 60;

/// A registered customer's Pozi Server and the rules of access to its catalogues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its short name.
    pub name: SiteName,
    /// Where Application Proxy finds it.
    pub internal_url: InternalUrl,
    /// Where the world finds it: the audience of its sessions.
    pub external_url: ExternalUrl,
    /// What an Entra token must say to be meant for it.
    pub expected: Expected,
    /// The origins of its Web App.
    pub origins: Vec<Origin>,
    /// How long its sessions last at most.
    pub session_life: Duration,
    /// Its catalogues, at least one, each id once.
    pub catalogues: Vec<Catalogue>,
}

/// One QGIS project and who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Its id in scopes and paths.
    pub id: CatalogueId,
    /// What people call it.
    pub title: String,
    /// The QGIS project file.
    pub project: String,
    /// Who may read it, writers aside.
    pub readers: Who,
    /// Who may write it, and so read it.
    pub writers: Who,
    /// The names of the layouts that may be printed.
    pub print: Vec<String>,
    /// The ids of the layouts' text items that a client may fill when it prints.
    pub print_texts: Vec<String>,
    /// Whether a client may draw its own geometries over the map (`HIGHLIGHT_*` in WMS).
    pub highlight: bool,
}

/// Something wrong with a site's document, where it is (a byte range) and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SiteProblem {
    /// What is wrong, and the fix.
    pub message: String,
    /// Where, in bytes from the start of the document.
    pub at: Option<Range<usize>>,
}

impl Site {
    /// Parses a site's TOML document and compiles it, or says everything that is wrong with it.
    pub fn parse(document: &str) -> Result<Self, Vec<SiteProblem>> {
        let document: SiteDocument = toml::from_str(document).map_err(|error| vec![unreadable(&error)])?;
        let problems = problems(&document);
        if problems.is_empty() { Ok(Self::compile(document)) } else { Err(problems) }
    }

    /// Whether a request's `Origin` header names one of the site's origins.
    pub fn is_served_from(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own.is_named_by(origin))
    }

    /// Whether `name` is the site's name or its external URL, with or without the trailing slash.
    pub fn is_named(&self, name: &str) -> bool {
        name == self.name.as_str() || self.external_url.is_same_as(name)
    }

    fn compile(document: SiteDocument) -> Self {
        let minutes = document.session_minutes.map_or(DEFAULT_SESSION_MINUTES, toml::Spanned::into_inner);
        Self {
            expected: Expected {
                cloud: document.cloud,
                tenant: document.tenant_id.into_inner(),
                application_id_uri: document.external_url.application_id_uri().to_owned(),
                client: document.client_id.into_inner(),
                further_clients: document.further_client_ids,
            },
            name: document.name,
            internal_url: document.internal_url,
            external_url: document.external_url,
            origins: document.origins,
            session_life: Duration::from_secs(minutes * 60),
            catalogues: document.catalogues.into_iter().map(Catalogue::compile).collect(),
        }
    }

    /// The site's tenant.
    pub fn tenant(&self) -> TenantId {
        self.expected.tenant
    }

    /// The cloud that the tenant lives in.
    pub fn cloud(&self) -> Cloud {
        self.expected.cloud
    }
}

impl Catalogue {
    fn compile(document: CatalogueDocument) -> Self {
        Self {
            id: document.id.into_inner(),
            title: document.title.into_inner(),
            project: document.project.into_inner(),
            readers: document.read,
            writers: document.write,
            print: document.print.into_iter().map(toml::Spanned::into_inner).collect(),
            print_texts: document.print_texts.into_iter().map(toml::Spanned::into_inner).collect(),
            highlight: document.highlight,
        }
    }
}

/// What the parser says, with the fix where it leaves it out.
fn unreadable(error: &toml::de::Error) -> SiteProblem {
    let fix = if error.message().starts_with("missing field") { "; add it" } else { "" };
    let advice = backslash_advice(error.message());
    SiteProblem { message: format!("{}{fix}{advice}", error.message()), at: error.span() }
}

fn problems(document: &SiteDocument) -> Vec<SiteProblem> {
    let mut problems = Vec::new();
    if *document.tenant_id.get_ref() == CONSUMER_TENANT {
        problems.push(SiteProblem {
            message: "this is the tenant of personal Microsoft accounts, which anybody can open; use the council's own tenant id".into(),
            at: Some(document.tenant_id.span()),
        });
    }
    if let Some(minutes) = &document.session_minutes
        && !(1..=MAX_SESSION_MINUTES).contains(minutes.get_ref())
    {
        problems.push(SiteProblem {
            message: format!("session_minutes is {}; use 1 to {MAX_SESSION_MINUTES}", minutes.get_ref()),
            at: Some(minutes.span()),
        });
    }
    if document.catalogues.is_empty() {
        problems
            .push(SiteProblem { message: "the site has no catalogue; add a [[catalogue]]".into(), at: None });
    }
    let mut ids = HashSet::new();
    for id in document.catalogues.iter().map(|catalogue| &catalogue.id) {
        if !ids.insert(id.get_ref()) {
            problems.push(SiteProblem {
                message: format!("a second catalogue has the id `{}`; give each its own", id.get_ref()),
                at: Some(id.span()),
            });
        }
    }
    problems.extend(document.catalogues.iter().flat_map(text_problems));
    problems
}

fn text_problems(catalogue: &CatalogueDocument) -> Vec<SiteProblem> {
    let named = [&catalogue.title, &catalogue.project];
    let texts = named.into_iter().chain(&catalogue.print).chain(&catalogue.print_texts);
    let blank = texts
        .filter(|text| text.get_ref().trim().is_empty())
        .map(|text| SiteProblem { message: "this is blank; write what it is".into(), at: Some(text.span()) });
    let project = &catalogue.project;
    let escaped = escaped_path(project.get_ref())
        .map(|advice| SiteProblem { message: advice.into(), at: Some(project.span()) });
    blank.chain(escaped).collect()
}

/// For this crate's own tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    pub(crate) const PLANNERS: &str = "6f1f1d0e-8a83-4c59-9d44-1f6d0c9c3a01";
    pub(crate) const EDITORS: &str = "6f1f1d0e-8a83-4c59-9d44-1f6d0c9c3a02";

    /// A site file without fault: `planning` for planners (editors write), `parks` for everyone.
    pub(crate) fn document() -> String {
        format!(
            r#"name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10"
tenant_id = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11"
origins = ["https://riverbend.enterprise.example", "http://localhost"]

[[catalogue]]
id = "planning"
title = "Planning"
project = "C:/Pozi/planning.qgz"
read = ["{PLANNERS}"]
write = ["{EDITORS}"]

[[catalogue]]
id = "parks"
title = "Parks"
project = "C:/Pozi/parks.qgz"
read = "everyone-signed-in"
"#
        )
    }

    pub(crate) fn site() -> Site {
        Site::parse(&document()).expect("the test's own document is without fault")
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::document, *};

    fn problem(from: &str, to: &str) -> (String, usize) {
        let text = document().replacen(from, to, 1);
        assert_ne!(text, document(), "nothing was spoiled");
        let problem = Site::parse(&text).unwrap_err().remove(0);
        let line = problem.at.map_or(1, |at| 1 + text[..at.start].matches('\n').count());
        (problem.message, line)
    }

    #[test]
    fn knows_the_forms_of_its_audience_and_its_defaults() {
        let site = testing::site();
        for audience in [
            "https://poziserver-riverbend.example/pozi",
            "https://poziserver-riverbend.example/pozi/",
            "https://PoziServer-Riverbend.example/pozi",
            "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
            "0D9F7A54-53C5-4A3E-8F5E-0F3A0B6F2C10",
            "spn:0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
        ] {
            assert!(site.expected.is_meant_by(audience), "{audience}");
        }
        for other in [
            "",
            "https://poziserver-riverbend.example/pozi//",
            "https://poziserver-riverbend.example/Pozi",
            "https://poziserver-riverbend.example",
            "SPN:0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
            "api://0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
        ] {
            assert!(!site.expected.is_meant_by(other), "{other}");
        }
        assert_eq!(site.cloud(), Cloud::Public);
        assert_eq!(site.session_life, Duration::from_mins(10));
        assert_eq!(site.catalogues[1].writers, Who::Groups(vec![]));
    }

    #[test]
    fn is_named_by_its_name_and_its_external_url() {
        let site = testing::site();
        for name in [
            "riverbend",
            "https://poziserver-riverbend.example/pozi/",
            "https://poziserver-riverbend.example/pozi",
        ] {
            assert!(site.is_named(name), "{name}");
        }
        for name in [
            "",
            "Riverbend",
            "https://poziserver-riverbend.example/",
            "https://poziserver-riverbend.example/pozi/x",
        ] {
            assert!(!site.is_named(name), "{name}");
        }
    }

    #[test]
    fn every_fault_is_named_with_its_place_and_its_fix() {
        let consumer = CONSUMER_TENANT.to_string();
        for (from, to, line, says) in [
            (
                "name = \"riverbend\"",
                "name = \"Riverbend\"",
                1,
                "`Riverbend` is no site name: 1 to 63 characters",
            ),
            ("name = \"riverbend\"", "nom = \"riverbend\"", 1, "unknown field `nom`, expected one of `name`"),
            ("https://poziserver", "http://poziserver", 3, "must start with https://"),
            ("0d9f7a54-", "0d9f7a54", 4, "is not a GUID of the form 0000"),
            ("7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11", consumer.as_str(), 5, "use the council's own tenant id"),
            (
                "http://localhost\"",
                "http://riverbend.example\"",
                6,
                "must start with https:// (or be http://localhost",
            ),
            ("origins =", "session_minutes = 61\norigins =", 6, "session_minutes is 61; use 1 to 60"),
            ("origins =", "session_minutes = 0\norigins =", 6, "session_minutes is 0; use 1 to 60"),
            (
                "origins =",
                "cloud = \"moon\"\norigins =",
                6,
                "unknown variant `moon`, expected one of `public`",
            ),
            (
                "id = \"parks\"",
                "id = \"planning\"",
                16,
                "a second catalogue has the id `planning`; give each its own",
            ),
            ("title = \"Planning\"", "title = \" \"", 10, "this is blank; write what it is"),
            ("id = \"parks\"", "id = \"Parks\"", 16, "`Parks` is no catalogue id: 1 to 63"),
            ("read = \"everyone-signed-in\"", "read = \"everyone\"", 19, "write a list of group ids"),
            ("read = \"everyone-signed-in\"", "", 15, "missing field `read`"),
            (
                "origins = [\"https://riverbend.enterprise.example\", \"http://localhost\"]",
                "",
                1,
                "missing field `origins`",
            ),
        ] {
            let (message, found) = problem(from, to);
            assert!(message.contains(says), "{message}");
            assert_eq!(found, line, "{message}");
        }
    }

    #[test]
    fn a_site_without_catalogues_is_a_fault() {
        let text = document();
        let head = text.split("[[catalogue]]").next().unwrap();
        for (text, says) in [
            (head.to_owned(), "missing field `catalogue`; add it"),
            (format!("{head}catalogue = []"), "the site has no catalogue; add a [[catalogue]]"),
        ] {
            assert_eq!(Site::parse(&text).unwrap_err()[0].message, says);
        }
    }
}
