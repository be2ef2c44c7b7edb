//! The names of groups. Entra and the rules know only ids; a site file says the names in comments.

use std::{collections::BTreeMap, fmt};

use pozi_auth::{error::shortened, identifiers::GroupId};
use serde::Serialize;

/// Names of groups, for people. They decide nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupNames(BTreeMap<GroupId, String>);

/// A group and its name, if there is one. `Display` is the name as `*Name*`, or the id; both if other groups have that name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NamedGroup {
    pub(crate) id: GroupId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip)]
    is_name_shared: bool,
}

impl GroupNames {
    /// Reads the names from a site's TOML `document`: a comment names the group whose id stands in the same line, if no other
    /// GUID does. If a group has several such comments, the first counts.
    pub(crate) fn of(document: &str) -> Self {
        let mut names = BTreeMap::new();
        for (group, name) in document.lines().filter_map(named_group) {
            names.entry(group).or_insert(name);
        }
        Self(names)
    }

    /// Returns these names, and those of `others` for groups that have none here.
    pub(crate) fn or(mut self, others: Self) -> Self {
        for (group, name) in others.0 {
            self.0.entry(group).or_insert(name);
        }
        self
    }

    /// Returns the name of the group `id`, if there is one.
    pub(crate) fn name_of(&self, id: GroupId) -> Option<&str> {
        self.0.get(&id).map(String::as_str)
    }

    /// Returns the group `id` with its name.
    pub(crate) fn named(&self, id: GroupId) -> NamedGroup {
        let name = self.0.get(&id).cloned();
        let same = self.0.values().filter(|other| Some(*other) == name.as_ref()).count();
        NamedGroup { id, name, is_name_shared: same > 1 }
    }
}

impl fmt::Display for NamedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if self.is_name_shared => write!(f, "*{name}* ({})", self.id),
            Some(name) => write!(f, "*{name}*"),
            None => self.id.fmt(f),
        }
    }
}

fn named_group(line: &str) -> Option<(GroupId, String)> {
    let (value, comment) = line.split_at(comment_start(line)?);
    let mut in_comment = guids(comment);
    let mut in_value = guids(value);
    let (Some(group), None, None) = (in_value.next(), in_value.next(), in_comment.next()) else {
        return None;
    };
    let words: Vec<_> = comment.trim_start_matches('#').split_whitespace().collect();
    // A stored document may hold what a terminal would obey.
    let name = words.join(" ").replace(char::is_control, "");
    (!name.is_empty()).then(|| (group, shortened(&name)))
}

fn guids(text: &str) -> impl Iterator<Item = GroupId> {
    let ends_guid = |character: char| !character.is_ascii_hexdigit() && character != '-';
    text.split(ends_guid).filter_map(|word| word.parse().ok())
}

/// Returns where the comment of a line of TOML begins: at the first `#` outside quotes.
fn comment_start(line: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    for (at, character) in line.char_indices() {
        match (quote, character) {
            _ if is_escaped => is_escaped = false,
            (None, '#') => return Some(at),
            (None, '"' | '\'') => quote = Some(character),
            (Some('"'), '\\') => is_escaped = true,
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "02f1ea5a-8a90-454c-9ecb-df4562c6afd7";
    const TWO: &str = "e098abcd-8f18-43ca-b18e-0ef34b3eae31";

    fn shown(names: &GroupNames, id: &str) -> String {
        names.named(id.parse().unwrap()).to_string()
    }

    #[test]
    fn a_comment_beside_one_group_is_its_name() {
        for (line, name) in [
            (format!("read = [\"{ONE}\"] # Planners"), "*Planners*"),
            (format!("    \"{ONE}\",   ##  Planners \t (all) \r"), "*Planners (all)*"),
            (format!("    '{ONE}', # GIS # and more"), "*GIS # and more*"),
            (format!("x = \"a # \\\" #\" \"{}\" # Planners", ONE.to_uppercase()), "*Planners*"),
            (format!("x = 'a \\' \"{ONE}\" # Planners"), "*Planners*"),
            (format!("read = [\"{ONE}\"] # \u{1b}[31mPl\u{9b}anners"), "*[31mPlanners*"),
            (format!("read = [\"{ONE}\"]"), ONE),
            (format!("read = [\"{ONE}\"] #  "), ONE),
            (format!("read = [\"{ONE}\", \"{TWO}\"] # Planners"), ONE),
            (format!("read = [\"{ONE}\"] # before: {TWO}"), ONE),
            (format!("# read = [\"{ONE}\"] # Planners"), ONE),
            (format!("x = \"# {ONE} # Planners\""), ONE),
            (format!("read = [\"{}\"] # Planners", &ONE[1..]), ONE),
        ] {
            assert_eq!(shown(&GroupNames::of(&line), ONE), name, "{line}");
        }
    }

    #[test]
    fn the_first_name_counts_and_a_shared_one_has_the_id_beside_it() {
        let line = |id, name| format!("\"{id}\", # {name}\n");
        let names = GroupNames::of(&(line(ONE, "Planners") + &line(ONE, "others")));
        assert_eq!(shown(&names, ONE), "*Planners*");
        let merged = names.clone().or(GroupNames::of(&(line(ONE, "Old planners") + &line(TWO, "Editors"))));
        assert_eq!((shown(&merged, ONE), shown(&merged, TWO)), ("*Planners*".into(), "*Editors*".into()));
        let merged = names.or(GroupNames::of(&line(TWO, "Planners")));
        assert_eq!(shown(&merged, TWO), format!("*Planners* ({TWO})"));
    }

    #[test]
    fn a_group_has_its_id_in_json_and_its_name_if_there_is_one() {
        let names = GroupNames::of(&format!("\"{ONE}\", # Planners"));
        let json = |id: &str| serde_json::to_value(names.named(id.parse().unwrap())).unwrap();
        assert_eq!(json(ONE), serde_json::json!({ "id": ONE, "name": "Planners" }));
        assert_eq!(json(TWO), serde_json::json!({ "id": TWO }));
    }
}
