//! The figures of `docs/performance.md`: each benchmark hands in its own, and the benchmark `table` prints them all.

use std::{fmt, fs, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The figure from which the costs are computed: how many microseconds a warm exchange takes.
pub const WARM_EXCHANGE: &str = "token-exchange: a warm exchange";

/// One measured figure: a row of the table.
#[derive(Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// What it should be.
    pub aim: Aim,
    /// What it is.
    pub result: f64,
    /// The unit of `result`: `×`, `µs`, `MB`, …
    pub unit: String,
    /// What it was compared with in the same run, and that one's own figure.
    pub peer: String,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Aim {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// It is only told.
    Told,
}

impl Figure {
    /// Returns a figure without a peer.
    pub fn new(what: impl Into<String>, aim: Aim, result: f64, unit: &str) -> Self {
        Self { what: what.into(), aim, result, unit: unit.to_owned(), peer: String::new() }
    }

    /// Names the peer that it was compared with in the same run.
    #[must_use]
    pub fn beside(self, peer: impl Into<String>) -> Self {
        Self { peer: peer.into(), ..self }
    }

    fn is_met(&self) -> Option<bool> {
        match self.aim {
            Aim::AtMost(limit) => Some(self.result <= limit),
            Aim::AtLeast(limit) => Some(self.result >= limit),
            Aim::Told => None,
        }
    }
}

/// A row of a Markdown table.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = match self.is_met() {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let Self { what, result, unit, peer, .. } = self;
        let aim = match self.aim {
            Aim::AtMost(limit) => format!("≤ {limit} {unit}"),
            Aim::AtLeast(limit) => format!("≥ {limit} {unit}"),
            Aim::Told => String::new(),
        };
        write!(f, "| {what} | {aim} | {} {unit} | {met} | {peer} |", rounded(*result))
    }
}

/// Three digits, or all of those before the point; a count as it is.
fn rounded(result: f64) -> String {
    match result.abs() {
        count if count.fract() == 0.0 => format!("{result:.0}"),
        large if large >= 100.0 => format!("{result:.0}"),
        medium if medium >= 10.0 => format!("{result:.1}"),
        _ => format!("{result:.2}"),
    }
}

/// Prints `figures`, and keeps them for the table, in place of those that `part` handed in before.
///
/// # Panics
/// If they cannot be kept.
pub fn hand_in(part: &str, figures: &[Figure]) {
    let folder = folder();
    fs::create_dir_all(&folder).expect("the folder of figures can be made");
    let text = serde_json::to_vec(figures).expect("figures are JSON");
    fs::write(folder.join(part).with_extension("json"), text).expect("the figures can be kept");
    print_table(figures);
}

/// Returns what `part` handed in last; nothing if it never ran.
pub fn handed_in(part: &str) -> Vec<Figure> {
    let text = fs::read(folder().join(part).with_extension("json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Prints `figures` as a Markdown table.
pub fn print_table<'f>(figures: impl IntoIterator<Item = &'f Figure>) {
    println!("| figure | aim | result | met | beside, in the same run |\n| --- | --- | --- | --- | --- |");
    figures.into_iter().for_each(|figure| println!("{figure}"));
}

fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../target").into()).join("figures")
}
