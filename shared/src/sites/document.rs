//! The TOML document of a site: the customer's five items and what the service adds. [`read`](super::read) reads it; the
//! schema for editors is made from it.

use std::{ops::RangeInclusive, str::FromStr};

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{CatalogueId, Enforcement, ExternalUrl, InternalUrl, Origin, SiteName};
use crate::{
    entra::Cloud,
    identifiers::{ClientId, GroupId, TenantId},
};

/// The largest site file that can be stored, in bytes: a site's item holds its document and the one before.
/// Source: 400 KB an item, <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>.
pub const MAX_DOCUMENT_BYTES: usize = 190 * 1_024;

/// The longest lifetime of a session, in minutes. Keys stay published for longer than that after they last signed.
pub const MAX_SESSION_MINUTES: u64 = 60;

/// The limits of the longest time since a subject token was issued, in minutes.
pub(super) const TOKEN_AGE_MINUTES: RangeInclusive<u64> = 15..=28 * 60;

/// The limits of the time that verifiers go on without a new revocation document, in minutes.
pub const REVOCATION_LIMIT_MINUTES: RangeInclusive<u64> = 5..=7 * 24 * 60;

/// A Pozi site: the five items that its council provides, and what else the service needs.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SiteDocument {
    /// The site's short name, as in its Web App's address: 1 to 63 of a-z, 0-9 and -.
    pub name: SiteName,
    /// Item 1, internal URL: where Application Proxy finds Pozi Server inside the council's network.
    pub internal_url: InternalUrl,
    /// Item 2, external URL: Pozi Server as Application Proxy publishes it. It is the audience of the site's sessions.
    pub external_url: ExternalUrl,
    /// Item 3, the application (client) id of the registration that Application Proxy created.
    #[schemars(with = "ClientId")]
    pub client_id: Spanned<ClientId>,
    /// Item 4, the directory (tenant) id.
    #[schemars(with = "TenantId")]
    pub tenant_id: Spanned<TenantId>,
    /// The origins that the Web App is served from; `http://localhost` stands for any port.
    pub origins: Vec<Origin>,
    /// The tenant's Microsoft cloud.
    #[schemars(default)]
    pub cloud: Cloud,
    /// The longest lifetime of a session: 1 to 60 minutes, 10 by default.
    #[schemars(default)]
    #[schemars(with = "Option<u64>", range(min = 1, max = 60))]
    pub session_minutes: Option<Spanned<u64>>,
    /// The longest time since a subject token was issued: 15 to 1680 minutes (28 hours), 120 by default.
    #[schemars(default)]
    #[schemars(with = "Option<u64>", range(min = 15, max = 1680))]
    pub max_token_age_minutes: Option<Spanned<u64>>,
    /// Whether the app registration emits groups as roles, so that object ids in a token's `roles` count as groups; false by
    /// default, because an administrator of the registration can put any value there.
    #[schemars(default)]
    pub groups_as_roles: bool,
    /// How Microsoft Graph is asked about a person in more groups than a token lists: "delegated" (the default), with a token of
    /// the person's own that the Web App sends, or "application", with the app registration's credentials.
    #[schemars(default)]
    pub graph_permissions: GraphPermissions,
    /// "enforced" (the default), or "observe until 2027-02-01" to open every catalogue up to that day, at most 60 days ahead, and
    /// only record what the rules would refuse.
    #[schemars(default)]
    #[schemars(with = "Enforcement")]
    pub enforcement: Option<Spanned<Enforcement>>,
    /// The oldest revision of this document whose sessions are accepted; `pozi push` shows the revisions.
    #[schemars(default)]
    #[schemars(with = "Option<u64>", range(min = 1))]
    pub minimum_revision: Option<Spanned<u64>>,
    /// How long the gate goes on when it cannot fetch the list of revoked sessions: 5 to 10080 minutes (a week), 1440 (a day) by
    /// default.
    #[schemars(default)]
    #[schemars(with = "Option<u64>", range(min = 5, max = 10_080))]
    pub revocation_limit_minutes: Option<Spanned<u64>>,
    /// What the gate does then: "close" (the default) refuses every request, "serve" goes on with the list that it has.
    #[schemars(default)]
    pub past_revocation_limit: PastRevocationLimit,
    /// The client ids of other registrations that may request tokens for this site.
    #[schemars(default)]
    pub further_client_ids: Vec<ClientId>,
    /// Item 5, the catalogues and the groups with access to each.
    #[schemars(rename = "catalogue")]
    #[schemars(length(min = 1))]
    pub catalogues: Vec<CatalogueDocument>,
}

