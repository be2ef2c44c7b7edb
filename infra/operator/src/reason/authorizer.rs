//! The authorizer's own reasons, in its log. Those about a session are shared with the gate.

use super::entry::{Entry, Mender::Pozi, entry};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "no_session",
        Pozi,
        "The request has no header with a session.",
        "Have the client send X-Pozi-Session, or the header that POZI_SESSION_HEADER names.",
    ),
    entry(
        "repeated_header",
        Pozi,
        "The session's header occurs more than once.",
        "Have the client send it once, and look for a proxy that adds it.",
    ),
    entry(
        "identity_source",
        Pozi,
        "The session's header is not among the identity sources of the authorizer, so that one caller could get another's cached answer.",
        "Add it: functions/authorizer/README.md lists all three identity sources.",
    ),
    entry(
        "method",
        Pozi,
        "The authorizer knows no access for this method.",
        "Use GET, HEAD or OPTIONS to read, and POST, PUT, PATCH or DELETE to write.",
    ),
    entry(
        "path",
        Pozi,
        "A server could read the path as another one.",
        "Have the client send a path without empty, dotted or unusual parts; functions/authorizer/README.md lists what is allowed.",
    ),
    entry(
        "path_too_long",
        Pozi,
        "The path is too long for a policy of API Gateway.",
        "Shorten it, or use simple answers (POZI_RESPONSE).",
    ),
    entry(
        "no_catalogue",
        Pozi,
        "The path, or the path parameter, names no catalogue.",
        "Put the catalogue right after POZI_ROUTE_PREFIX, as in /ows/{catalogue}/{proxy+}.",
    ),
    entry(
        "catalogue_mismatch",
        Pozi,
        "The path and its parameter name different catalogues.",
        "Correct the route: both must be the same part of the path.",
    ),
    entry(
        "scope",
        Pozi,
        "The session does not open the catalogue, or not for writing.",
        "See what the person may open with `pozi explain`.",
    ),
];
