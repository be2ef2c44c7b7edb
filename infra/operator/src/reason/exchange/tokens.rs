//! The token that was sent.

use crate::reason::{
    entry::{
        Entry,
        Mender::{Administrator, Person, Pozi},
        entry, entry_at,
    },
    place::{CERTIFICATES, OPTIONAL_CLAIMS},
};

/// What helps wherever the Web App sent something else than MSAL gave it.
const SEND_MSALS: &str =
    "Have the Web App send exactly the access token that MSAL acquired for the site's own scope.";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "expired",
        Person,
        "The Entra token has expired.",
        "Sign in again. If it happens with every new token, check the device's clock.",
    ),
    entry(
        "token_too_old",
        Person,
        "Entra issued the token longer ago than the site accepts, as happens with Continuous Access Evaluation.",
        "Reload the page: the Web App asks for a new token. Otherwise sign out and in again. The limit is max_token_age_minutes in the site file.",
    ),
    entry(
        "revoked",
        Person,
        "Pozi ended the earlier sign-ins of the person, or at the site, and Entra issued this token before that.",
        "Sign in again in a few minutes: Entra dates its tokens back. `pozi revoke list` shows who was revoked, by whom, and from when tokens are accepted.",
    ),
    entry(
        "not_yet_valid",
        Pozi,
        "The token is only valid in the future, so the clock of the service is behind Entra's.",
        "Try again in a minute. If it continues, look at the clock of the machine that runs the token exchange.",
    ),
    entry_at(
        "unknown_key",
        Administrator,
        CERTIFICATES,
        "The tenant does not publish the key that signed the token.",
        "Remove a signing key of the registration's own (claims mapping). If it has none, somebody sends tokens that Entra did not issue. The answer has Retry-After if Entra was asked only recently.",
    ),
    entry_at(
        "token_too_large",
        Administrator,
        OPTIONAL_CLAIMS,
        "The token is larger than 16 KiB.",
        "Remove optional claims that nobody needs, and emit only the groups assigned to the application.",
    ),
    entry(
        "app_only_token",
        Pozi,
        "The token was issued to a program, not to a person who signed in.",
        "Only people can use Pozi. Have the program sign a person in, or leave the request out.",
    ),
    entry(
        "bad_signature",
        Pozi,
        "The token's signature is wrong: the token was cut short or changed on its way, or is forged.",
        "If it happens at one site, look for a proxy that shortens long requests. If it happens at all, treat it as an attack: lower ThrottleRate.",
    ),
    entry("graph_token", Pozi, "The Web App sent a token for Microsoft Graph.", SEND_MSALS),
    entry("id_token", Pozi, "The Web App sent the ID token instead of the access token.", SEND_MSALS),
    entry("malformed", Pozi, "What the Web App sent is not an Entra access token.", SEND_MSALS),
    entry("pozi_token", Pozi, "The Web App sent a Pozi session instead of the Entra token.", SEND_MSALS),
    entry(
        "proof_of_possession",
        Pozi,
        "The Web App sent a proof-of-possession token, which only the holder of its key can use.",
        "Have MSAL acquire a Bearer token, by its setting authenticationScheme.",
    ),
    entry(
        "unsupported_algorithm",
        Pozi,
        "The token is not signed with RS256, as every Entra access token is.",
        SEND_MSALS,
    ),
    entry(
        "unsupported_critical_header",
        Pozi,
        "The token's header demands an extension that Entra does not use.",
        SEND_MSALS,
    ),
    entry(
        "whitespace_in_token",
        Pozi,
        "The token has a space, a line break or an invisible character in it, as after copying.",
        "Have the Web App send it exactly as it got it, without a Bearer prefix.",
    ),
];
