//! Why a stored site is not served: the field `reason` of the service's log.

use super::{
    entry::{Entry, Mender::Pozi, entry_at},
    place::SITE_FILE,
};

pub(super) const ENTRIES: &[Entry] = &[
    entry_at(
        "document",
        Pozi,
        SITE_FILE,
        "The stored site file has errors, which `pozi list` shows. The previous revision is used if there is one.",
        "Correct the file and push it, or `pozi rollback`.",
    ),
    entry_at(
        "not_claimed",
        Pozi,
        SITE_FILE,
        "The site's external URL or name is not claimed for it, so it gets no sessions.",
        "Push the same file again, which claims what is missing.",
    ),
    entry_at(
        "claimed_by_another",
        Pozi,
        SITE_FILE,
        "Another site has claimed the external URL or the name, so this site gets no sessions.",
        "Find the other site with `pozi list`, and change or remove one of the two.",
    ),
];