/// A catalogue: one QGIS project, and who may read and write it.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CatalogueDocument {
    /// The catalogue's id in scopes and paths: 1 to 63 of a-z, 0-9, - and _.
    #[schemars(with = "CatalogueId")]
    pub id: Spanned<CatalogueId>,
    /// The title that people see.
    #[schemars(with = "String")]
    pub title: Spanned<String>,
    /// The QGIS project file on Pozi Server.
    #[schemars(with = "String")]
    pub project: Spanned<String>,
    /// Who may read it: a list of group ids, or "everyone-signed-in".
    pub read: Who,
    /// Who may write it, and therefore read it too: a list of group ids, or "everyone-signed-in"; nobody by default.
    #[schemars(default)]
    pub write: Who,
    /// Who of its readers may download it in bulk or as files: a list of group ids, or "everyone-who-may-read" (the default).
    #[schemars(default)]
    pub download: Download,
    /// The names of the layouts that may be printed; none by default.
    #[schemars(default)]
    #[schemars(with = "Vec<String>")]
    pub print: Vec<Spanned<String>>,
    /// The ids of the layouts' text items that a client may fill when it prints; none by default.
    #[schemars(default)]
    #[schemars(with = "Vec<String>")]
    pub print_texts: Vec<Spanned<String>>,
    /// Whether a client may draw its own geometries over the map, as QWC2 does with `HIGHLIGHT_*`; false by default.
    #[schemars(default)]
    pub highlight: bool,
}

/// Who may read or write a catalogue. An empty list means nobody; everyone must be named explicitly.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum Who {
    /// Everyone who can sign in to this application in the tenant, guests included.
    Everyone(Everyone),
    /// The members of any of these groups.
    Groups(Vec<GroupId>),
}

/// The value of [`Who::Everyone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
pub enum Everyone {
    /// `"everyone-signed-in"`.
    #[schemars(rename = "everyone-signed-in")]
    SignedIn,
}

/// Who of a catalogue's readers may download it.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum Download {
    /// `"everyone-who-may-read"`.
    #[default]
    #[schemars(with = "EveryReader")]
    Readers,
    /// The readers in any of these groups.
    Groups(Vec<GroupId>),
}

/// The value of [`Download::Readers`], for the schema.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "only the schema is used")]
enum EveryReader {
    #[schemars(rename = "everyone-who-may-read")]
    EveryoneWhoMayRead,
}

/// How the service asks Microsoft Graph about a person in more groups than a token lists.
/// Source: <https://learn.microsoft.com/graph/permissions-overview>.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GraphPermissions {
    /// With a token of the person's own, which the client sends.
    #[default]
    Delegated,
    /// With the credentials of the app registration, which the service keeps.
    Application,
}

/// What a verifier does when it has not fetched the list of revoked sessions for longer than the site's limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PastRevocationLimit {
    /// It refuses every request.
    #[default]
    Close,
    /// It goes on with the list that it has.
    Serve,
}

impl FromStr for PastRevocationLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "close" => Ok(Self::Close),
            "serve" => Ok(Self::Serve),
            _ => Err("use close or serve"),
        }
    }
}

impl Who {
    /// Returns the groups that it names: none if it is everyone.
    pub fn groups(&self) -> &[GroupId] {
        match self {
            Self::Everyone(_) => &[],
            Self::Groups(groups) => groups,
        }
    }

    /// Whether it is anyone at all.
    pub fn names_anyone(&self) -> bool {
        !matches!(self, Self::Groups(groups) if groups.is_empty())
    }
}

impl Default for Who {
    /// Nobody.
    fn default() -> Self {
        Self::Groups(Vec::new())
    }
}

/// Returns the JSON Schema of a site file, for completion and checks in editors, as pretty JSON with a final newline.
pub fn site_schema() -> String {
    let schema = schemars::schema_for!(SiteDocument);
    format!("{:#}\n", schema.to_value())
}
