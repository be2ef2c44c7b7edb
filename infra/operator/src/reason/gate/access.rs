//! Where the request goes, and whether its session opens that.

use crate::reason::{
    entry::{
        Entry,
        Mender::{Administrator, Pozi},
        entry, entry_at,
    },
    place::{GROUP_MEMBERS, QGIS_PROJECT, SITE_FILE},
};

/// Where another gateway's headers are described.
const SEE_OTHER_BACKENDS: &str =
    "Correct the gateway's settings, as infra/gate/README.md describes them under Other backends.";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "no_session",
        Pozi,
        "The request carries no session.",
        "Have the client get one from the token exchange, and send it in X-Pozi-Session.",
    ),
    entry(
        "session_header_missing",
        Administrator,
        "Only an Entra token arrived, so a proxy on the way removed the session.",
        "Find the proxy that removes X-Pozi-Session, and let it pass that header. This is not a setting of Entra.",
    ),
    entry_at(
        "scope",
        Administrator,
        GROUP_MEMBERS,
        "The session does not open this catalogue, or not for writing.",
        "If the person should have access, add them to one of the catalogue's groups; `pozi explain` lists them. The next session has it.",
    ),
    entry_at(
        "download",
        Administrator,
        GROUP_MEMBERS,
        "The request asks for data in bulk or as a file, and the session grants no download of the catalogue.",
        "If the person should download it, add them to one of the groups of its rule for downloads; `pozi explain` lists them. If not, let the client ask for maps, or for no more features than max_features_without_download in gate.toml.",
    ),
    entry(
        "not_found",
        Pozi,
        "The gate has nothing at this path.",
        "Maps are at …/ows/CATALOGUE/ and …/qgisserver?MAP=PROJECT, below the path of the internal URL.",
    ),
    entry_at(
        "unknown_catalogue",
        Pozi,
        SITE_FILE,
        "The gate's site file has no such catalogue.",
        "Bring the site file on the gate's machine up to date; the gate reads it again by itself.",
    ),
    entry_at(
        "unknown_project",
        Pozi,
        SITE_FILE,
        "MAP names no project of the gate's site file.",
        "Compare MAP with project in the site file. `project_paths` in gate.toml says whether paths are compared as Windows does.",
    ),
    entry(
        "contradicting_catalogue",
        Pozi,
        "The path names one catalogue, and MAP the project of another.",
        "Have the client leave out MAP.",
    ),
    entry(
        "repeated_header",
        Pozi,
        "A header that may occur once occurs more than once.",
        "Look for a proxy that adds the header.",
    ),
    entry(
        "unreadable_header",
        Pozi,
        "A header holds characters other than visible ASCII.",
        "Have the client, or the gateway in front of it, send it correctly.",
    ),
    entry(
        "no_catalogue",
        Pozi,
        "Another gateway asked /decide without X-Pozi-Catalogue.",
        SEE_OTHER_BACKENDS,
    ),
    entry("no_method", Pozi, "Another gateway asked /decide without X-Pozi-Method.", SEE_OTHER_BACKENDS),
    entry(
        "unknown_access",
        Pozi,
        "Another gateway sent an X-Pozi-Access other than read, download and write.",
        SEE_OTHER_BACKENDS,
    ),
    entry(
        "method_not_for_reading",
        Pozi,
        "Another gateway asked about reading or downloading with a method other than GET and HEAD.",
        SEE_OTHER_BACKENDS,
    ),
    entry_at(
        "not_configured",
        Pozi,
        SITE_FILE,
        "The site file does not allow what was asked for: printing, a text of a layout, or highlights.",
        "Set print, print_texts or highlight of the catalogue.",
    ),
    entry_at(
        "unknown_field",
        Administrator,
        QGIS_PROJECT,
        "A filter names a field that the service does not publish for the layer.",
        "Publish the field in the project, or correct the filter.",
    ),
    entry_at(
        "unknown_layer",
        Administrator,
        QGIS_PROJECT,
        "The request names a layer that the project does not publish.",
        "Publish the layer in the project, or correct the request.",
    ),
    entry_at(
        "foreign_host",
        Administrator,
        "the gate's machine: http://127.0.0.1:8182/health",
        "Somebody asked the status address by a host name that is not this machine's.",
        "Open it as 127.0.0.1 or localhost, on the gate's machine.",
    ),
];
