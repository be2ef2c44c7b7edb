//! What a change means, in words for people.

use std::{collections::BTreeMap, fmt};

use anstyle::Style;
use pozi_auth::sites::{Access, CatalogueId};

use super::{
    Changes, Existence,
    people::{Difference, Part, People},
    setting::{Direction, Setting},
};
use crate::group_names::NamedGroup;
use crate::style::{BAD, CARE, FAINT, GOOD, HEADING, styled};

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.site {
            Existence::New => writeln!(f, "The site is new.")?,
            Existence::Removed => writeln!(f, "The site is removed.")?,
            Existence::Absent | Existence::Kept => {}
        }
        if self.is_access_same() {
            writeln!(f, "{}", self.same_access())?;
        }
        self.fmt_differences(f, Verb::Gain)?;
        self.fmt_differences(f, Verb::Lose)?;
        if !self.settings.is_empty() {
            writeln!(f, "{}", styled(HEADING, "Settings:"))?;
        }
        self.settings.iter().try_for_each(|setting| writeln!(f, "{}", setting_line(setting)))
    }
}

impl Changes {
    fn same_access(&self) -> &'static str {
        if self.settings.iter().all(|setting| setting.direction == Direction::None) {
            "Nobody gains or loses access."
        } else {
            "The rules give everyone the same access as before."
        }
    }

    fn fmt_differences(&self, f: &mut fmt::Formatter<'_>, verb: Verb) -> fmt::Result {
        let (differences, heading, tenant, style, mark) = match verb {
            Verb::Gain => (&self.gains, "Gains", "new", GOOD, "+"),
            Verb::Lose => (&self.losses, "Loses", "old", BAD, "-"),
        };
        if differences.is_empty() {
            return Ok(());
        }
        let among =
            if self.other_tenant { format!(", among people of the {tenant} tenant") } else { String::new() };
        writeln!(f, "{}", styled(HEADING, format_args!("{heading}{among}:")))?;
        if verb == Verb::Lose && (self.other_tenant || self.site == Existence::Removed) {
            return writeln!(f, "{}", line(style, mark, "everyone loses everything"));
        }
        for sentence in differences.iter().flat_map(|difference| sentences(difference, verb)) {
            writeln!(f, "{}", line(style, mark, &sentence))?;
        }
        notes(f, differences, verb)
    }
}

fn line(style: Style, mark: &str, text: &str) -> String {
    format!("  {} {text}", styled(style, mark))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Gain,
    Lose,
}

/// Returns a sentence for each kind of people in `difference`, without a full stop.
fn sentences(difference: &Difference, verb: Verb) -> Vec<String> {
    let all = difference.permissions.iter().collect::<Vec<_>>();
    let singular = if verb == Verb::Gain { "gains" } else { "loses" };
    match &difference.people {
        People::Everyone { .. } => {
            by_exception(&all).into_iter().map(|(unless, parts)| everyone(verb, unless, &parts)).collect()
        }
        People::OnlyIn { groups } => {
            vec![format!("a person who is only in {} {singular} {}", listed(groups, "or"), permissions(&all))]
        }
        People::OnlyInByRole { groups } => vec![format!(
            "a person who is only in {}, by a token that lists groups as roles, {singular} {}",
            listed(groups, "or"),
            permissions(&all)
        )],
        People::Overage if verb == Verb::Gain => {
            vec![format!("people in more groups than a token lists gain {}", permissions(&all))]
        }
        // They lose what others keep only if a rule now names a group, and then the site refuses them.
        People::Overage => vec![
            "people in more groups than a token lists lose everything, because a rule now names a group"
                .to_owned(),
        ],
    }
}

