//! The words that a mail is understood by. What has other words is not understood.

use pozi_auth::sites::Access;

pub(crate) const PEOPLE: [&str; 5] = ["our", "the", "your", "council", "councils"];
pub(crate) const PRODUCTS: [&str; 9] =
    ["pozi", "poziserver", "server", "azure", "ad", "aad", "entra", "microsoft", "proxy"];
pub(crate) const ADDRESS: [&str; 6] = ["url", "urls", "uri", "address", "link", "http"];
pub(crate) const FILLER: [&str; 10] =
    ["item", "is", "for", "of", "from", "in", "to", "value", "as", "follows"];

/// Returns the words of `text` in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|found: char| !found.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "s")
        .map(str::to_lowercase)
        .collect()
}

/// Whether each word of `text` is in one of `lists`, and there is a word.
pub(crate) fn consists_of(text: &str, lists: &[&[&str]]) -> bool {
    let words = words(text);
    !words.is_empty() && words.iter().all(|word| lists.iter().any(|list| list.contains(&word.as_str())))
}

pub(crate) fn has_any(text: &str, list: &[&str]) -> bool {
    words(text).iter().any(|word| list.contains(&word.as_str()))
}

/// Whether `remark`, text after a value, changes nothing about it.
pub(crate) fn is_harmless(remark: &str) -> bool {
    const ALSO: [&str; 12] = [
        "app",
        "application",
        "registration",
        "tenant",
        "production",
        "portal",
        "overview",
        "page",
        "and",
        "this",
        "thanks",
        "copied",
    ];
    words(remark).is_empty() || consists_of(remark, &[&PEOPLE, &PRODUCTS, &FILLER, &ALSO])
}

/// Returns the access that `text`, all of it, stands for.
pub(crate) fn access(text: &str) -> Option<Access> {
    const READ: [&str; 9] = ["read", "reads", "reading", "readonly", "view", "viewing", "see", "ro", "r"];
    const WRITE: [&str; 9] = ["write", "writes", "writing", "edit", "editing", "rw", "update", "modify", "w"];
    const NEUTRAL: [&str; 9] =
        ["only", "access", "permission", "permissions", "rights", "can", "may", "and", "to"];
    if !consists_of(text, &[&READ, &WRITE, &NEUTRAL]) {
        return None;
    }
    if has_any(text, &WRITE) { Some(Access::Write) } else { has_any(text, &READ).then_some(Access::Read) }
}

/// What a cell says in a column of yes and no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// There is this access.
    Given(Access),
    /// There is none.
    NotGiven,
}

/// Reads a cell of a column in which a mark `means` an access. `None` if it is neither a mark nor an access.
pub(crate) fn mark(cell: &str, means: Access) -> Option<Mark> {
    match cell.trim().to_lowercase().as_str() {
        "" | "-" | "–" | "—" | "no" | "n" | "none" | "no access" | "false" => Some(Mark::NotGiven),
        "x" | "✓" | "✔" | "yes" | "y" | "true" => Some(Mark::Given(means)),
        other => access(other).map(Mark::Given),
    }
}

/// Whether `text` says plainly that everyone who signs in is meant.
pub(crate) fn is_everyone(text: &str) -> bool {
    const PEOPLE: [&str; 4] = ["everyone", "everybody", "anyone", "anybody"];
    const SAYS: [&str; 8] = [
        "who signs in",
        "who can sign in",
        "that signs in",
        "that can sign in",
        "who is signed in",
        "who logs in",
        "who can log in",
        "signed in",
    ];
    const ALL: [&str; 3] = ["all signed in users", "all signed in people", "all signed in staff"];
    const ALSO: [&str; 10] =
        ["all", "staff", "users", "i", "e", "including", "guests", "included", "so", "people"];
    let joined = words(text).join(" ");
    let plain = PEOPLE.iter().flat_map(|people| SAYS.iter().map(move |says| format!("{people} {says}")));
    let plain = plain.chain(ALL.iter().map(ToString::to_string));
    plain.filter_map(|plain| joined.split_once(&plain)).any(|(before, after)| {
        let rest = format!("{before} {after}");
        words(&rest).is_empty() || consists_of(&rest, &[&ALSO])
    })
}

/// Whether `text` only announces a list, as "the following catalogues" does.
pub(crate) fn is_announcement(text: &str) -> bool {
    const LIST: [&str; 12] = [
        "the",
        "following",
        "these",
        "catalogue",
        "catalogues",
        "catalogs",
        "maps",
        "group",
        "groups",
        "those",
        "of",
        "in",
    ];
    words(text).is_empty()
        || consists_of(text, &[&LIST, &["that", "which", "who", "people", "users", "staff", "members"]])
}

