//! The part of the table that is about Microsoft Graph's word on a person's groups.

use std::time::Duration;

use super::{Refusal, invalid, unavailable};
use crate::entra::{ApplicationError, MembershipError};

/// `Retry-After` if Graph does not say when.
const IN_A_MOMENT: Duration = Duration::from_secs(5);

/// The longest `Retry-After` that is passed on.
const LONGEST: Duration = Duration::from_mins(5);

pub(super) fn of_memberships(error: &MembershipError) -> Refusal {
    use MembershipError as E;
    match error {
        E::TooManyGroups { .. } => invalid(
            "groups_overage",
            "The person is in more groups than a token can list, and the site's rules name more than Microsoft Graph is asked about; in the app registration's Token configuration, emit only the groups assigned to the application, and assign each group that counts, because Entra leaves out nested groups then.",
        ),
        E::AnotherClient { .. } | E::AnotherPerson | E::AnotherTenant { .. } => invalid(
            "graph_token_mismatch",
            "The graph_token is not of the same person, tenant and client as the subject_token; acquire both for the same account.",
        ),
        E::NotDelegated | E::TokenRefused | E::NoPerson => invalid(
            "graph_token_refused",
            "Microsoft Graph does not accept the graph_token; acquire a new one with the scope User.Read for the person who signed in.",
        ),
        E::Permissions => invalid(
            "graph_token_refused",
            "The graph_token lacks the delegated permission User.Read of Microsoft Graph; add it under API permissions of the app registration, and grant consent.",
        ),
        E::Throttled { retry_after: Some(wait) } => unavailable_after((*wait).min(LONGEST)),
        E::Throttled { retry_after: None }
        | E::Outage { .. }
        | E::Status { .. }
        | E::TimedOut { .. }
        | E::NoAnswer(_)
        | E::Form(_) => unavailable_after(IN_A_MOMENT),
        E::Application(error) => of_application(error),
    }
}

fn of_application(error: &ApplicationError) -> Refusal {
    use ApplicationError as E;
    match error {
        // A credential is read again after five minutes.
        E::NoCredential { .. } | E::Form(_) | E::Refused { .. } | E::Permissions => unavailable(
            "graph_credentials",
            "Microsoft Graph cannot be asked in the name of the site's app registration, because its credential or its application permissions are missing or no longer valid; the log of the service says which, and neither the person nor the Web App can mend it.",
            LONGEST,
        ),
        E::Throttled { retry_after: Some(wait) } => unavailable_after((*wait).min(LONGEST)),
        E::Throttled { retry_after: None }
        | E::Store(_)
        | E::TokenRefused
        | E::NoPerson
        | E::Status { .. }
        | E::NoAnswer(_)
        | E::Answer => unavailable_after(IN_A_MOMENT),
    }
}

fn unavailable_after(wait: Duration) -> Refusal {
    unavailable(
        "graph_unavailable",
        "Microsoft Graph does not say at the moment which of the site's groups the person is in; try again after the time in Retry-After.",
        wait,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110 §10.2.3.
    #[test]
    fn a_wait_is_passed_on_up_to_five_minutes() {
        for (seconds, told) in [(None, 5), (Some(17), 17), (Some(300), 300), (Some(86_400), 300)] {
            let refusal =
                of_memberships(&MembershipError::Throttled { retry_after: seconds.map(Duration::from_secs) });
            assert_eq!((refusal.status, refusal.retry_after), (503, Some(Duration::from_secs(told))));
        }
    }
}
