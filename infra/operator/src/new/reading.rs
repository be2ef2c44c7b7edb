//! What was understood of a mail and a file of groups together, and what was not.

use std::collections::{BTreeMap, BTreeSet};

use pozi_auth::{identifiers::GroupId, sites::Access};

use super::{
    draft::Draft,
    facts::{Fact, Place, Stated, Title, Value, Who},
    labels::Item,
};

/// A text, as far as it was understood.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// What was understood.
    pub draft: Draft,
    /// Where each item was found.
    pub places: BTreeMap<Item, Place>,
    /// Lines with values that were not understood.
    pub unclear: Vec<Unclear>,
    /// Different values for one item, and other contradictions: nothing can be written.
    pub conflicts: Vec<String>,
    /// Titles that may be one or two.
    pub undecided: BTreeSet<String>,
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unclear {
    /// Where it is.
    pub place: Place,
    /// What it says.
    pub text: String,
    /// Why it was not understood.
    pub reason: String,
}

impl Reading {
    /// Puts `facts` together. `decisions` says of titles with "and" whether they are one.
    pub(crate) fn of(facts: &[Stated], decisions: &BTreeMap<String, bool>) -> Self {
        let mut reading = Self::default();
        let firm = firm_titles(facts);
        for Stated { line, fact } in facts {
            reading.add(*line, fact, &firm, decisions);
        }
        reading.check_hints(facts);
        reading.find_groups_without_catalogue(facts);
        reading
            .draft
            .names
            .retain(|id, _| reading.draft.catalogues.iter().any(|own| own.groups.contains_key(id)));
        reading.unclear.sort_by_key(|unclear| unclear.place);
        reading.unclear.dedup();
        reading
    }

    fn add(&mut self, line: Place, fact: &Fact, firm: &BTreeSet<String>, decisions: &BTreeMap<String, bool>) {
        let titles = |title: &Title| divided(title, firm, decisions);
        match fact {
            Fact::Item(value) => self.add_item(line, value),
            Fact::Group(id, name) if !name.is_empty() => {
                self.draft.names.entry(*id).or_insert_with(|| name.clone());
            }
            Fact::Group(..) | Fact::Hint(..) => {}
            Fact::Unclear(text, reason) => self.add_unclear(line, text, reason),
            Fact::Permit(Who::Everyone, title, Access::Write) => {
                self.add_unclear(
                    line,
                    &title.text,
                    "write access for everyone has to be written into the file by hand",
                );
            }
            Fact::Catalogue(title) | Fact::Project(title, _) | Fact::Permit(_, title, _) => {
                let Some(titles) = titles(title) else {
                    self.undecided.insert(title.text.clone());
                    return;
                };
                for title in titles {
                    self.add_about(line, &title, fact);
                }
            }
        }
    }

    fn add_unclear(&mut self, place: Place, text: &str, reason: &str) {
        self.unclear.push(Unclear { place, text: text.to_owned(), reason: reason.to_owned() });
    }

    /// Notes an item, or a conflict if it has another value already.
    fn add_item(&mut self, line: Place, value: &Value) {
        let item = value.item();
        let earlier = self.draft.value(item);
        match earlier {
            Some(earlier) if item != Item::Origin && !earlier.is_same_as(value) => {
                let place = self.places.get(&item).map(ToString::to_string).unwrap_or_default();
                self.conflicts.push(format!(
                    "{item} is {earlier} in {place} and {value} in {line}; delete the wrong one from the text"
                ));
            }
            Some(_) if item != Item::Origin => {}
            _ => {
                self.draft.set(value.clone());
                self.places.entry(item).or_insert(line);
            }
        }
    }

