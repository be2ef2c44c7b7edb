//! The settings in Entra that nobody outside the tenant can see, with what they must be for this site.

use pozi_auth::sites::Site;

use crate::doctor::report::Finding;

const WHY: &str = "only the tenant's administrators can see it";
const REGISTRATION: &str = "Entra admin centre → App registrations → Pozi Server";
const APPLICATION: &str = "Entra admin centre → Enterprise applications → Pozi Server";

/// Lists what to look at by hand.
pub(super) fn judge(site: &Site) -> Vec<Finding> {
    let origins: Vec<_> = site.origins.iter().map(ToString::to_string).collect();
    let origins = origins.join(", ");
    let uri = &site.expected.application_id_uri;
    let groups = if site.expected.groups_as_roles {
        "as role claims, as the site file says"
    } else {
        "as Group ID, not as role claims"
    };
    let looks = [
        (
            "Redirect URIs",
            format!(
                "{REGISTRATION} → Authentication: pages of {origins} of the type Single-page application"
            ),
        ),
        (
            "Scope user_impersonation",
            format!(
                "{REGISTRATION} → Expose an API: the Application ID URI is {uri}, and the scope is enabled"
            ),
        ),
        (
            "Administrator consent",
            format!("{REGISTRATION} → API permissions: user_impersonation of this registration is granted"),
        ),
        (
            "Groups claim",
            format!(
                "{REGISTRATION} → Token configuration: a groups claim of Security groups, emitted {groups}"
            ),
        ),
        (
            "Users and groups",
            format!(
                "{APPLICATION} → Properties → Assignment required: if Yes, everyone who uses Pozi is assigned"
            ),
        ),
    ];
    looks.into_iter().map(|(check, look)| Finding::unknown(check, WHY, look)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::judge::testing::site;

    #[test]
    fn names_the_sites_own_values() {
        let text: String = judge(&site()).into_iter().filter_map(|finding| finding.fix).collect();
        for value in
            ["https://riverbend.enterprise.example", "https://poziserver-riverbend.example/pozi,", "Group ID"]
        {
            assert!(text.contains(value), "{value}: {text}");
        }
    }
}
