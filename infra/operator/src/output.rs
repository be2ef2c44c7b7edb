//! What a command prints, and how the program ends.

use std::fmt::Display;

use comfy_table::{Table, presets::NOTHING};
use serde::Serialize;
use serde_json::Value;

/// What a command found or did.
#[derive(Debug)]
pub struct Output {
    text: String,
    json: Value,
    exit: Exit,
}

/// How the program ends. The numbers are its exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and nothing is wrong.
    Done = 0,
    /// It failed, or what was looked at is wrong.
    Wrong = 1,
    /// Nothing was done: nobody agreed, or a condition of the command line did not hold.
    Declined = 3,
}

impl Output {
    /// Creates an output that shows `report` to people as its `Display` form, which may be coloured, and to programs as JSON.
    pub fn new(report: &(impl Serialize + Display)) -> Self {
        Self::ending(report, Exit::Done)
    }

    /// The same, for a program that ends with `exit`.
    pub fn ending(report: &(impl Serialize + Display), exit: Exit) -> Self {
        // Reports are plain data, which always has a JSON form.
        let json = serde_json::to_value(report).unwrap_or_default();
        Self { text: report.to_string(), json, exit }
    }

    /// Returns what people see, with colours.
    pub fn coloured(&self) -> &str {
        &self.text
    }

    /// Returns what people see, without colours.
    pub fn plain(&self) -> String {
        plain(&self.text)
    }

    /// Returns what programs see.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Returns how the program ends.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

/// Returns `text` without colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Returns the lines of `table` without the spaces that fill its last column.
pub(crate) fn lines(table: &Table) -> String {
    let table = table.to_string();
    table.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// Returns an empty table with `headings`, its columns two spaces apart.
pub(crate) fn table<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(headings);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}