    /// Notes what `fact` says about the catalogue `title`.
    fn add_about(&mut self, line: Place, title: &str, fact: &Fact) {
        let Some(catalogue) = self.draft.catalogue(title) else {
            self.add_unclear(line, title, "no catalogue id can be made from this title; write another title");
            return;
        };
        if !is_same_title(&catalogue.title, title) {
            let message = format!(
                "the catalogues \"{}\" and \"{title}\" ({line}) would have the same id, {}; give one another title",
                catalogue.title, catalogue.id
            );
            self.conflicts.push(message);
            return;
        }
        match fact {
            Fact::Permit(Who::Group(id), _, access) => {
                let own = catalogue.groups.entry(*id).or_insert(*access);
                *own = (*own).max(*access);
            }
            Fact::Permit(Who::Everyone, ..) => catalogue.everyone = true,
            Fact::Project(_, project) => match &catalogue.project {
                Some(earlier) if earlier != project => {
                    let message = format!(
                        "the project of \"{title}\" is {earlier} and, in {line}, {project}; delete one"
                    );
                    self.conflicts.push(message);
                }
                _ => catalogue.project = Some(project.clone()),
            },
            _ => {}
        }
    }

    /// Compares the ids in Microsoft's addresses with the items. Swapped ids are not decided here: both are left out.
    fn check_hints(&mut self, facts: &[Stated]) {
        let draft = &self.draft;
        let client = draft.client_id.map(|id| GroupId::new(id.uuid()));
        let tenant = draft.tenant_id.map(|id| GroupId::new(id.uuid()));
        let mut are_swapped = false;
        for stated in facts {
            let Fact::Hint(item, id, text) = &stated.fact else { continue };
            let (own, other) = if *item == Item::ClientId { (client, tenant) } else { (tenant, client) };
            let reason = if own == Some(*id) {
                continue;
            } else if other == Some(*id) {
                are_swapped = true;
                format!(
                    "this address has the id as the {item}, and another line does not: the two may be swapped"
                )
            } else {
                format!("this address names another {item} than the text")
            };
            self.unclear.push(Unclear { place: stated.line, text: text.clone(), reason });
        }
        if are_swapped {
            (self.draft.client_id, self.draft.tenant_id) = (None, None);
            self.places.retain(|item, _| !matches!(item, Item::ClientId | Item::TenantId));
        }
    }

    /// Notes the groups of the mail for which no catalogue is named.
    fn find_groups_without_catalogue(&mut self, facts: &[Stated]) {
        let group = |stated: &Stated| match &stated.fact {
            Fact::Permit(Who::Group(id), ..) => Some(*id),
            _ => None,
        };
        let mut noted: BTreeSet<_> = facts.iter().filter_map(group).collect();
        for stated in facts {
            let (Fact::Group(id, name), Place::Mail(_)) = (&stated.fact, stated.line) else { continue };
            if noted.insert(*id) {
                let text = format!("{name} {id}");
                self.add_unclear(stated.line, text.trim(), "no catalogue is named for this group");
            }
        }
    }
}

/// Returns the titles that certainly are one, in lower case.
fn firm_titles(facts: &[Stated]) -> BTreeSet<String> {
    let title = |stated: &Stated| match &stated.fact {
        Fact::Catalogue(title) | Fact::Project(title, _) | Fact::Permit(_, title, _) if title.is_one => {
            Some(title.text.to_lowercase())
        }
        _ => None,
    };
    facts.iter().filter_map(title).collect()
}

/// Returns the one or two titles that `title` is. `None` if that cannot be known.
fn divided(
    title: &Title,
    firm: &BTreeSet<String>,
    decisions: &BTreeMap<String, bool>,
) -> Option<Vec<String>> {
    let whole = || vec![title.text.clone()];
    let Some(halves) = title.halves() else { return Some(whole()) };
    let both = || halves.iter().map(|half| half.trim().to_owned()).collect();
    match decisions.get(&title.text) {
        Some(true) => Some(whole()),
        Some(false) => Some(both()),
        None if firm.contains(&title.text.to_lowercase()) => Some(whole()),
        None => halves.iter().all(|half| firm.contains(&half.trim().to_lowercase())).then(both),
    }
}

fn is_same_title(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
