//! Why a catalogue is open or closed to a person: the codes of `pozi_auth::sites::Because`.

use super::{
    entry::{
        Entry,
        Mender::{Administrator, Nobody, Pozi},
        entry, entry_at,
    },
    place::{GROUP_MEMBERS, GROUPS_CLAIM, RULES},
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "everyone",
        Nobody,
        "The rule is \"everyone-signed-in\": the catalogue is open to everyone who signs in, guests included.",
        "Nothing is wrong. If guests should not open it, name groups in the rule instead.",
    ),
    entry(
        "group",
        Nobody,
        "The person is in a group that the rule names.",
        "Nothing is wrong. If they should not have access, remove them from the groups that are listed.",
    ),
    entry(
        "may_write",
        Nobody,
        "The person may write the catalogue, and anyone who may write may also read.",
        "Nothing is wrong. The rule for reading need not name the group.",
    ),
    entry_at(
        "not_in_group",
        Administrator,
        GROUP_MEMBERS,
        "The token lists none of the groups that the rule names.",
        "If the person should have access, add them to one of the groups that are listed. A person who has just been added needs a new Entra token: they sign out and in again.",
    ),
    entry_at(
        "groups_in_roles",
        Administrator,
        GROUPS_CLAIM,
        "The token lists the person's groups only as roles, which do not count at the site.",
        "Turn off Emit groups as role claims. If it has to stay on, Pozi sets groups_as_roles = true in the site file.",
    ),
    entry_at(
        "nobody",
        Pozi,
        RULES,
        "The rule is an empty list, so nobody has this access.",
        "If somebody should have it, add their group to the list.",
    ),
    entry_at(
        "may_not_read",
        Administrator,
        GROUP_MEMBERS,
        "The person is in a group that may download the catalogue, but in none that may read it, and only readers download.",
        "If the person should have access, add them to a group that may read the catalogue as well.",
    ),
    entry_at(
        "overage",
        Administrator,
        GROUPS_CLAIM,
        "The person is in more groups than a token can list, so nothing of the site is open to them.",
        "Choose Groups assigned to the application, assign each group that a catalogue names, and make people its direct members first, because Entra then leaves out nested groups.",
    ),
];
