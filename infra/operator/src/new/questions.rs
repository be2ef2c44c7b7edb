//! Questions for what is not known, one at a time. An answer that is not valid is asked for again, with the reason.

use std::collections::BTreeMap;

use pozi_auth::{
    identifiers::GroupId,
    sites::{Access, SiteName},
};

use super::{
    document::faults,
    draft::{Draft, id_of, usual_project},
    element::{Element, elements},
    facts::Value,
    known::Known,
    labels::Item,
    reading::Reading,
    words,
};
use crate::World;

const EVERYONE: &str = "everyone-signed-in";

/// Asks of each title with "and" whether it is one or two. `None` if the answers end.
pub(crate) fn decide(reading: &Reading, world: &mut World) -> Option<BTreeMap<String, bool>> {
    let mut decisions = BTreeMap::new();
    for title in &reading.undecided {
        let question = format!("Is \"{title}\" one catalogue, or two (1 or 2)?");
        let is_one = ask(world, &question, |answer| match answer {
            "1" => Ok(true),
            "2" => Ok(false),
            _ => Err("answer 1 or 2".to_owned()),
        })?;
        decisions.insert(title.clone(), is_one);
    }
    Some(decisions)
}

/// Asks for everything that `draft` lacks. `None` if the answers end before.
pub(crate) fn complete(draft: &mut Draft, known: &Known, world: &mut World) -> Option<()> {
    for item in draft.missing() {
        ask_item(draft, item, world)?;
        while item == Item::Origin && ask_item(draft, item, world)? {}
    }
    for index in 0..draft.catalogues.len() {
        ask_project(draft, index, world)?;
    }
    if draft.catalogues.is_empty() {
        while ask_catalogue(draft, known, world)? {}
    }
    Some(())
}

/// Asks `question` until `read` accepts the answer. `None` if the answers end.
fn ask<T>(world: &mut World, question: &str, mut read: impl FnMut(&str) -> Result<T, String>) -> Option<T> {
    loop {
        match read(&world.ask(question)?) {
            Ok(value) => return Some(value),
            Err(reason) => world.show(&format!("  That is not valid: {reason}")),
        }
    }
}

/// Asks for an item; a further origin may be left out. Returns whether there was an answer.
fn ask_item(draft: &mut Draft, item: Item, world: &mut World) -> Option<bool> {
    let suggested = suggested_name(draft).filter(|_| item == Item::Name);
    let is_further = item == Item::Origin && !draft.origins.is_empty();
    let question = match &suggested {
        Some(name) => format!("{} [{name}]:", question(item)),
        None if is_further => "Another origin (leave empty to go on):".to_owned(),
        None => format!("{}:", question(item)),
    };
    ask(world, &question, |answer| {
        let answer = match (&suggested, answer) {
            (Some(name), "") => name.as_str(),
            (None, "") if is_further => return Ok(false),
            _ => answer,
        };
        let value = Value::parse(item, answer)?;
        accept(draft, |changed| changed.set(value.clone()))?;
        Ok(true)
    })
}

fn question(item: Item) -> &'static str {
    match item {
        Item::InternalUrl => "1. Internal URL, such as http://gis.riverbend.internal/pozi/",
        Item::ExternalUrl => "2. External URL, such as https://poziserver-riverbend.example/pozi/",
        Item::ClientId => "3. Application (client) ID of the registration that Application Proxy created",
        Item::TenantId => "4. Directory (tenant) ID",
        Item::Name => "Short name of the site, such as riverbend",
        Item::Origin => {
            "Origin that the Web App is served from, such as https://riverbend.enterprise.example"
        }
    }
}

/// Returns the name in an external URL such as `https://poziserver-riverbend.example/`.
fn suggested_name(draft: &Draft) -> Option<SiteName> {
    let host = draft.external_url.as_ref()?.as_str().strip_prefix("https://poziserver-")?;
    host.split(['.', '/', '-']).next()?.parse().ok()
}

