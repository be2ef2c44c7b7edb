//! A site, validated and compiled from its document.

use std::{
    collections::HashSet,
    ops::{Range, RangeInclusive},
    time::Duration,
};

use super::{
    CatalogueId, ExternalUrl, InternalUrl, Origin, SiteDocument, SiteName, Who, backslash_advice,
    document::CatalogueDocument, escaped_path,
};
use crate::{
    entra::{CONSUMER_TENANT, Cloud, Expected},
    identifiers::TenantId,
};

/// The lifetime of a session by default, in minutes.
const DEFAULT_SESSION_MINUTES: u64 = 10;

/// The longest lifetime of a session, in minutes. Keys stay published for longer than that after they last signed.
pub const MAX_SESSION_MINUTES: u64 = 60;

/// The longest time since a subject token was issued, by default and within these limits, in minutes. Entra's own tokens live
/// for 60 to 90 minutes, and up to 28 hours with Continuous Access Evaluation.
/// Source: <https://learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime>.
const DEFAULT_TOKEN_AGE_MINUTES: u64 = 2 * 60;
const TOKEN_AGE_MINUTES: RangeInclusive<u64> = 15..=28 * 60;

/// A registered customer's Pozi Server and the rules of access to its catalogues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its short name.
    pub name: SiteName,
    /// Its URL for Application Proxy.
    pub internal_url: InternalUrl,
    /// Its public URL: the audience of its sessions.
    pub external_url: ExternalUrl,
    /// What it expects of an Entra token.
    pub expected: Expected,
    /// The origins of its Web App.
    pub origins: Vec<Origin>,
    /// The longest lifetime of its sessions.
    pub session_life: Duration,
    /// Its catalogues: at least one, with unique ids.
    pub catalogues: Vec<Catalogue>,
}

/// One QGIS project and who has access to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Its id in scopes and paths.
    pub id: CatalogueId,
    /// The title that people see.
    pub title: String,
    /// The QGIS project file.
    pub project: String,
    /// Who may read it, apart from writers.
    pub readers: Who,
    /// Who may write it, and therefore read it.
    pub writers: Who,
    /// The names of the layouts that may be printed.
    pub print: Vec<String>,
    /// The ids of the layouts' text items that a client may fill when it prints.
    pub print_texts: Vec<String>,
    /// Whether a client may draw its own geometries over the map (`HIGHLIGHT_*` in WMS).
    pub highlight: bool,
}

/// An error in a site's document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SiteError {
    /// What is wrong, and how to fix it.
    pub message: String,
    /// Where, in bytes from the start of the document, if known.
    pub at: Option<Range<usize>>,
}

impl Site {
    /// Parses and compiles a site's TOML document. Fails with all errors of the document, or with its first syntax error.
    pub fn parse(document: &str) -> Result<Self, Vec<SiteError>> {
        let document: SiteDocument = toml::from_str(document).map_err(|error| vec![parse_error(&error)])?;
        let errors = errors(&document);
        if errors.is_empty() { Ok(Self::compile(document)) } else { Err(errors) }
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
        let minutes = |given: Option<toml::Spanned<u64>>, default| {
            Duration::from_secs(given.map_or(default, toml::Spanned::into_inner) * 60)
        };
        Self {
            expected: Expected {
                cloud: document.cloud,
                tenant: document.tenant_id.into_inner(),
                application_id_uri: document.external_url.application_id_uri().to_owned(),
                client: document.client_id.into_inner(),
                further_clients: document.further_client_ids,
                max_token_age: minutes(document.max_token_age_minutes, DEFAULT_TOKEN_AGE_MINUTES),
                groups_as_roles: document.groups_as_roles,
            },
            name: document.name,
            internal_url: document.internal_url,
            external_url: document.external_url,
            origins: document.origins,
            session_life: minutes(document.session_minutes, DEFAULT_SESSION_MINUTES),
            catalogues: document.catalogues.into_iter().map(Catalogue::compile).collect(),
        }
    }

    /// Returns the site's tenant.
    pub fn tenant(&self) -> TenantId {
        self.expected.tenant
    }

