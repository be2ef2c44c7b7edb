//! The site document.

use pozi_auth::sites::Site;

use crate::doctor::{report::Finding, subject::Subject};

const CHECK: &str = "Site document";

/// Judges the document itself.
pub(super) fn judge(subject: &Subject) -> Finding {
    let revision = subject.stored.as_ref().map(|stored| format!("revision {}, ", stored.revision));
    if !subject.errors.is_empty() {
        let in_use = match &subject.stored {
            Some(stored) if stored.previous_serves => {
                "\nuntil it is corrected, the revision before it is in use"
            }
            Some(_) => "\nuntil it is corrected, the site gets no sessions",
            None => "",
        };
        let fix = "correct the file, `pozi check` it, and push it";
        return Finding::wrong(CHECK, format!("{}{in_use}", subject.errors.join("\n")), fix);
    }
    let catalogues = subject.site.as_ref().map_or(0, |site| site.catalogues.len());
    let warnings: Vec<_> = subject.warnings.iter().map(|warning| format!("\nwarning: {warning}")).collect();
    let revision = revision.unwrap_or_default();
    Finding::ok(CHECK, format!("{revision}no errors; catalogues: {catalogues}{}", warnings.concat()))
}

/// A document whose URLs have different paths has an error already.
pub(super) fn paths(site: &Site) -> Finding {
    let path = site.external_url.path();
    Finding::ok("Paths of the two URLs", format!("the same, {path}, so that no link needs to be rewritten"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{judge::testing::site, report::State, subject::Stored};

    fn subject(errors: &[&str], stored: Option<Stored>) -> Subject {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        let site = errors.is_empty().then(|| site().into());
        Subject { name: "riverbend".into(), site, errors, warnings: vec!["w".into()], stored }
    }

    #[test]
    fn names_every_error_and_what_is_in_use_meanwhile() {
        for (stored, says) in [
            (None, "one\ntwo"),
            (
                Some(Stored { revision: 3, previous_serves: true }),
                "one\ntwo\nuntil it is corrected, the revision before it",
            ),
            (
                Some(Stored { revision: 3, previous_serves: false }),
                "one\ntwo\nuntil it is corrected, the site gets no",
            ),
        ] {
            let found = judge(&subject(&["one", "two"], stored));
            assert_eq!(found.state, State::Wrong);
            assert!(found.finding.starts_with(says), "{found:?}");
        }
    }

    #[test]
    fn counts_catalogues_and_shows_warnings() {
        let stored = Stored { revision: 3, previous_serves: false };
        assert_eq!(
            judge(&subject(&[], Some(stored))),
            Finding::ok(CHECK, "revision 3, no errors; catalogues: 2\nwarning: w")
        );
        assert!(paths(&site()).finding.contains("/pozi/"));
    }
}
