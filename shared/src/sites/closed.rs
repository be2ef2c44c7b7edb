//! What the rules of a site keep closed to a person, as texts of the audit event.

use super::{Grant, Site, judge::judge_all};
use crate::entra::Groups;

/// The longest text, in bytes: an audit event is one line of a log, whatever the number of catalogues.
const MAX_BYTES: usize = 2 * 1024;

/// What stands for the entries that are left out.
const MORE: &str = "…";

/// Returns what a person with `groups` may not do at `site`, each with the [code](super::Because::name) of the reason, in the
/// order of the site file: `planning:write not_in_group, heritage:read nobody`. It has at most 2 KiB; entries after that are
/// left out, and `…` stands for them. `None` if everything is open.
pub fn closed(groups: &Groups, site: &Site) -> Option<String> {
    let judged = judge_all(groups, site);
    let each = judged.flat_map(|(catalogue, judged)| {
        judged.each().map(|(access, because)| (&catalogue.id, access, because))
    });
    let closed = each.filter(|(.., because)| !because.allows());
    let entries =
        closed.map(|(catalogue, access, because)| format!("{catalogue}:{access} {}", because.name()));
    Some(bounded(entries, ", ")).filter(|text| !text.is_empty())
}

/// Returns what a session of `grant` opens only because the site is observed, as a scope: `assets:read planning:write`. It is
/// bounded like [`closed`]. `None` if the rules would close nothing of it.
pub fn would_close(grant: &Grant) -> Option<String> {
    let closed = grant.scope().without(&grant.observed()?.enforced_scope);
    (!closed.is_empty()).then(|| bounded(closed.permissions().map(ToString::to_string), " "))
}

/// Joins `entries`, as many as fit.
fn bounded(entries: impl Iterator<Item = String>, separator: &str) -> String {
    let mut text = String::new();
    for entry in entries {
        let before = if text.is_empty() { "" } else { separator };
        if text.len() + before.len() + entry.len() + separator.len() + MORE.len() > MAX_BYTES {
            text.push_str(before);
            text.push_str(MORE);
            break;
        }
        text.push_str(before);
        text.push_str(&entry);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entra::testing::subject,
        sites::{
            Who, decide,
            document::Everyone,
            documents::{EDITORS, PLANNERS, site},
        },
        timestamp::Timestamp,
    };

    /// 2027-01-15 08:00 UTC.
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn listed(names: &[&str]) -> Groups {
        Groups::Listed(names.iter().map(|name| name.parse().unwrap()).collect())
    }

    #[test]
    fn names_what_is_closed_in_the_order_of_the_site_file() {
        for (groups, expected) in [
            (listed(&[]), "planning:read not_in_group, planning:write not_in_group, parks:write nobody"),
            (listed(&[PLANNERS]), "planning:write not_in_group, parks:write nobody"),
            (listed(&[EDITORS]), "parks:write nobody"),
            (
                Groups::InRoles(2),
                "planning:read groups_in_roles, planning:write groups_in_roles, parks:write nobody",
            ),
            (
                Groups::Overage,
                "planning:read overage, planning:write overage, parks:read overage, parks:write nobody",
            ),
        ] {
            assert_eq!(closed(&groups, &site()).as_deref(), Some(expected), "{groups:?}");
        }
    }

    #[test]
    fn is_nothing_if_everything_is_open() {
        let mut site = site();
        site.catalogues[1].writers = Who::Everyone(Everyone::SignedIn);
        assert_eq!(closed(&listed(&[EDITORS]), &site), None);
        assert_eq!(closed(&listed(&[PLANNERS]), &site).as_deref(), Some("planning:write not_in_group"));
    }

    #[test]
    fn names_what_only_the_observation_opens() {
        let mut site = site();
        let would_close = |site: &Site, groups: &[&str]| {
            would_close(&decide(&subject(listed(groups), NOW), site, None, NOW).unwrap())
        };
        assert_eq!(would_close(&site, &[PLANNERS]), None, "the site is not observed");
        site.enforcement = "observe until 2027-02-01".parse().unwrap();
        assert_eq!(would_close(&site, &[]).as_deref(), Some("planning:read planning:write"));
        assert_eq!(would_close(&site, &[PLANNERS]).as_deref(), Some("planning:write"));
        assert_eq!(would_close(&site, &[EDITORS]), None);
        let planning = site.catalogues[0].clone();
        site.catalogues = (100..300)
            .map(|index| crate::sites::Catalogue {
                id: format!("catalogue-{index}").parse().unwrap(),
                ..planning.clone()
            })
            .collect();
        let text = would_close(&site, &[]).unwrap();
        assert!(
            text.starts_with("catalogue-100:read catalogue-100:write ") && text.ends_with("e …"),
            "{text}"
        );
        assert!((MAX_BYTES - 50..=MAX_BYTES).contains(&text.len()), "{}", text.len());
    }

    #[test]
    fn has_at_most_two_kibibytes() {
        let mut site = site();
        let planning = site.catalogues[0].clone();
        let numbered = |index: usize| crate::sites::Catalogue {
            id: format!("catalogue-{index:03}").parse().unwrap(),
            ..planning.clone()
        };
        for (catalogues, is_cut) in [(30, false), (31, true), (300, true)] {
            site.catalogues = (0..catalogues).map(numbered).collect();
            let text = closed(&listed(&[]), &site).unwrap();
            assert!(text.len() <= MAX_BYTES, "{catalogues}: {}", text.len());
            assert_eq!(text.ends_with(" not_in_group, …"), is_cut, "{catalogues}: {text}");
            assert!(!is_cut || text.len() > MAX_BYTES - 50, "{catalogues}: {}", text.len());
        }
    }
}
