//! `pozi site new`: a site file from a council's e-mail, or from answers to questions.

mod cells;
mod document;
mod draft;
mod element;
mod facts;
mod groups;
mod items;
mod known;
mod labels;
mod list;
mod mail;
mod questions;
mod reading;
mod report;
mod statement;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod verbs;
mod words;

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

use pozi_auth::sites::{Origin, SiteName};

use self::{
    document::{document, faults},
    facts::{Stated, Value},
    groups::GroupsError,
    known::Known,
    reading::Reading,
    report::Report,
};
use crate::{Exit, Output, World, consent::Consent};

/// The longest mail or file of groups that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// The arguments of `pozi site new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// The council's e-mail as text; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub from_mail: Option<PathBuf>,
    /// A CSV file of groups, as exported from Entra; catalogues and access may be columns too
    #[arg(long, value_name = "FILE.csv")]
    pub groups: Option<PathBuf>,
    /// The site's short name
    #[arg(long)]
    pub name: Option<SiteName>,
    /// An origin that the Web App is served from; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub origins: Vec<Origin>,
    /// The folder to write the file to
    #[arg(long, default_value = ".")]
    pub folder: PathBuf,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
}

/// Why `pozi site new` failed.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The mail or the groups cannot be read.
    #[error("{0} cannot be read")]
    Read(String, #[source] io::Error),
    /// The mail or the groups are too long.
    #[error("{0} is longer than 256 KiB; leave only what is about this site")]
    TooLong(String),
    /// The groups are in no file that is understood.
    #[error("{0} cannot be used")]
    Groups(String, #[source] GroupsError),
    /// There is a file with the site's name.
    #[error(
        "{0} exists already and was not changed; move it away, or give the site another name with --name"
    )]
    Exists(String),
    /// The file cannot be written.
    #[error("{0} cannot be written")]
    Write(String, #[source] io::Error),
}

impl NewError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(..) => "read",
            Self::TooLong(_) => "too_long",
            Self::Groups(..) => "groups",
            Self::Exists(_) => "exists",
            Self::Write(..) => "write",
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &NewArgs, world: &mut World) -> Result<Output, NewError> {
    let asks = world.answers.is_some() && !args.consent.yes;
    let (facts, known) = read(args)?;
    let mut reading = understand(args, &facts, &BTreeMap::new());
    if asks && reading.conflicts.is_empty() {
        if args.from_mail.is_some() || args.groups.is_some() {
            world.show(&Report::new(&reading, Vec::new()).to_string());
        }
        let decisions = questions::decide(&reading, world).unwrap_or_default();
        reading = understand(args, &facts, &decisions);
        questions::complete(&mut reading.draft, &known, world);
    }
    let mut report = Report::new(&reading, wrong(&reading));
    if report.is_wrong() {
        return Ok(Output::ending(&report, Exit::Wrong));
    }
    let path = path(args, &reading);
    if path.exists() {
        return Err(NewError::Exists(path.display().to_string()));
    }
    if asks {
        world.show(&report.to_string());
        report.is_shown = true;
    }
    let agreed = args.consent.yes || world.agrees(&format!("Write {}?", path.display())) == Some(true);
    if !agreed {
        report.declined = true;
        return Ok(Output::ending(&report, Exit::Declined));
    }
    write(&path, &document(&reading.draft))?;
    report.file = Some(path.display().to_string());
    Ok(Output::new(&report))
}

/// Reads the mail and the groups. Returns what they state, and the names of the groups.
fn read(args: &NewArgs) -> Result<(Vec<Stated>, Known), NewError> {
    let mut facts = Vec::new();
    if let Some(path) = &args.groups {
        let rows = groups::read(&read_text(path)?);
        facts = rows.map_err(|error| NewError::Groups(path.display().to_string(), error))?;
    }
    let known = Known::default().with(facts.iter().map(|stated| &stated.fact));
    if let Some(path) = &args.from_mail {
        facts.extend(mail::read(&read_text(path)?, &known));
    }
    Ok((facts, known))
}

/// Reads the file at `path`, or standard input. Bytes that are not UTF-8 are replaced, and so not understood.
fn read_text(path: &Path) -> Result<String, NewError> {
    let name =
        || if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let failed = |error| NewError::Read(name(), error);
    let mut bytes = Vec::new();
    let mut limited: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().take(MAX_BYTES + 1))
    } else {
        Box::new(File::open(path).map_err(failed)?.take(MAX_BYTES + 1))
    };
    let length = limited.read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(length).is_ok_and(|length| length > MAX_BYTES) {
        return Err(NewError::TooLong(name()));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Puts `facts` and the options together. A name that is an option replaces the mail's.
fn understand(args: &NewArgs, facts: &[Stated], decisions: &BTreeMap<String, bool>) -> Reading {
    let mut reading = Reading::of(facts, decisions);
    if let Some(name) = &args.name {
        reading.draft.set(Value::Name(name.clone()));
        reading.places.remove(&labels::Item::Name);
    }
    for origin in &args.origins {
        reading.draft.set(Value::Origin(origin.clone()));
    }
    reading
}

/// Returns why `reading` cannot be written: contradictions, then what is missing, then what is not valid.
fn wrong(reading: &Reading) -> Vec<String> {
    if !reading.conflicts.is_empty() {
        return reading.conflicts.clone();
    }
    let option = |item| match item {
        labels::Item::Name => "; give it with --name",
        labels::Item::Origin => "; give it with --origin",
        _ => "",
    };
    let mut missing: Vec<_> = reading
        .draft
        .missing()
        .into_iter()
        .map(|item| format!("the {item} is missing{}", option(item)))
        .collect();
    if reading.draft.catalogues.is_empty() {
        missing.push("no catalogue was understood".to_owned());
    }
    missing.extend(reading.undecided.iter().map(|title| {
        format!(
            "it is not clear whether \"{title}\" is one catalogue or two; write each on a line of its own"
        )
    }));
    if missing.is_empty() { faults(&reading.draft) } else { missing }
}

fn path(args: &NewArgs, reading: &Reading) -> PathBuf {
    let name = reading.draft.name.as_ref().map_or("site", SiteName::as_str);
    args.folder.join(format!("{name}.toml"))
}

/// Writes a file that does not exist yet.
fn write(path: &Path, text: &str) -> Result<(), NewError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => NewError::Exists(path.display().to_string()),
        _ => NewError::Write(path.display().to_string(), error),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}