fn everyone(verb: Verb, unless: &[NamedGroup], parts: &[&Part]) -> String {
    let what = permissions(parts);
    match (verb, unless) {
        (Verb::Gain, []) => format!("everyone who signs in gains {what}"),
        (Verb::Gain, had) => {
            format!("everyone who signs in gains {what} (people in {} had that)", listed(had, "or"))
        }
        (Verb::Lose, []) => format!("everyone who signs in loses {what}"),
        (Verb::Lose, [keeps]) => format!("a person who is not in {keeps} loses {what}"),
        (Verb::Lose, keep) => format!("a person in none of the groups {} loses {what}", listed(keep, "and")),
    }
}

/// Puts permissions together that the same groups had already, or keep.
fn by_exception<'a>(parts: &[&'a Part]) -> Vec<(&'a [NamedGroup], Vec<&'a Part>)> {
    let mut found = Vec::<(&[NamedGroup], Vec<&Part>)>::new();
    for part in parts {
        match found.iter_mut().find(|(unless, _)| *unless == part.unless_in) {
            Some((_, same)) => same.push(part),
            None => found.push((&part.unless_in, vec![part])),
        }
    }
    found
}

/// Returns, for example, "read on parks and roads; read and write on planning".
fn permissions(parts: &[&Part]) -> String {
    let mut by_catalogue = BTreeMap::<&CatalogueId, Vec<Access>>::new();
    for Part { permission, .. } in parts {
        by_catalogue.entry(&permission.catalogue).or_default().push(permission.access);
    }
    let mut by_access = BTreeMap::<Vec<Access>, Vec<&CatalogueId>>::new();
    for (catalogue, access) in by_catalogue {
        by_access.entry(access).or_default().push(catalogue);
    }
    let phrase = |(access, catalogues): (Vec<Access>, Vec<_>)| {
        format!("{} on {}", listed(&access, "and"), listed(&catalogues, "and"))
    };
    by_access.into_iter().map(phrase).collect::<Vec<_>>().join("; ")
}

/// Returns, for example, "a, b and c".
fn listed(items: &[impl fmt::Display], last: &str) -> String {
    let texts: Vec<_> = items.iter().map(ToString::to_string).collect();
    match &texts[..] {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// Says what the examples leave open.
fn notes(f: &mut fmt::Formatter<'_>, differences: &[Difference], verb: Verb) -> fmt::Result {
    let is_refused = |one: &Difference| one.people == People::Everyone { overage: false };
    let is_by_group = |one: &Difference| {
        let is_only_in = matches!(one.people, People::OnlyIn { .. });
        is_only_in && one.permissions.iter().any(|part| !part.unless_in.is_empty())
    };
    let (refused, by_group) = match verb {
        Verb::Gain => (
            "People in more groups than a token lists gain nothing: the site refuses them.",
            "A person in several groups gains what each of them gains, unless another of them gave it before.",
        ),
        Verb::Lose => (
            "People in more groups than a token lists lose nothing: the site refused them before.",
            "A person in several groups loses only what none of them gives any more.",
        ),
    };
    if differences.iter().any(is_by_group) {
        writeln!(f, "    {}", styled(FAINT, by_group))?;
    }
    if differences.iter().any(is_refused) {
        writeln!(f, "    {}", styled(FAINT, refused))?;
    }
    Ok(())
}

fn setting_line(setting: &Setting) -> String {
    let (style, mark, meaning) = match setting.direction {
        Direction::Wider => (GOOD, "+", "wider"),
        Direction::Narrower => (BAD, "-", "narrower"),
        Direction::Other => (CARE, "~", setting.meaning),
        Direction::None => (FAINT, " ", setting.meaning),
    };
    let catalogue = setting.catalogue.as_ref().map_or_else(String::new, |id| format!("{id}: "));
    let change = match (&setting.before, &setting.after) {
        (Some(before), Some(after)) => format!("{}: {before} → {after}", setting.key),
        (None, Some(added)) => format!("{} added: {added}", setting.key),
        (Some(removed), None) => format!("{} removed: {removed}", setting.key),
        (None, None) => setting.key.to_owned(),
    };
    let remark = if meaning.is_empty() { String::new() } else { format!(" ({meaning})") };
    line(style, mark, &format!("{catalogue}{change}{remark}"))
}
