//! What the person in front of the Web App is told about a refusal: what happened, and what they can do. The service does not
//! send these sentences; the browser module has them.

/// The person may do this themselves.
const SIGN_IN_AGAIN: &str = "Your sign-in is too old. Please sign in again.";
const WORK_ACCOUNT: &str = "You signed in with an account that is not of your organisation. Please sign out, and sign in with your work account.";
const LATER: &str = "The map service has a problem, and nothing is wrong with your account. Please try again in a few minutes.";
/// Somebody else has to.
const NO_GROUPS: &str =
    "You are signed in, but your groups do not reach the map service. Please tell your administrator.";
const NOT_SET_UP: &str =
    "You are signed in, but the sign-in to the maps is not set up correctly. Please tell your administrator.";
const WEB_APP: &str = "This website did not pass on your sign-in correctly. Please reload the page. If that does not help, tell your administrator.";

/// Returns the sentence for the person about a refusal's `reason` ([`Refusal::reason`](super::Refusal::reason)). `None` if it
/// is not one of this service's.
#[expect(clippy::too_many_lines, reason = "a table: each reason once")]
pub fn sentence_for_person(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "no_catalogue" => {
            "You are signed in, but you have no access to these maps. Please ask your administrator for access. After that it can take a few minutes until they open."
        }
        "groups_overage" | "groups_in_roles" => NO_GROUPS,
        "scope_not_allowed" => {
            "You have no access to some of the maps that this page wants to open. Please ask your administrator for access."
        }
        "session_too_large" => {
            "You have access to more maps than this page can open at once. Please tell your administrator."
        }
        "unknown_tenant" => {
            "Your organisation is not registered for these maps. Please sign in with your work account. If you have, tell your administrator."
        }
        "personal_account" | "b2c_token" => WORK_ACCOUNT,
        "expired" | "token_too_old" => SIGN_IN_AGAIN,
        "not_yet_valid" => {
            "The clocks of two servers differ. Please try again in a minute. If that does not help, tell your administrator."
        }
        "origin_not_allowed" | "repeated_origin" => {
            "These maps cannot be opened from this website's address. Please use the usual address, or tell your administrator."
        }
        "audience_mismatch"
        | "client_not_allowed"
        | "graph_credentials"
        | "issuer_mismatch"
        | "key_issuer_mismatch"
        | "scope_missing"
        | "token_too_large"
        | "unknown_key"
        | "unknown_target" => NOT_SET_UP,
        "revoked" => {
            "Your sign-in was ended. Please sign in again in a few minutes. If that does not help, tell your administrator."
        }
        "rate_limited" => {
            "Your sign-in was asked for too often in a short time. Please wait a minute, and reload the page. If that does not help, tell your administrator."
        }
        "internal_error"
        | "graph_unavailable"
        | "keys_unavailable"
        | "registry_unavailable"
        | "revocations_unavailable"
        | "signing_unavailable"
        | "site_unreadable" => LATER,
        "actor_token_not_supported"
        | "app_only_token"
        | "bad_signature"
        | "body_too_large"
        | "body_unreadable"
        | "empty_scope"
        | "graph_token"
        | "graph_token_mismatch"
        | "graph_token_refused"
        | "id_token"
        | "malformed"
        | "malformed_graph_token"
        | "malformed_resource"
        | "malformed_scope"
        | "method_not_allowed"
        | "missing_parameter"
        | "no_authorization_endpoint"
        | "not_found"
        | "pozi_token"
        | "proof_of_possession"
        | "repeated_parameter"
        | "several_targets"
        | "too_many_parameters"
        | "unsupported_algorithm"
        | "unsupported_critical_header"
        | "unsupported_grant_type"
        | "unsupported_media_type"
        | "unsupported_requested_token_type"
        | "unsupported_subject_token_type"
        | "whitespace_in_token" => WEB_APP,
        _ => return None,
    })
}
