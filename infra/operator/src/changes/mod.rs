//! Who gains and who loses access when a site's document changes. Pure.
//!
//! Access is never worked out here: [`allowed`](pozi_auth::sites::allowed) is asked for a few people on both sides of the
//! change, and what follows for everyone else is derived from its answers.
//!
//! # The people that rules can tell apart
//!
//! The rules see nothing of a person but what the token says of their groups: a set of listed groups; an overage; or a set of
//! groups only in `roles`, which counts as listed at a site with `groups_as_roles`, and as no group elsewhere. Call S the
//! groups of a person that *count* at a site.
//!
//! # Why single groups are enough
//!
//! A rule is a list, each group of which suffices, or everyone. Nothing takes away what a group gives. So a person with the
//! groups S may do what somebody in no group may, and what somebody who is only in g may, for each g of S. A permission is
//! thereby known from who has it alone: everyone (e), or otherwise the members of some groups (G). For a change from (e, G) to
//! (e′, G′), the people who gain the permission are
//!
//! - none, if e;
//! - those with no group of G, if e′: the smallest example is a person in no group;
//! - otherwise those with a group of G′ and none of G. Such a person has a group g that is in G′ and not in G, and a person who
//!   is only in g gains too: the smallest examples are the groups of G′ without G.
//!
//! Therefore somebody gains exactly if one of these examples does, and the examples together with G ("unless they are in …,
//! which gave it before") say for every set of groups whether it gains. Losses are the gains of the reverse change.
//!
//! With groups only in `roles`, the same holds as long as `groups_as_roles` stays as it is. If it is switched on, G is empty
//! for these people before, and all of G′ are examples for them; those that are not yet covered are reported for them alone.
//! An overage is one more person, asked about directly.
//!
//! The tests compare this with every subset of six groups, for all kinds of people.

mod compare;
mod people;
mod setting;
mod settings;
#[cfg(test)]
mod tests;
mod text;

use pozi_auth::sites::Site;
use serde::Serialize;

use crate::group_names::GroupNames;

use self::{
    compare::{Side, differences, named_groups},
    people::Difference,
    setting::Setting,
    settings::settings,
};

/// What a change of a site's document does. `Display` is for people: lines, each with its end. The JSON form has the members
/// `site`, `gains`, `losses`, `settings`, `other_tenant` and `is_wider`.
#[derive(Debug, Serialize)]
pub(crate) struct Changes {
    site: Existence,
    gains: Vec<Difference>,
    losses: Vec<Difference>,
    settings: Vec<Setting>,
    /// Whether the site moves to another tenant: then those who gain are people of the new one, and those who lose of the old.
    other_tenant: bool,
    is_wider: bool,
}

/// Whether the site exists before and after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Existence {
    Absent,
    New,
    Kept,
    Removed,
}

/// Returns what changes for people if the site `before` becomes `after`; `None` if it does not exist. Groups are shown with
/// their `names`.
pub(crate) fn changes(before: Option<&Site>, after: Option<&Site>, names: &GroupNames) -> Changes {
    let existence = match (before, after) {
        (None, None) => Existence::Absent,
        (None, Some(_)) => Existence::New,
        (Some(_), Some(_)) => Existence::Kept,
        (Some(_), None) => Existence::Removed,
    };
    let both = before.zip(after);
    let other_tenant = both.is_some_and(|(before, after)| !is_of_same_tenant(before, after));
    let groups = [before, after].into_iter().flatten().flat_map(named_groups).collect();
    let [earlier, later, nowhere] = [before, after, None].map(|site| Side::of(site, &groups));
    // People belong to a tenant: after a move, those who gain are others than those who lose.
    let kept = |side| if other_tenant { &nowhere } else { side };
    let gains = differences(kept(&earlier), &later, names);
    let losses = differences(kept(&later), &earlier, names);
    let settings = both.map_or_else(Vec::new, |(before, after)| settings(before, after));
    let is_wider =
        existence == Existence::New || !gains.is_empty() || settings.iter().any(Setting::could_widen);
    Changes { site: existence, gains, losses, settings, other_tenant, is_wider }
}

fn is_of_same_tenant(one: &Site, other: &Site) -> bool {
    (one.cloud(), one.tenant()) == (other.cloud(), other.tenant())
}

impl Changes {
    /// Whether nothing changes: neither access nor a setting nor a title.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.site, Existence::Absent | Existence::Kept)
            && self.is_access_same()
            && self.settings.is_empty()
    }

    /// Whether anybody could gain anything: by the rules, or by a setting that is not known to make access narrower only.
    pub(crate) fn is_wider(&self) -> bool {
        self.is_wider
    }

    fn is_access_same(&self) -> bool {
        self.gains.is_empty() && self.losses.is_empty()
    }
}
