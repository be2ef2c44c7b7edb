//! The part of the table that is about subject tokens.

use super::{Refusal, invalid, invalid_because, quote::quoted, unavailable};
use crate::entra::SubjectRefusal;

#[expect(clippy::too_many_lines, reason = "a table: one arm for each refusal")]
pub(super) fn of_subject(refusal: &SubjectRefusal) -> Refusal {
    use SubjectRefusal as S;
    match refusal {
        S::Malformed(_) => invalid(
            "malformed",
            "The subject token is not a valid Entra access token; send the one that MSAL acquired for the site's user_impersonation scope.",
        ),
        S::CriticalHeader => invalid(
            "unsupported_critical_header",
            "The subject token's header demands an extension (crit) that Entra does not use; send the token that MSAL acquired.",
        ),
        S::UnsupportedAlgorithm { .. } => invalid(
            "unsupported_algorithm",
            "The subject token is not signed with RS256, as every Entra access token is; send the token that MSAL acquired.",
        ),
        S::Whitespace { at } => invalid_because(
            "whitespace_in_token",
            format!(
                "The subject token has a space, a line break or an invisible character {at}; send it exactly as MSAL returned it, without a Bearer prefix."
            ),
        ),
        S::ProofOfPossession { .. } => invalid(
            "proof_of_possession",
            "This is a proof-of-possession token, which only the holder of its key may use; have MSAL acquire a Bearer token (authenticationScheme).",
        ),
        S::B2cToken { .. } => invalid(
            "b2c_token",
            "This token comes from a tenant for customers (Azure AD B2C or Entra External ID); sign in with the council's own Entra tenant.",
        ),
        S::PersonalAccount => invalid(
            "personal_account",
            "This token is of a personal Microsoft account; sign in with an account of the council's tenant, to which a personal one can be invited as a guest.",
        ),
        S::GraphToken { .. } => invalid(
            "graph_token",
            "This is a Microsoft Graph token, which is for Graph alone; ask MSAL for the site's own scope instead: its Application ID URI followed by /user_impersonation.",
        ),
        S::PoziToken => {
            invalid("pozi_token", "This is a Pozi session token; send the Entra access token instead.")
        }
        S::UnknownTenant { .. } => invalid(
            "unknown_tenant",
            "No site is registered for the token's tenant; check the Directory (tenant) ID given to Pozi, and that the person signed in to that tenant.",
        ),
        S::AudienceMismatch { found, application_id_uri, .. } => audience_mismatch(found, application_id_uri),
        S::IssuerMismatch { found, expected } => invalid_because(
            "issuer_mismatch",
            format!(
                "The token's issuer ({}) is not the one expected for its tenant ({}); check the tenant ID and the cloud that the site is registered with.",
                quoted(found),
                quoted(expected)
            ),
        ),
        S::ClientNotAllowed { found, .. } => invalid_because(
            "client_not_allowed",
            format!(
                "The token was requested by an application ({found}) that is not registered for the site; check the Application (client) ID that the Web App signs in with."
            ),
        ),
        S::ScopeMissing { found } => invalid_because(
            "scope_missing",
            format!(
                "The token's scope ({}) lacks user_impersonation; check Expose an API and API permissions in the app registration.",
                quoted(found)
            ),
        ),
        S::IdToken => invalid(
            "id_token",
            "This is an ID token; send the access token that MSAL's acquireTokenSilent returns for the site's user_impersonation scope.",
        ),
        S::AppOnlyToken => invalid(
            "app_only_token",
            "This token belongs to an application, not to a person; send the access token of a person who signed in.",
        ),
        S::Expired { .. } => invalid("expired", "The subject token has expired; acquire a new one."),
        S::NotYetValid { valid_from, now } => invalid_because(
            "not_yet_valid",
            format!(
                "The subject token is not valid yet by this service's clock, which is {} s behind; try again in a minute, and contact Pozi if that does not help.",
                valid_from.since(*now).as_secs()
            ),
        ),
        S::TooOld { age, limit } => invalid_because(
            "token_too_old",
            format!(
                "The subject token was issued {} minutes ago, and the site accepts one for at most {} minutes; acquire a new one (forceRefresh), because its groups may have changed.",
                // Rounded up, so that it never looks like one within the limit.
                age.as_secs().div_ceil(60),
                limit.as_secs() / 60
            ),
        ),
        S::UnknownKey { retry_after: None, .. } => invalid(
            "unknown_key",
            "The tenant does not publish the key that signed the token; if the app registration has its own signing key (claims mapping), remove that key.",
        ),
        S::UnknownKey { retry_after, .. } => Refusal {
            retry_after: *retry_after,
            ..invalid(
                "unknown_key",
                "The key that signed the token is unknown, and the tenant's keys were fetched only recently; try again after the time in Retry-After.",
            )
        },
        S::KeyIssuerMismatch { .. } => invalid(
            "key_issuer_mismatch",
            "The key that signed the token is published for another issuer than the token's tenant; check the cloud that the site is registered with.",
        ),
        S::BadSignature => invalid(
            "bad_signature",
            "The subject token's signature is invalid; send the token exactly as MSAL returned it, complete and unaltered.",
        ),
        S::KeysUnavailable { retry_after } => unavailable(
            "keys_unavailable",
            "Entra's signing keys for the tenant cannot be fetched; try again after the time in Retry-After.",
            *retry_after,
        ),
    }
}

/// `application` is the site's Application ID URI, or words for it where the request does not say which site it means.
pub(super) fn audience_mismatch(found: &str, application: &str) -> Refusal {
    invalid_because(
        "audience_mismatch",
        format!(
            "The token is meant for another application ({}); ask MSAL for the site's own scope: {}/user_impersonation.",
            quoted(found),
            quoted(application)
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_token_that_is_a_second_too_old_is_said_to_be_older_than_the_limit() {
        let refusal =
            SubjectRefusal::TooOld { age: Duration::from_secs(7_201), limit: Duration::from_hours(2) };
        let sentence = of_subject(&refusal).description;
        assert!(
            sentence.contains("issued 121 minutes ago") && sentence.contains("at most 120"),
            "{sentence}"
        );
    }

    /// RFC 9110 §10.2.3.
    #[test]
    fn an_unknown_key_says_when_to_try_again_if_that_can_help() {
        let wait = Duration::from_secs(40);
        for retry_after in [None, Some(wait)] {
            let refusal =
                SubjectRefusal::UnknownKey { key_id: "a".into(), published: "b".into(), retry_after };
            let told = of_subject(&refusal);
            assert_eq!((told.reason, told.retry_after), ("unknown_key", retry_after));
        }
        let unavailable = of_subject(&SubjectRefusal::KeysUnavailable { retry_after: wait });
        assert_eq!((unavailable.status, unavailable.retry_after), (503, Some(wait)));
    }
}