    /// Returns the tenant's cloud.
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

/// Returns the parser's error, with a hint how to fix it if there is one.
fn parse_error(error: &toml::de::Error) -> SiteError {
    let fix = if error.message().starts_with("missing field") { "; add it" } else { "" };
    let advice = backslash_advice(error.message());
    SiteError { message: format!("{}{fix}{advice}", error.message()), at: error.span() }
}

fn errors(document: &SiteDocument) -> Vec<SiteError> {
    let mut errors = Vec::new();
    if *document.tenant_id.get_ref() == CONSUMER_TENANT {
        let message = "this is the tenant of personal Microsoft accounts, which anyone can open; use the council's own tenant id";
        errors.push(SiteError::new(message, document.tenant_id.span()));
    }
    errors.extend(minutes_error(
        "session_minutes",
        document.session_minutes.as_ref(),
        1..=MAX_SESSION_MINUTES,
    ));
    let age = document.max_token_age_minutes.as_ref();
    errors.extend(minutes_error("max_token_age_minutes", age, TOKEN_AGE_MINUTES));
    if document.catalogues.is_empty() {
        let message = "the site has no catalogue; add a [[catalogue]]".into();
        errors.push(SiteError { message, at: None });
    }
    let mut ids = HashSet::new();
    for id in document.catalogues.iter().map(|catalogue| &catalogue.id) {
        if !ids.insert(id.get_ref()) {
            let message =
                format!("another catalogue already has the id `{}`; give each its own", id.get_ref());
            errors.push(SiteError::new(message, id.span()));
        }
    }
    errors.extend(document.catalogues.iter().flat_map(text_errors));
    errors
}

fn minutes_error(
    key: &str,
    found: Option<&toml::Spanned<u64>>,
    allowed: RangeInclusive<u64>,
) -> Option<SiteError> {
    let minutes = found.filter(|minutes| !allowed.contains(minutes.get_ref()))?;
    let message = format!("{key} is {}; use {} to {}", minutes.get_ref(), allowed.start(), allowed.end());
    Some(SiteError::new(message, minutes.span()))
}

fn text_errors(catalogue: &CatalogueDocument) -> Vec<SiteError> {
    let named = [&catalogue.title, &catalogue.project];
    let texts = named.into_iter().chain(&catalogue.print).chain(&catalogue.print_texts);
    let blank = texts
        .filter(|text| text.get_ref().trim().is_empty())
        .map(|text| SiteError::new("this is blank; fill it in", text.span()));
    let project = &catalogue.project;
    let escaped = escaped_path(project.get_ref()).map(|message| SiteError::new(message, project.span()));
    blank.chain(escaped).collect()
}

impl SiteError {
    fn new(message: impl Into<String>, at: Range<usize>) -> Self {
        Self { message: message.into(), at: Some(at) }
    }
}

/// For this crate's tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    pub(crate) const PLANNERS: &str = "6f1f1d0e-8a83-4c59-9d44-1f6d0c9c3a01";
    pub(crate) const EDITORS: &str = "6f1f1d0e-8a83-4c59-9d44-1f6d0c9c3a02";

    /// Returns a valid site file: `planning` for planners (editors write), `parks` for everyone.
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
        Site::parse(&document()).expect("the test's own document is valid")
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::document, *};

    fn error(from: &str, to: &str) -> (String, usize) {
        let text = document().replacen(from, to, 1);
        assert_ne!(text, document(), "nothing was spoiled");
        let error = Site::parse(&text).unwrap_err().remove(0);
        let line = error.at.map_or(1, |at| 1 + text[..at.start].matches('\n').count());
        (error.message, line)
    }

    #[test]
    fn accepts_every_form_of_its_audience_and_has_defaults() {
        let site = testing::site();
        for audience in [
            "https://poziserver-riverbend.example/pozi",
            "https://poziserver-riverbend.example/pozi/",
            "https://PoziServer-Riverbend.example/pozi",
            "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
            "0D9F7A54-53C5-4A3E-8F5E-0F3A0B6F2C10",
            "spn:0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
        ] {
            assert!(site.expected.accepts_audience(audience), "{audience}");
        }
        for other in [
            "",
            "https://poziserver-riverbend.example/pozi//",
            "https://poziserver-riverbend.example/Pozi",
            "https://poziserver-riverbend.example",
            "SPN:0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
            "api://0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
        ] {
            assert!(!site.expected.accepts_audience(other), "{other}");
        }
        assert_eq!(site.cloud(), Cloud::Public);
        assert_eq!(site.session_life, Duration::from_mins(10));
        assert_eq!(site.expected.max_token_age, Duration::from_hours(2));
        assert!(!site.expected.groups_as_roles);
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
    fn reports_each_error_with_its_line_and_fix() {
        let consumer = CONSUMER_TENANT.to_string();
        for (from, to, line, says) in [
            (
                "name = \"riverbend\"",
                "name = \"Riverbend\"",
                1,
                "`Riverbend` is not a valid site name: it must be 1 to 63",
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
                "another catalogue already has the id `planning`; give each its own",
            ),
            ("title = \"Planning\"", "title = \" \"", 10, "this is blank; fill it in"),
            (
                "id = \"parks\"",
                "id = \"Parks\"",
                16,
                "`Parks` is not a valid catalogue id: it must be 1 to 63",
            ),
            ("read = \"everyone-signed-in\"", "read = \"everyone\"", 19, "write a list of group ids"),
            ("read = \"everyone-signed-in\"", "", 15, "missing field `read`"),
            (
                "origins = [\"https://riverbend.enterprise.example\", \"http://localhost\"]",
                "",
                1,
                "missing field `origins`",
            ),
        ] {
            let (message, found) = error(from, to);
            assert!(message.contains(says), "{message}");
            assert_eq!(found, line, "{message}");
        }
    }

    #[test]
    fn the_age_of_a_token_is_limited_to_between_15_minutes_and_28_hours() {
        let with = |minutes| format!("max_token_age_minutes = {minutes}\norigins =");
        for minutes in [0, 14, 1_681] {
            let says = format!("max_token_age_minutes is {minutes}; use 15 to 1680");
            assert_eq!(error("origins =", &with(minutes)), (says, 6));
        }
        for minutes in [15, 1_680] {
            let site = Site::parse(&document().replacen("origins =", &with(minutes), 1)).unwrap();
            assert_eq!(site.expected.max_token_age, Duration::from_secs(minutes * 60));
        }
    }

    #[test]
    fn refuses_a_site_without_catalogues() {
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
