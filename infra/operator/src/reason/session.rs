//! Why a session is not valid: the codes of `pozi_auth::session::SessionRefusal`, which the gate and the authorizer give.

use super::{
    entry::{
        Entry,
        Mender::{Administrator, Nobody, Pozi},
        entry, entry_at,
    },
    place::GATE_TOML,
};

/// What helps against a damaged session.
const WHOLE: &str = "Have the client send the session exactly as the exchange answered it. If it does, something on the way cuts the header short.";
/// What helps if a session is for another place.
const SAME_SITE: &str = "Compare issuer and site file of the server with the Web App's settings: both must name the same service and the same external URL.";

pub(super) const ENTRIES: &[Entry] = &[
    entry("malformed", Pozi, "The header X-Pozi-Session holds no session, or only a part of one.", WHOLE),
    entry("claim", Pozi, "A claim of the session is missing or has the wrong form.", WHOLE),
    entry(
        "not_a_session",
        Pozi,
        "The token is not a Pozi session; it may be the Entra token.",
        "Have the client send the access_token of the exchange's answer in X-Pozi-Session, not the token of MSAL.",
    ),
    entry(
        "critical_header",
        Pozi,
        "The session's header demands an extension that sessions do not use.",
        WHOLE,
    ),
    entry(
        "unsupported_algorithm",
        Pozi,
        "The session is signed with an algorithm that sessions do not use.",
        WHOLE,
    ),
    entry(
        "bad_signature",
        Pozi,
        "The session's signature is wrong: it was cut short or changed, or is forged.",
        WHOLE,
    ),
    entry("malformed_scope", Pozi, "The session's scope is not a list of catalogues.", WHOLE),
    entry_at(
        "unknown_key",
        Administrator,
        GATE_TOML,
        "The service does not publish the key that signed the session.",
        "Check that the server's issuer is the service that the Web App uses, and that its clock is right. A session signed by a key that was just made or revoked ends by itself: the browser gets a new one.",
    ),
    entry_at(
        "issuer_mismatch",
        Administrator,
        GATE_TOML,
        "The session was issued by another service than the server's configuration names.",
        SAME_SITE,
    ),
    entry_at(
        "audience_mismatch",
        Administrator,
        GATE_TOML,
        "The session is for another external URL than that of the server's site file.",
        SAME_SITE,
    ),
    entry_at(
        "tenant_mismatch",
        Administrator,
        GATE_TOML,
        "The session is for another tenant than that of the server's site file.",
        SAME_SITE,
    ),
    entry(
        "expired",
        Nobody,
        "The session has ended, which happens to every session after its minutes.",
        "Nothing is wrong if the browser gets a new one and goes on. If it does not, the clock of the server or of the device is wrong.",
    ),
    entry(
        "policy_outdated",
        Nobody,
        "The session was decided by an older revision of the site's document than the server accepts.",
        "The browser gets a new session by itself. If that is refused too, the server's minimum_revision is ahead of the revision that is stored; `pozi history` shows that one.",
    ),
    entry_at(
        "not_yet_valid",
        Administrator,
        "the gate's machine: the clock",
        "The session begins in the future by the server's clock.",
        "Set the clock of the server's machine by a time server; `/health` of the gate shows how far it is off.",
    ),
    entry(
        "revoked",
        Nobody,
        "The session, its person, its site or its key was revoked.",
        "Nothing is wrong if that was meant: the browser gets a new session if its person may have one. `pozi revoke list` shows who was revoked and by whom.",
    ),
    entry_at(
        "revocations_unavailable",
        Administrator,
        GATE_TOML,
        "The server has read no list of revocations for longer than the site accepts, and the site is to close then.",
        "Check that the machine reaches the service's /.well-known/pozi-revocations; behind a proxy, set HTTPS_PROXY or ca_file.",
    ),
    entry_at(
        "keys_unavailable",
        Administrator,
        GATE_TOML,
        "The server has no keys of the service that are not too old, so it can verify nothing.",
        "Check that the machine reaches the service's /.well-known/jwks.json; behind a proxy, set HTTPS_PROXY or ca_file.",
    ),
];
