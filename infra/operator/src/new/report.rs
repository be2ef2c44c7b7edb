//! What `pozi site new` understood, and what it did.

use std::fmt;

use pozi_auth::{identifiers::GroupId, sites::Access};
use serde::Serialize;

use super::{
    draft::{Catalogue, Draft, usual_project},
    labels::Item,
    reading::Reading,
};
use crate::{
    output::table,
    style::{BAD, CARE, FAINT, GOOD, HEADING, styled},
};

/// What was understood, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    items: Vec<ItemRow>,
    catalogues: Vec<CatalogueRow>,
    not_understood: Vec<UnclearRow>,
    /// Why nothing can be written.
    wrong: Vec<String>,
    /// The file that was written.
    pub file: Option<String>,
    /// Whether nobody agreed to write it.
    pub declined: bool,
    /// Whether the person has seen all but the result.
    #[serde(skip)]
    pub is_shown: bool,
}

#[derive(Debug, Serialize)]
struct ItemRow {
    item: String,
    value: Option<String>,
    place: Option<String>,
}

#[derive(Debug, Serialize)]
struct CatalogueRow {
    id: String,
    title: String,
    project: String,
    project_is_known: bool,
    everyone_reads: bool,
    groups: Vec<GroupRow>,
}

#[derive(Debug, Serialize)]
struct GroupRow {
    id: String,
    name: String,
    access: String,
}

#[derive(Debug, Serialize)]
struct UnclearRow {
    place: String,
    text: String,
    reason: String,
}

impl Report {
    /// Reports `reading`, and what is `wrong` with it.
    pub(crate) fn new(reading: &Reading, wrong: Vec<String>) -> Self {
        let draft = &reading.draft;
        let unclear = reading.unclear.iter().map(|unclear| UnclearRow {
            place: unclear.place.to_string(),
            text: unclear.text.clone(),
            reason: unclear.reason.clone(),
        });
        Self {
            items: Item::ALL.into_iter().map(|item| ItemRow::new(item, reading)).collect(),
            catalogues: draft
                .catalogues
                .iter()
                .map(|catalogue| CatalogueRow::new(catalogue, draft))
                .collect(),
            not_understood: unclear.collect(),
            wrong,
            file: None,
            declined: false,
            is_shown: false,
        }
    }

    /// Whether nothing can be written.
    pub(crate) fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
    }

    fn write_catalogues(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = table(["catalogue", "group", "object id", "access"]);
        for catalogue in &self.catalogues {
            let mut id = catalogue.id.as_str();
            let mut row = |cells: [&str; 3]| {
                rows.add_row([id, cells[0], cells[1], cells[2]]);
                id = "";
            };
            if catalogue.everyone_reads {
                row(["everyone who signs in, guests included", "", "read"]);
            }
            for group in &catalogue.groups {
                row([&group.name, &group.id, &group.access]);
            }
            if !catalogue.everyone_reads && catalogue.groups.is_empty() {
                row(["nobody", "", ""]);
            }
        }
        writeln!(f, "\n{}\n{}", styled(HEADING, "Who may open what"), trimmed(&rows))?;
        let mut rows = table(["catalogue", "title", "project", ""]);
        for row in &self.catalogues {
            let check =
                if row.project_is_known { String::new() } else { styled(CARE, "made from the id: check it") };
            rows.add_row([&row.id, &row.title, &row.project, &check]);
        }
        writeln!(
            f,
            "\n{}\n{}",
            styled(HEADING, "Catalogues (each id is made from the title)"),
            trimmed(&rows)
        )
    }
}

impl ItemRow {
    fn new(item: Item, reading: &Reading) -> Self {
        let value = match item {
            Item::Origin => {
                reading.draft.origins.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            _ => reading.draft.value(item).map(|value| value.to_string()).unwrap_or_default(),
        };
        let value = Some(value).filter(|value| !value.is_empty());
        let place = reading.places.get(&item).filter(|_| value.is_some()).map(ToString::to_string);
        Self { item: item.to_string(), value, place }
    }
}

impl CatalogueRow {
    fn new(catalogue: &Catalogue, draft: &Draft) -> Self {
        let group = |(id, access): (&GroupId, &Access)| GroupRow {
            id: format!("{id}"),
            name: draft.name_of(*id).to_owned(),
            access: access.to_string(),
        };
        Self {
            id: catalogue.id.to_string(),
            title: catalogue.title.clone(),
            project: catalogue.project.clone().unwrap_or_else(|| usual_project(&catalogue.id)),
            project_is_known: catalogue.project.is_some(),
            everyone_reads: catalogue.everyone,
            groups: catalogue.groups.iter().map(group).collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_shown {
            let mut rows = table(["item", "value", "from"]);
            for row in &self.items {
                let missing = styled(BAD, "missing");
                let value = row.value.as_ref().unwrap_or(&missing);
                rows.add_row([&row.item, value, row.place.as_ref().unwrap_or(&String::new())]);
            }
            writeln!(f, "{}\n{}", styled(HEADING, "The items"), trimmed(&rows))?;
            if !self.catalogues.is_empty() {
                self.write_catalogues(f)?;
            }
        }
        if !self.is_shown && !self.not_understood.is_empty() {
            writeln!(f, "\n{}", styled(HEADING, "Not understood, and not used"))?;
            for row in &self.not_understood {
                writeln!(
                    f,
                    "{}: {}\n    {}",
                    row.place,
                    styled(CARE, &row.text),
                    styled(FAINT, &row.reason)
                )?;
            }
        }
        if !self.wrong.is_empty() {
            writeln!(f, "\n{}", styled(HEADING, "Nothing was written"))?;
            for wrong in &self.wrong {
                writeln!(f, "{}", styled(BAD, wrong))?;
            }
        }
        match &self.file {
            Some(file) => writeln!(f, "\n{}", styled(GOOD, format!("wrote {file}; next: pozi push {file}"))),
            None if self.declined => {
                writeln!(
                    f,
                    "\n{}",
                    styled(CARE, "nothing was written: nobody agreed; --yes writes without asking")
                )
            }
            None => Ok(()),
        }
    }
}

/// Returns the rows of `table` without the spaces at their ends.
fn trimmed(table: &comfy_table::Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
