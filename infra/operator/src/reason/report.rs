//! What `pozi reason` prints.

use std::fmt;

use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use pozi_auth::oauth::{every_refusal, sentence_for_person};
use serde::Serialize;

use super::{
    entry::{Entry, Mender, Origin},
    tables::all,
};
use crate::style::{HEADING, styled};

/// Columns of a terminal that texts are wrapped to.
const WIDTH: u16 = 110;

/// Stands in public descriptions for what was found.
const FOUND: &str = "...";

/// All that is known about a code.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Explanation(Vec<Explained>);

/// What a code means at one origin.
#[derive(Debug, Serialize)]
struct Explained {
    code: &'static str,
    origin: Origin,
    happened: &'static str,
    who_can_mend_it: Mender,
    what_to_do: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'static str>,
    /// `error_description` of the exchange; there are several where it depends on what was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    descriptions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    for_the_person: Option<&'static str>,
}

/// All codes.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Everything(Vec<Explained>);

impl Explanation {
    /// Explains the entries of one code.
    pub(super) fn of(found: &[(Origin, &'static Entry)]) -> Self {
        Self(found.iter().map(|(origin, entry)| Explained::of(*origin, entry)).collect())
    }
}

impl Everything {
    /// Explains all codes.
    pub(super) fn collect() -> Self {
        Self(all().map(|(origin, entry)| Explained::of(origin, entry)).collect())
    }
}

impl Explained {
    fn of(origin: Origin, entry: &Entry) -> Self {
        let is_public = origin == Origin::Exchange;
        Self {
            code: entry.code,
            origin,
            happened: entry.happened,
            who_can_mend_it: entry.mender,
            what_to_do: entry.fix,
            place: entry.place,
            descriptions: if is_public { descriptions(entry.code) } else { Vec::new() },
            for_the_person: sentence_for_person(entry.code).filter(|_| is_public),
        }
    }
}

/// Returns what the exchange answers with `reason`, with `...` for what was found.
fn descriptions(reason: &str) -> Vec<String> {
    let told = every_refusal(FOUND).into_iter().map(|error| error.refusal());
    let mut descriptions: Vec<_> = told
        .filter(|refusal| refusal.reason == reason)
        .map(|refusal| refusal.description.into_owned())
        .collect();
    descriptions.dedup();
    descriptions
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, explained) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{explained}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", styled(HEADING, shown(self.origin, self.code)), self.origin)?;
        let mut rows = vec![
            ("what happened", self.happened.to_owned()),
            ("who can mend it", self.who_can_mend_it.to_string()),
            ("what to do", self.what_to_do.to_owned()),
        ];
        rows.extend(self.place.map(|place| ("where", place.to_owned())));
        rows.extend(self.descriptions.iter().map(|text| ("the service says", text.clone())));
        rows.extend(self.for_the_person.map(|text| ("the person reads", text.to_owned())));
        let mut table = wrapped();
        for (label, text) in rows {
            table.add_row([label.to_owned(), text]);
        }
        writeln!(f, "{}", laid_out(table))
    }
}

impl fmt::Display for Everything {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, same) in self.0.chunk_by(|one, next| one.origin == next.origin).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let Some(first) = same.first() else { continue };
            writeln!(f, "{}", styled(HEADING, first.origin))?;
            let mut table = wrapped();
            for one in same {
                table.add_row([
                    shown(one.origin, one.code),
                    one.happened.to_owned(),
                    one.who_can_mend_it.to_string(),
                ]);
            }
            writeln!(f, "{}", laid_out(table))?;
        }
        Ok(())
    }
}

/// Returns the code as people meet it.
fn shown(origin: Origin, code: &str) -> String {
    if origin == Origin::Entra { format!("AADSTS{code}") } else { code.to_owned() }
}

fn wrapped() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table
}

/// Returns the table with its columns two spaces apart, and nothing before or after them.
fn laid_out(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}
