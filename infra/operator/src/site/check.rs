//! `pozi check`: the errors in site files, and sessions of a size that programs on their way may refuse.

use std::fmt;

use pozi_auth::{
    adapters::LoadError,
    session::{LARGE_SESSION_BYTES, MAX_SESSION_BYTES, longest_session},
    sites::{MAX_DOCUMENT_BYTES, SiteFile, SiteFileError, register},
    timestamp::Timestamp,
};

use serde::Serialize;

use super::{args::CheckArgs, error::SiteCommandError, files::read};
use crate::{
    Output, World,
    style::{CARE, styled},
};

#[derive(Debug, Serialize)]
struct Checked {
    files: usize,
    warnings: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &CheckArgs, world: &World) -> Result<Output, SiteCommandError> {
    let files = read(&args.files)?;
    let warnings = check(&files, world.now).map_err(LoadError::Faulty)?;
    let warnings = warnings.iter().map(ToString::to_string).collect();
    Ok(Output::new(&Checked { files: files.len(), warnings }))
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "{}: {warning}", styled(CARE, "warning"))?;
        }
        writeln!(f, "no errors (files checked: {})", self.files)
    }
}

const FIX: &str = "shorten the ids of its catalogues, or divide it into two sites";

/// Checks `files`. Returns warnings, or all errors: in each file, among them, sites that would be observed for too long after
/// `now`, and sites whose longest session would not be issued.
pub fn check(files: &[SiteFile], now: Timestamp) -> Result<Vec<SiteFileError>, Vec<SiteFileError>> {
    let mut errors = register(files).err().unwrap_or_default();
    errors.extend(files.iter().filter_map(|file| file.check_enforcement(now).err()));
    errors.extend(files.iter().filter_map(too_large));
    let mut warnings = Vec::new();
    for file in files {
        // The errors of a file that does not compile are known already.
        let Ok(site) = file.compile() else { continue };
        let bytes = longest_session(&site);
        if bytes > MAX_SESSION_BYTES {
            let message = format!(
                "the longest session of this site would have {bytes} bytes, and at most {MAX_SESSION_BYTES} are issued; {FIX}"
            );
            errors.push(whole_file(file, message));
        } else if bytes > LARGE_SESSION_BYTES {
            let message = format!(
                "the longest session of this site has {bytes} bytes, and some servers refuse more than {LARGE_SESSION_BYTES} beside an Entra token; {FIX}, or raise the limits of every server that gets it"
            );
            warnings.push(whole_file(file, message));
        }
    }
    if errors.is_empty() { Ok(warnings) } else { Err(errors) }
}

/// Returns the error of a file that the table could not hold twice.
fn too_large(file: &SiteFile) -> Option<SiteFileError> {
    let bytes = file.text.len();
    (bytes > MAX_DOCUMENT_BYTES).then(|| {
        let message = format!(
            "the file has {bytes} bytes, and at most {MAX_DOCUMENT_BYTES} can be stored; remove comments and rules that nobody needs, or divide it into two sites"
        );
        whole_file(file, message)
    })
}

fn whole_file(file: &SiteFile, message: String) -> SiteFileError {
    SiteFileError { file: file.name.clone(), line: None, at: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-01-15 08:00 UTC.
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn file(catalogues: usize) -> SiteFile {
        let text = include_str!("../../../local/sites/riverbend.toml");
        let more = (0..catalogues).map(|index| {
            format!("[[catalogue]]\nid = \"catalogue-{index:03}\"\ntitle = \"T\"\nproject = \"C:/{index}.qgz\"\nread = \"everyone-signed-in\"\n")
        });
        SiteFile { name: "riverbend.toml".into(), text: format!("{text}\n{}", more.collect::<String>()) }
    }

    #[test]
    fn warns_of_large_sessions_and_refuses_those_that_are_not_issued() {
        assert_eq!(check(&[file(0)], NOW), Ok(vec![]));
        let warnings = check(&[file(120)], NOW).unwrap();
        assert_eq!(warnings.len(), 1);
        let text = warnings[0].to_string();
        assert!(text.starts_with("riverbend.toml: the longest session of this site has "), "{text}");
        let errors = check(&[file(300)], NOW).unwrap_err();
        assert_eq!(errors.len(), 1);
        let text = errors[0].to_string();
        assert!(text.ends_with("bytes, and at most 7168 are issued; shorten the ids of its catalogues, or divide it into two sites"), "{text}");
    }

    #[test]
    fn refuses_a_file_that_the_table_cannot_hold_twice() {
        let padded = |bytes: usize| {
            let own = file(0);
            let text = format!("{}\n#{}", own.text, "x".repeat(bytes - own.text.len() - 2));
            SiteFile { text, ..own }
        };
        assert_eq!(check(&[padded(MAX_DOCUMENT_BYTES)], NOW), Ok(vec![]));
        let errors = check(&[padded(MAX_DOCUMENT_BYTES + 1)], NOW).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert!(
            errors[0].message.starts_with("the file has 194561 bytes, and at most 194560 can be stored; "),
            "{errors:?}"
        );
    }

    #[test]
    fn reports_every_error_at_once() {
        let broken = SiteFile { name: "b.toml".into(), text: "name = ".into() };
        let own = file(0);
        let observed = own.text.replacen("origins", "enforcement = \"observe until 2027-03-17\"\norigins", 1);
        let observed = SiteFile { text: observed, ..own };
        let errors = check(&[file(300), broken], NOW).unwrap_err();
        assert_eq!(errors.len(), 2);
        let errors = check(&[observed], NOW).unwrap_err();
        assert!(errors[0].line.is_some(), "{errors:?}");
        assert!(errors[0].message.ends_with("more than 60 days ahead; write 2027-03-16 or an earlier day"));
    }
}