/// Whether `text` speaks of everyone, plainly or not.
pub(crate) fn speaks_of_everyone(text: &str) -> bool {
    let words = words(text);
    let is = |word: &String| matches!(word.as_str(), "everyone" | "everybody" | "anyone" | "anybody");
    let is_all = |pair: &[String]| {
        pair[0] == "all" && matches!(pair[1].as_str(), "staff" | "users" | "employees" | "signed")
    };
    words.iter().any(is) || words.windows(2).any(is_all)
}

/// Returns `text` as a catalogue's title: a name that does not speak of groups.
pub(crate) fn title(text: &str) -> Option<String> {
    const ABOUT_GROUPS: [&str; 6] = ["group", "groups", "ids", "guids", "access", "permissions"];
    name(text).filter(|name| !has_any(name, &ABOUT_GROUPS))
}

/// Returns `text` as a group's name, or a catalogue's title: not too long, and without the words that sentences are made of.
pub(crate) fn name(text: &str) -> Option<String> {
    const SENTENCE: &str = "can can't cannot may should must will is are has have had was were be not except but \
        without excluding only any every everything everyone anyone all both none nothing same \
        above below following these those them they it other others wrote read write edit see \
        view";
    let tidy = tidy(text);
    let is_short = (1..=80).contains(&tidy.chars().count()) && tidy.split_whitespace().count() <= 8;
    let has_letter = tidy.chars().any(char::is_alphanumeric);
    let is_plain = !tidy.contains(['@', '<', '>', '|', '\t', '=', '?', '!']) && !tidy.contains("://");
    let words = tidy.split(|found: char| !found.is_alphanumeric() && found != '\'');
    let mut inner = words.filter(|word| SENTENCE.split(' ').any(|own| own == *word));
    let is_id = has_any(&tidy, &["id", "ids", "guid"]);
    (is_short && has_letter && is_plain && !is_id && inner.next().is_none()).then_some(tidy)
}

/// Returns `text` without the punctuation and the words around a name.
pub(crate) fn tidy(text: &str) -> String {
    let trimmed = |text: &str| -> String {
        text.trim_matches(|found: char| found.is_whitespace() || ".,:;-–—\"'/".contains(found)).to_owned()
    };
    let mut tidy = trimmed(text).split_whitespace().collect::<Vec<_>>().join(" ");
    for word in ["the ", "catalogue ", "catalogue: ", "catalog ", "group ", "group: ", "and "] {
        if tidy.to_ascii_lowercase().starts_with(word) && tidy.len() > word.len() {
            tidy = trimmed(&tidy[word.len()..]);
        }
    }
    for word in
        [" catalogue", " catalogues", " catalog", " group", " security group", " object id", " group id"]
    {
        if tidy.to_ascii_lowercase().ends_with(word) {
            tidy.truncate(tidy.len() - word.len());
            tidy = trimmed(&tidy);
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_plain_words_for_everyone() {
        for text in [
            "everyone who signs in",
            "Everyone (who can sign in)",
            "all staff, i.e. everyone who signs in",
            "All signed-in users",
            "everyone-signed-in",
            "anybody who is signed in, including guests",
        ] {
            assert!(is_everyone(text), "{text}");
        }
        for text in [
            "everyone",
            "all staff",
            "everyone in Planning",
            "everyone who signs in from the depot",
            "not everyone who signs in",
            "everyone who signs",
            "",
        ] {
            assert!(!is_everyone(text), "{text}");
        }
    }

    #[test]
    fn takes_only_known_words_for_an_access() {
        for (text, expected) in [
            ("read", Some(Access::Read)),
            ("Read-only access", Some(Access::Read)),
            ("can view", Some(Access::Read)),
            ("R/W", Some(Access::Write)),
            ("read and write", Some(Access::Write)),
            ("Edit", Some(Access::Write)),
            ("no write access", None),
            ("read or write", None),
            ("full", None),
            ("access", None),
            ("", None),
        ] {
            assert_eq!(access(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_is_no_sentence() {
        for (text, expected) in [
            (" the Planning catalogue. ", "Planning"),
            ("\"Planners\" group", "Planners"),
            ("Group Parks & Gardens", "Parks & Gardens"),
            ("Heritage register (1900-)", "Heritage register (1900-)"),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected));
        }
        for text in
            ["", "-", "Planning but not Parks", "everything", "sam@riverbend.example", "Vendor tenant ID"]
        {
            assert_eq!(name(text), None, "{text}");
        }
        assert!(name("Groups of Planning").is_some() && title("Groups of Planning").is_none());
    }
}