/// Changes `draft`, unless the site file would then be wrong where it was not before.
fn accept(draft: &mut Draft, change: impl Fn(&mut Draft)) -> Result<(), String> {
    let before = faults(draft);
    let mut changed = draft.clone();
    change(&mut changed);
    let new: Vec<_> = faults(&changed).into_iter().filter(|fault| !before.contains(fault)).collect();
    if !new.is_empty() {
        return Err(new.join("; "));
    }
    *draft = changed;
    Ok(())
}

/// Asks for the project of the catalogue at `index`, if it is not known.
fn ask_project(draft: &mut Draft, index: usize, world: &mut World) -> Option<()> {
    let Some(catalogue) = draft.catalogues.get(index).filter(|catalogue| catalogue.project.is_none()) else {
        return Some(());
    };
    let usual = usual_project(&catalogue.id);
    let question =
        format!("QGIS project of \"{}\" on Pozi Server [{usual}, to be checked]:", catalogue.title);
    ask(world, &question, |answer| {
        let project = Some(answer.to_owned()).filter(|answer| !answer.is_empty());
        accept(draft, |changed| {
            if let Some(catalogue) = changed.catalogues.get_mut(index) {
                catalogue.project.clone_from(&project);
            }
        })
    })
}

/// Asks for a catalogue: its title, its project and its groups. Returns whether there is one more.
fn ask_catalogue(draft: &mut Draft, known: &Known, world: &mut World) -> Option<bool> {
    let index = draft.catalogues.len();
    let question = match index {
        0 => "5. Title of the first catalogue:",
        _ => "Title of another catalogue (leave empty to go on):",
    };
    let is_one_more = ask(world, question, |title| {
        if title.is_empty() && index > 0 {
            return Ok(false);
        }
        let id = id_of(title).ok_or("must have letters or digits, of which the catalogue's id is made")?;
        if draft.catalogues.iter().any(|catalogue| catalogue.id == id) {
            return Err(format!("another catalogue already has the id `{id}`; give each its own"));
        }
        accept(draft, |changed| {
            changed.catalogue(title);
        })?;
        Ok(true)
    })?;
    if is_one_more {
        ask_project(draft, index, world)?;
        ask_groups(draft, index, Access::Read, known, world)?;
        ask_groups(draft, index, Access::Write, known, world)?;
    }
    Some(is_one_more)
}

/// Asks who has `access` to the catalogue at `index`.
fn ask_groups(
    draft: &mut Draft,
    index: usize,
    access: Access,
    known: &Known,
    world: &mut World,
) -> Option<()> {
    let example =
        "object ids, each with its group's name, such as: Planners 02f1ea5a-8a90-454c-9ecb-df4562c6afd7";
    let question = if access == Access::Write {
        "Who may write it, and so read it too (empty means nobody):".to_owned()
    } else {
        format!("Who may read it ({example}; or {EVERYONE}; empty means nobody):")
    };
    ask(world, &question, |answer| {
        let everyone = access == Access::Read && answer == EVERYONE;
        let groups = if everyone || answer.is_empty() { Vec::new() } else { groups(answer, known)? };
        accept(draft, |changed| {
            for (id, name) in &groups {
                if !name.is_empty() {
                    changed.names.insert(*id, name.clone());
                }
            }
            if let Some(catalogue) = changed.catalogues.get_mut(index) {
                catalogue.everyone |= everyone;
                catalogue.groups.extend(groups.iter().map(|(id, _)| (*id, access)));
            }
        })
    })
}

/// Reads ids and names of groups, with commas between.
fn groups(answer: &str, known: &Known) -> Result<Vec<(GroupId, String)>, String> {
    let group = |element: &Element| {
        let id = element.as_group(known).and_then(|group| group.id).filter(|_| element.access.is_none())?;
        Some((id, words::name(&element.name).unwrap_or_default()))
    };
    let groups = elements(answer, known).and_then(|elements| elements.iter().map(group).collect());
    groups.ok_or_else(|| {
        "must be object ids of groups, with commas between; copy each from Entra admin center → Groups → All groups → the group → Object ID".to_owned()
    })
}
