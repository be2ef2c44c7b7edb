//! The TOML document of a site: the customer's five items and what the service adds. [`read`](super::read) reads it; the
//! schema for editors is made from it.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use toml::Spanned;

use super::{CatalogueId, ExternalUrl, InternalUrl, Origin, SiteName};
use crate::{
    entra::Cloud,
    identifiers::{ClientId, GroupId, TenantId},
};

/// The longest lifetime of a session, in minutes. Keys stay published for longer than that after they last signed.
pub const MAX_SESSION_MINUTES: u64 = 60;

/// The limits of the longest time since a subject token was issued, in minutes.
pub(super) const TOKEN_AGE_MINUTES: RangeInclusive<u64> = 15..=28 * 60;

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
