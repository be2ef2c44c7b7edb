//! A site, validated and compiled from its document.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Access, CatalogueId, Download, Enforcement, ExternalUrl, GraphPermissions, InternalUrl, Origin,
    PastRevocationLimit, SiteDocument, SiteError, SiteName, Who, document::CatalogueDocument, read::read,
};
use crate::{
    entra::{Cloud, Expected},
    identifiers::{GroupId, TenantId},
    revision::Revision,
};

/// The lifetime of a session by default, in minutes.
const DEFAULT_SESSION_MINUTES: u64 = 10;

/// The longest time since a subject token was issued, by default, in minutes. Entra's own tokens live for 60 to 90 minutes, and
/// up to 28 hours with Continuous Access Evaluation.
/// Source: <https://learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime>.
const DEFAULT_TOKEN_AGE_MINUTES: u64 = 2 * 60;

/// The longest time without a new revocation document, by default, in minutes: as long as a key set is used without one.
const DEFAULT_REVOCATION_LIMIT_MINUTES: u64 = 24 * 60;

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
    /// The revision of its stored document; for a site file that is not stored, the oldest one that it accepts.
    pub revision: Revision,
    /// The oldest revision whose sessions are accepted, if there is one.
    pub minimum_revision: Option<Revision>,
    /// What its rules do.
    pub enforcement: Enforcement,
    /// How Microsoft Graph is asked about a person in more groups than a token lists.
    pub graph_permissions: GraphPermissions,
    /// How long a verifier goes on without a new revocation document.
    pub revocation_limit: Duration,
    /// What a verifier does then.
    pub past_revocation_limit: PastRevocationLimit,
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
    /// Who of those who may read it may also download it in bulk or as files.
    pub download: Download,
    /// The names of the layouts that may be printed.
    pub print: Vec<String>,
    /// The ids of the layouts' text items that a client may fill when it prints.
    pub print_texts: Vec<String>,
    /// Whether a client may draw its own geometries over the map (`HIGHLIGHT_*` in WMS).
    pub highlight: bool,
}

impl Site {
    /// Parses and compiles a site's TOML document. Fails with all errors of the document, or with its first syntax error.
    pub fn parse(document: &str) -> Result<Self, Vec<SiteError>> {
        read(document).map(Self::compile)
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
        let minimum_revision = document.minimum_revision.map(|number| Revision(number.into_inner()));
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
            revision: minimum_revision.unwrap_or(Revision::after(None)),
            minimum_revision,
            enforcement: document.enforcement.map(toml::Spanned::into_inner).unwrap_or_default(),
            graph_permissions: document.graph_permissions,
            revocation_limit: minutes(document.revocation_limit_minutes, DEFAULT_REVOCATION_LIMIT_MINUTES),
            past_revocation_limit: document.past_revocation_limit,
            catalogues: document.catalogues.into_iter().map(Catalogue::compile).collect(),
        }
    }

    /// Returns the site's tenant.
    pub fn tenant(&self) -> TenantId {
        self.expected.tenant
    }

    /// Returns all groups that its rules name.
    pub fn groups(&self) -> BTreeSet<GroupId> {
        self.catalogues.iter().flat_map(Catalogue::groups).collect()
    }

    /// Returns the tenant's cloud.
    pub fn cloud(&self) -> Cloud {
        self.expected.cloud
    }
}

impl Catalogue {
    /// Returns the access that a download needs: only a rule for downloads makes it more than reading.
    pub fn access_to_download(&self) -> Access {
        match self.download {
            Download::Readers => Access::Read,
            Download::Groups(_) => Access::Download,
        }
    }

    /// Returns the groups that its rules name.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        let download = match &self.download {
            Download::Readers => &[][..],
            Download::Groups(groups) => groups,
        };
        [self.readers.groups(), self.writers.groups(), download].into_iter().flatten().copied()
    }

    fn compile(document: CatalogueDocument) -> Self {
        Self {
            id: document.id.into_inner(),
            title: document.title.into_inner(),
            project: document.project.into_inner(),
            readers: document.read,
            writers: document.write,
            download: document.download,
            print: document.print.into_iter().map(toml::Spanned::into_inner).collect(),
            print_texts: document.print_texts.into_iter().map(toml::Spanned::into_inner).collect(),
            highlight: document.highlight,
        }
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
    use crate::entra::CONSUMER_TENANT;

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

    /// RFC 6750 §5.3.
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
                "must start with https:// or an app's own scheme (or be http://localhost",
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
            ("project = \"C:/Pozi/planning.qgz\"", "project = \" \"", 11, "this is blank; fill it in"),
            (
                "project = \"C:/Pozi/planning.qgz\"",
                "project = \"a.qgz\"\nprint = [\"A4\", \" \"]",
                12,
                "this is blank; fill it in",
            ),
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
