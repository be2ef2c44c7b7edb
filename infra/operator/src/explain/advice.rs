//! Where to click when a rule opens nothing: the blade and the setting in the Entra admin center.

use serde::Serialize;

/// What is known about the person's groups, as far as the advice depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The number of groups that the token lists; `None` if that is not known.
    pub listed: Option<usize>,
    /// Whether the person is a guest in the tenant, as far as the token says.
    pub is_guest: bool,
}

/// What to change for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Advice {
    /// The code of the reason.
    pub reason: &'static str,
    /// Where to click, and what to set there.
    pub text: String,
}

const ADD: &str = "Groups → All groups → the group → Members: add the person.";
const RECREATED: &str = "If they are a member already: a group that was deleted and created again has a new object ID (compare its Overview with the site file); and if App registrations → Pozi Server → Token configuration emits only groups assigned to the application, Entra leaves out nested groups, so make the person a direct member of an assigned group.";
const NO_GROUPS: &str = "The token lists no group at all. App registrations → Pozi Server → Token configuration: there must be a groups claim (Security groups, as Group ID). If it emits only groups assigned to the application: Enterprise applications → Pozi Server → Users and groups, assign the groups; nested groups do not count. If all that is so, the person is in no group:";
const GUEST: &str =
    "The person is a guest in the tenant: it is their guest account that must be in the group.";
const LATER: &str = "It takes effect with their next Entra token: sign out and in again.";
const ROLES: &str = "App registrations → Pozi Server → Token configuration → groups claim: clear \"Emit groups as role claims\"; or set groups_as_roles = true in the site file.";
const OVERAGE: &str = "App registrations → Pozi Server → API permissions: with Microsoft Graph → Delegated → User.Read and consent, the browser module has Graph asked about the site's groups. Or Token configuration → groups claim: choose \"Groups assigned to the application\". Before that: Enterprise applications → Pozi Server → Users and groups, assign each group of the site, and make people direct members, because Entra leaves out nested groups then. To see what the person's groups would open: --person OBJECT-ID --graph.";

/// Returns the advice for each of the `codes` of reasons why a rule opens nothing.
pub(crate) fn for_rules(codes: &[&'static str], known: Known) -> Vec<Advice> {
    let text = |code: &str| match code {
        "not_in_group" => Some(not_in_group(known)),
        "groups_in_roles" => Some(ROLES.to_owned()),
        "overage" => Some(OVERAGE.to_owned()),
        // The reason's own sentence says what to do, and that is not in Entra.
        _ => None,
    };
    codes.iter().filter_map(|&reason| Some(Advice { reason, text: text(reason)? })).collect()
}

fn not_in_group(known: Known) -> String {
    let guest = known.is_guest.then_some(GUEST);
    let parts = match known.listed {
        Some(0) => vec![Some(NO_GROUPS), Some(ADD), guest],
        _ => vec![Some(ADD), Some(RECREATED), guest],
    };
    parts.into_iter().flatten().chain([LATER]).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_follows_what_the_token_lists() {
        let advice =
            |listed, is_guest| for_rules(&["not_in_group"], Known { listed, is_guest })[0].text.clone();
        assert!(advice(Some(0), false).contains("The token lists no group at all."));
        for listed in [None, Some(3)] {
            let text = advice(listed, false);
            assert!(text.contains("created again") && text.contains("nested groups"), "{text}");
            assert!(!text.contains("guest"), "{text}");
        }
        assert!(advice(Some(3), true).contains("guest account"));
    }

    #[test]
    fn every_reason_that_entra_can_change_has_advice_and_others_have_none() {
        let known = Known { listed: None, is_guest: false };
        let codes = ["not_in_group", "groups_in_roles", "overage"];
        let advice = for_rules(&codes, known);
        assert_eq!(advice.iter().map(|one| one.reason).collect::<Vec<_>>(), codes);
        assert_eq!(for_rules(&["everyone", "group", "may_write", "nobody"], known), []);
    }
}
