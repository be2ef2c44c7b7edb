//! The request that carried the token. Only the developer of the client can mend these.

use crate::reason::entry::{Entry, Mender::Pozi, entry};

/// Where the request is described.
const SEE_THE_PAGE: &str = "Correct the client's request as docs/exchange.md describes it.";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "actor_token_not_supported",
        Pozi,
        "The client sent an actor_token, and acting for somebody else is not supported.",
        "Leave out actor_token and actor_token_type.",
    ),
    entry("body_too_large", Pozi, "The request's body is larger than 64 KiB.", SEE_THE_PAGE),
    entry(
        "body_unreadable",
        Pozi,
        "The request's body ended early, as when a connection breaks.",
        "Send the request again. If it happens often, look at the network between the client and the service.",
    ),
    entry(
        "empty_scope",
        Pozi,
        "The parameter scope names no catalogue.",
        "Leave out scope to get everything that is allowed, or name catalogues.",
    ),
    entry(
        "malformed_graph_token",
        Pozi,
        "The parameter graph_token is not a Bearer token of at most 16 KiB.",
        "Send the access token that MSAL acquired for Microsoft Graph as it is, or leave out graph_token.",
    ),
    entry(
        "malformed_resource",
        Pozi,
        "The parameter resource is not an absolute URI without a fragment.",
        "Send the site's external URL, or leave out resource.",
    ),
    entry(
        "malformed_scope",
        Pozi,
        "The parameter scope is not a list of catalogue:read and catalogue:write.",
        SEE_THE_PAGE,
    ),
    entry(
        "method_not_allowed",
        Pozi,
        "The path exists, but not for this method.",
        "Send POST to /oauth2/token; the header Allow of the answer lists the methods.",
    ),
    entry("missing_parameter", Pozi, "A required parameter is missing; the answer names it.", SEE_THE_PAGE),
    entry(
        "no_authorization_endpoint",
        Pozi,
        "The client asked to sign somebody in, which this service does not do.",
        "Sign in at Entra with MSAL, and exchange its access token at /oauth2/token.",
    ),
    entry(
        "not_found",
        Pozi,
        "The service has nothing at this path.",
        "Compare the address with the stack's outputs; a base path or stage may be missing in it.",
    ),
    entry(
        "repeated_parameter",
        Pozi,
        "A parameter occurs more than once.",
        "Send each parameter once; only resource and audience may be repeated.",
    ),
    entry(
        "several_targets",
        Pozi,
        "The request names several sites, and a session is for one.",
        "Ask for each site in a request of its own.",
    ),
    entry("too_many_parameters", Pozi, "The request has more than 100 parameters.", SEE_THE_PAGE),
    entry(
        "unknown_target",
        Pozi,
        "The parameter resource or audience is no site of the token's tenant.",
        "Send the site's external URL exactly as in the site file, or leave the parameter out. If the URL was changed lately, the Web App still has the old one.",
    ),
    entry(
        "unsupported_grant_type",
        Pozi,
        "The parameter grant_type is not that of a token exchange.",
        SEE_THE_PAGE,
    ),
    entry(
        "unsupported_media_type",
        Pozi,
        "The body is not form-encoded.",
        "Send application/x-www-form-urlencoded, not JSON.",
    ),
    entry(
        "unsupported_requested_token_type",
        Pozi,
        "The client asked for another type of token than there is.",
        "Leave out requested_token_type.",
    ),
    entry(
        "unsupported_subject_token_type",
        Pozi,
        "The client names another type of token than an access token.",
        SEE_THE_PAGE,
    ),
];
