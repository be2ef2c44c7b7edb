//! Labels of items, and headings of columns.

use std::fmt;

use pozi_auth::sites::Access;

use super::words::{ADDRESS, FILLER, PEOPLE, PRODUCTS, access, consists_of, has_any, words};

/// One of the items that a site needs besides its catalogues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Item {
    /// The internal URL.
    InternalUrl,
    /// The external URL.
    ExternalUrl,
    /// The application (client) id.
    ClientId,
    /// The directory (tenant) id.
    TenantId,
    /// The site's short name.
    Name,
    /// An origin of the Web App.
    Origin,
}

impl Item {
    /// All items, in the order in which they are asked for.
    pub(crate) const ALL: [Self; 6] =
        [Self::InternalUrl, Self::ExternalUrl, Self::ClientId, Self::TenantId, Self::Name, Self::Origin];
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InternalUrl => "internal URL",
            Self::ExternalUrl => "external URL",
            Self::ClientId => "application (client) id",
            Self::TenantId => "directory (tenant) id",
            Self::Name => "short name",
            Self::Origin => "origin of the Web App",
        })
    }
}

/// What a column of a table holds, or a label stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// One of the items.
    Item(Item),
    /// Names of groups, or groups with their ids.
    Group,
    /// Object ids of groups.
    ObjectId,
    /// A catalogue; `true` if it may be several.
    Catalogue(bool),
    /// A QGIS project file.
    Project,
    /// A kind of access.
    Access,
    /// Who, or what, has this access.
    With(Access),
    /// Numbers of rows.
    Number,
}

/// Returns the item that `label` clearly names.
pub(crate) fn item(label: &str) -> Option<Item> {
    const ID: [&str; 3] = ["id", "guid", "identifier"];
    const CLIENT: [&str; 5] = ["client", "application", "app", "clientid", "applicationid"];
    const TENANT: [&str; 4] = ["tenant", "directory", "tenantid", "directoryid"];
    let unnumbered: Vec<_> =
        words(label).into_iter().filter(|word| !(word.len() <= 2 && word.parse::<u8>().is_ok())).collect();
    let label = &unnumbered.join(" ");
    let fits = |own: &[&str], kind: &[&str], also: &[&str]| {
        has_any(label, own)
            && (kind.is_empty() || has_any(label, kind))
            && consists_of(label, &[own, kind, also, &PEOPLE, &PRODUCTS, &FILLER])
    };
    let client = [&ID[..], &["clientid", "applicationid", "appid"]].concat();
    let registration = ["registration", "appid"];
    let application = ["app", "application"];
    if fits(&["internal"], &ADDRESS, &application) {
        Some(Item::InternalUrl)
    } else if fits(&["external"], &ADDRESS, &application) {
        Some(Item::ExternalUrl)
    } else if fits(&[&CLIENT[..], &["appid"]].concat(), &client, &registration) {
        Some(Item::ClientId)
    } else if fits(&TENANT, &[], &ID) {
        Some(Item::TenantId)
    } else if fits(&["name"], &["site", "short"], &[]) {
        Some(Item::Name)
    } else if is_web_app(label) {
        Some(Item::Origin)
    } else {
        None
    }
}

fn is_web_app(label: &str) -> bool {
    let words = words(label);
    let names_it = words.iter().any(|word| matches!(word.as_str(), "origin" | "origins" | "webapp"))
        || words.windows(2).any(|pair| pair == ["web", "app"]);
    let own = ["web", "app", "webapp", "origin", "origins", "addresses"];
    names_it && consists_of(label, &[&own, &ADDRESS, &PEOPLE, &PRODUCTS, &FILLER])
}

