//! Errors in what the Web App or the service asked Entra for. Only their developers can mend these.

use crate::reason::{
    entry::{Entry, Mender::Pozi, entry, entry_at},
    place::{AUTHENTICATION, GRANTS},
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "900144",
        Pozi,
        "The Web App's request to Entra lacks a parameter, which the message names.",
        "Let MSAL make the request.",
    ),
    entry(
        "90023",
        Pozi,
        "A parameter of the Web App's request to Entra has a value that Entra does not accept.",
        "Let MSAL make the request; the message names the parameter.",
    ),
    entry_at(
        "700054",
        Pozi,
        GRANTS,
        "The Web App asked for an ID token in the answer of the sign-in page, which the registration does not allow.",
        "Have the Web App use the authorization code flow, as MSAL does. Leave ID tokens unchecked in the registration.",
    ),
    entry(
        "9002325",
        Pozi,
        "The Web App did not use PKCE, which Entra demands of pages.",
        "Let MSAL make the request.",
    ),
    entry(
        "28000",
        Pozi,
        "The Web App asked for scopes of two applications at once.",
        "Ask for the site's scope alone, and for others in a request of their own.",
    ),
    entry(
        "70003",
        Pozi,
        "The Web App asked with a grant type that Entra does not support.",
        "Let MSAL make the request.",
    ),
    entry_at(
        "7000218",
        Pozi,
        AUTHENTICATION,
        "Entra expects a secret, because the redirect URI is not one of a page.",
        "Have the Web App redirect to an address that is registered under Single-page application.",
    ),
    entry(
        "54005",
        Pozi,
        "The code of the sign-in was used twice, or too late.",
        "Sign in again. If it happens often, the Web App handles the redirect twice.",
    ),
    entry(
        "501481",
        Pozi,
        "The PKCE verifier does not belong to the sign-in, as when two tabs sign in at once.",
        "Sign in again in one tab.",
    ),
    entry(
        "700024",
        Pozi,
        "The service asks Microsoft Graph in the name of the registration, and its clock differs from Microsoft's by more than five minutes.",
        "Look at the clock of the machine that the service runs on.",
    ),
    entry(
        "1002012",
        Pozi,
        "The service asks Microsoft Graph in the name of the registration, and the scope of its request is not Graph's `.default`.",
        "Report it: the service always sends that scope.",
    ),
];
