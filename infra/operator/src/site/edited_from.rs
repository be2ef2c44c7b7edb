//! The comment line that says which revision a site file was edited from. `pull` writes it, `push` compares it and moves it
//! on; it is never stored.

use pozi_auth::revision::Revision;

const START: &str = "# pozi: edited from revision ";

/// A site file's text, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EditedFile {
    /// The document, without the line.
    pub(crate) document: String,
    /// The revision that it was edited from, if the file says so.
    pub(crate) edited_from: Option<Revision>,
}

/// A line starts like ours and names no revision.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this line must read `{START}N`, with the number of a revision; `pozi pull` writes it")]
pub(crate) struct EditedFromError {
    /// The line, from 1.
    pub(crate) line: usize,
}

/// Takes the comment line out of `text`.
pub(crate) fn take_apart(text: &str) -> Result<EditedFile, EditedFromError> {
    let mut edited_from = None;
    let mut document = String::with_capacity(text.len());
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if !line.starts_with("# pozi:") {
            document.push_str(line);
            continue;
        }
        let number = line.trim_end().strip_prefix(START).and_then(|number| number.parse().ok());
        match number {
            Some(number @ 1..) if edited_from.is_none() => edited_from = Some(Revision(number)),
            _ => return Err(EditedFromError { line: index + 1 }),
        }
    }
    Ok(EditedFile { document, edited_from })
}

/// Returns `document` with the line for `revision` above it.
pub(crate) fn put_together(document: &str, revision: Revision) -> String {
    format!("{START}{revision}\n{document}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_line_may_be_anywhere_and_only_once() {
        let both = take_apart("#:schema x\n# pozi: edited from revision 12\r\nname = 1\n").unwrap();
        assert_eq!(
            both,
            EditedFile { document: "#:schema x\nname = 1\n".into(), edited_from: Some(Revision(12)) }
        );
        assert_eq!(take_apart("name = 1").unwrap().edited_from, None);
        for (text, line) in [
            ("# pozi: edited from revision x", 1),
            ("# pozi: edited from revision 0\n", 1),
            ("a\n# pozi: edited from\n", 2),
            ("# pozi: edited from revision 1\n# pozi: edited from revision 1\n", 2),
        ] {
            assert_eq!(take_apart(text), Err(EditedFromError { line }), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_put_together_is_taken_apart_again(document in "([a-z #=]{0,9}\n){0,5}", revision in 1u64..) {
            let file = take_apart(&put_together(&document, Revision(revision))).unwrap();
            prop_assert_eq!(file, EditedFile { document, edited_from: Some(Revision(revision)) });
        }
    }
}