/// Returns what the column headed `text`, or the label `text`, is about.
pub(crate) fn column(text: &str) -> Option<Column> {
    const GROUP: [&str; 6] = ["group", "groups", "security", "entra", "azure", "ad"];
    const NAME: [&str; 5] = ["name", "names", "displayname", "display", "groupname"];
    const ID: [&str; 8] = ["id", "ids", "guid", "guids", "objectid", "objectids", "groupid", "object"];
    const ONE: [&str; 3] = ["catalogue", "catalog", "map"];
    const SEVERAL: [&str; 3] = ["catalogues", "catalogs", "maps"];
    const ACCESS: [&str; 6] = ["access", "permission", "permissions", "rights", "level", "type"];
    const WHO: [&str; 7] = ["who", "with", "for", "which", "group", "groups", "ids"];
    let is_numbered =
        matches!(text.trim().to_lowercase().as_str(), "#" | "no" | "no." | "nr" | "item" | "number");
    let without_who: Vec<_> = words(text).into_iter().filter(|word| !WHO.contains(&word.as_str())).collect();
    let column = if is_numbered {
        Column::Number
    } else if let Some(item) = item(text) {
        Column::Item(item)
    } else if has_any(text, &ID) && consists_of(text, &[&ID, &GROUP]) {
        Column::ObjectId
    } else if has_any(text, &["project", "qgz"])
        && consists_of(text, &[&["project", "qgis", "file", "path", "qgz"]])
    {
        Column::Project
    } else if has_any(text, &[&ONE[..], &SEVERAL].concat())
        && consists_of(text, &[&ONE, &SEVERAL, &NAME, &PRODUCTS, &["title", "s"]])
    {
        Column::Catalogue(has_any(text, &SEVERAL) || text.contains("(s)"))
    } else if consists_of(text, &[&GROUP, &NAME, &PEOPLE]) {
        Column::Group
    } else if has_any(text, &ACCESS)
        && consists_of(text, &[&ACCESS, &["read", "write", "edit", "view", "or"]])
        && access(text).is_none_or(|_| has_any(text, &["read", "view"]) && has_any(text, &["write", "edit"]))
    {
        Column::Access
    } else if let Some(access) = access(&without_who.join(" ")) {
        if is_choice(text) { Column::Access } else { Column::With(access) }
    } else {
        return None;
    };
    Some(column)
}

/// Whether `text` heads a column of either access, as `Read/write` does.
fn is_choice(text: &str) -> bool {
    has_any(text, &["read", "view", "r"]) && has_any(text, &["write", "edit", "w"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_items_by_their_labels_in_many_spellings() {
        for (item, labels) in [
            (
                Item::InternalUrl,
                &[
                    "Internal URL:",
                    "1) internal url",
                    "Pozi Server internal address =",
                    "The internal Url is",
                ][..],
            ),
            (Item::ExternalUrl, &["External Url", "Application Proxy external URL", "| 2 | External URI |"]),
            (
                Item::ClientId,
                &[
                    "Application (client) ID",
                    "Client-ID",
                    "App ID:",
                    "appId",
                    "Our Entra app registration's client id is",
                ],
            ),
            (
                Item::TenantId,
                &["Directory (tenant) ID", "TENANT ID", "tenantId", "Tenant", "Azure AD tenant guid"],
            ),
            (Item::Name, &["Site name", "Short name"]),
            (Item::Origin, &["Web App", "Pozi Web App URL", "Origins"]),
        ] {
            for label in labels {
                assert_eq!(super::item(label), Some(item), "{label}");
            }
        }
        for label in [
            "",
            "ID",
            "Object ID",
            "Client and tenant ID",
            "Internal and external URL",
            "Client secret ID",
            "Application ID URI",
            "Not the tenant ID",
            "Old client ID",
            "Application",
            "Internal",
            "Name",
        ] {
            assert_eq!(super::item(label), None, "{label}");
        }
    }

    #[test]
    fn knows_columns_by_their_headings() {
        for (column, headings) in [
            (Column::Group, &["Group", "Group name", "displayName", "Security groups"][..]),
            (Column::ObjectId, &["Object Id", "objectId", "id", "Group ID", "Group object ID"]),
            (Column::Catalogue(false), &["Catalogue", "Catalog name", "Map"]),
            (Column::Catalogue(true), &["Catalogues", "Catalogue(s)", "Maps"]),
            (Column::Access, &["Access", "Permissions", "Read/write", "R/W", "Read or write access"]),
            (Column::With(Access::Read), &["Read", "Can view", "Who can read", "Groups with read access"]),
            (Column::With(Access::Write), &["Write", "Can edit", "Write access"]),
            (Column::Project, &["Project", "QGIS project file"]),
        ] {
            for heading in headings {
                assert_eq!(super::column(heading), Some(column), "{heading}");
            }
        }
        for heading in ["", "Notes", "mail", "groupTypes", "Planning", "Access granted by"] {
            assert_eq!(super::column(heading), None, "{heading}");
        }
    }
}
