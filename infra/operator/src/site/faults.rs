//! Errors in site files as people see them: each with its line, and the place in it underlined.

use std::{collections::HashMap, fs};

use miette::{GraphicalReportHandler, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use pozi_auth::sites::SiteFileError;

/// Returns `errors` with the lines that they are about, read from the files again.
pub(crate) fn shown(errors: &[SiteFileError]) -> String {
    let mut files = HashMap::new();
    let mut text = String::new();
    for error in errors {
        let file = files.entry(&error.file).or_insert_with(|| fs::read_to_string(&error.file).ok());
        match file.as_deref().and_then(|source| graphical(error, source)) {
            Some(shown) => text.push_str(&shown),
            None => text.extend([&error.to_string(), "\n"]),
        }
    }
    text.trim_end().to_owned()
}

/// `None` if the place is not known, or not in `source`.
fn graphical(error: &SiteFileError, source: &str) -> Option<String> {
    let at = error.at.clone().or_else(|| line(source, error.line?))?;
    source.get(at.clone())?;
    let (what, label) = match error.message.split_once("; ") {
        Some((what, fix)) => (what, LabeledSpan::at(at, fix)),
        None => (&*error.message, LabeledSpan::underline(at)),
    };
    let diagnostic = MietteDiagnostic::new(what).with_label(label).with_severity(miette::Severity::Error);
    let report = Report::new(diagnostic).with_source_code(NamedSource::new(&error.file, source.to_owned()));
    let mut shown = String::new();
    GraphicalReportHandler::new().render_report(&mut shown, report.as_ref()).ok()?;
    Some(shown)
}

/// Returns where line `number`, from 1, is in `source`.
fn line(source: &str, number: usize) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for (index, line) in source.split_inclusive('\n').enumerate() {
        if index + 1 == number {
            return Some(start..start + line.trim_end().len());
        }
        start += line.len();
    }
    None
}
