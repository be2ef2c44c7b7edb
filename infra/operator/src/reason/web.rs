//! The browser module's own reasons. It also has those of the token exchange.

use super::entry::{
    Entry,
    Mender::{Administrator, Nobody, Person, Pozi},
    entry, entry_at,
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "bad_answer",
        Pozi,
        "Something answered in the service's place, or the service is failing.",
        "Look at the status that the error carries: a proxy's page, or an outage of the service.",
    ),
    entry_at(
        "catalogue_not_granted",
        Administrator,
        super::place::GROUP_MEMBERS,
        "The session does not include this catalogue, so nothing was sent.",
        "If the person should open it, add them to one of its groups; `pozi explain` lists them.",
    ),
    entry(
        "ended",
        Nobody,
        "The Web App ended the session itself.",
        "Reload the page to open the maps again.",
    ),
    entry(
        "entra_token",
        Pozi,
        "The Web App could not get an Entra token.",
        "Look at the cause that the error carries; for an AADSTS number, ask `pozi reason` for that.",
    ),
    entry(
        "interaction_required",
        Person,
        "Entra needs the person to sign in again.",
        "Sign in. If it comes at every visit, the browser blocks third-party cookies or a policy limits how long a sign-in lasts.",
    ),
    entry(
        "invalid_options",
        Pozi,
        "The Web App's option service or server is not an https URL.",
        "Correct the Web App's settings.",
    ),
    entry(
        "network",
        Person,
        "There was no answer: no network, no such host, or an answer that the page may not read.",
        "Check the connection. If only this page fails, look in the browser's console for CORS.",
    ),
    entry(
        "network_answers",
        Administrator,
        "A proxy, a firewall or a hotel's network answered instead of the service.",
        "Let the proxy pass the service's URL through. In a hotel, open its sign-in page first. This is not a setting of Entra.",
    ),
    entry(
        "no_data",
        Pozi,
        "The answer is an error, or not of the kind that was asked for.",
        "Look at the status and description that the error carries; the gate's log has the reason.",
    ),
    entry(
        "no_image",
        Pozi,
        "The answer is no picture: QGIS Server or the gate answered with an error.",
        "Look at the status and description that the error carries; the gate's log has the reason.",
    ),
    entry(
        "outside_server",
        Pozi,
        "The address is not below the site's server, so the session was not sent there.",
        "Correct the address in the Web App.",
    ),
    entry(
        "popup_blocked",
        Person,
        "The browser did not open the window to sign in.",
        "Allow pop-up windows for the page, or open the map in a new tab.",
    ),
    entry(
        "session_not_accepted",
        Administrator,
        "The map server refuses a session that has just been renewed.",
        "Find the proxy that removes X-Pozi-Session, and check the clock of the gate's machine. This is not a setting of Entra.",
    ),
    entry(
        "sign_in_failed",
        Person,
        "The sign-in was not completed.",
        "Try again. If it fails again, the window shows an AADSTS number: ask `pozi reason` for that.",
    ),
    entry("signed_out", Person, "The person signed out, perhaps in another tab.", "Sign in."),
    entry(
        "timeout",
        Person,
        "The service did not answer in 10 seconds, or Entra in 60.",
        "Check the connection, and try again.",
    ),
];
