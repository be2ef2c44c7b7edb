//! Advice on errors in TOML that its parser cannot give: Windows paths, where in `"…"` a backslash starts an escape, which
//! causes an error or, worse, a wrong path; typographic quotes; and a list of tables written as a table.

use super::characters::Stray;

/// Returns advice to append to the message of `error`, which the parser found in `text`; empty if there is none.
pub fn syntax_advice(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().unwrap_or_default();
    let advice = backslash_advice(error.message());
    if !advice.is_empty() {
        return advice.to_owned();
    }
    if error.message() == "duplicate key" && text.get(at.clone()) == Some("catalogue") {
        return "; write [[catalogue]] with two brackets on each side for every catalogue".to_owned();
    }
    let before = text.get(..at.start).unwrap_or_default();
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(begin..).unwrap_or_default().lines().next().unwrap_or_default();
    match Stray::in_toml(line) {
        Some(stray) => {
            format!("; the line contains {stray}: quotes are \" or ', and spaces are ordinary ones")
        }
        None => String::new(),
    }
}

/// Returns advice if `message` is about an invalid escape, otherwise an empty string.
fn backslash_advice(message: &str) -> &'static str {
    if message.contains("escape") || message.contains("unicode value") {
        "; in \"…\" a \\ starts an escape: write a path with / or in '…'"
    } else {
        ""
    }
}

/// Returns what is wrong with `path` if it contains a control character: in `"…"`, TOML silently turns a `\` before n, t,
/// r, b, f or e into one.
pub fn escaped_path(path: &str) -> Option<&'static str> {
    let advice = "a control character is not allowed in a path: in \"…\" TOML reads \\n, \\t and the like as one; write the path with / or in '…'";
    path.contains(char::is_control).then_some(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Document {
        project: String,
    }

    fn read(line: &str) -> Result<Document, toml::de::Error> {
        toml::from_str(line)
    }

    #[test]
    fn a_windows_path_in_double_quotes_gets_advice() {
        for path in ["C:\\Pozi\\a.qgz", "C:\\maps\\x.qgz", "C:\\users\\a.qgz", "C:\\U", "C:\\x"] {
            let line = format!("project = \"{path}\"");
            let error = read(&line).unwrap_err();
            assert!(
                syntax_advice(&line, &error).contains("write a path with / or in '…'"),
                "{path}: {error}"
            );
        }
        for path in ["C:\\new.qgz", "D:/a\\temp", "C:\\boundaries", "C:\\roads", "C:\\fields", "C:\\x41"] {
            let read = read(&format!("project = \"{path}\"")).unwrap();
            // `\x41` is the letter A since TOML 1.1: a path without a backslash, and no control character.
            assert_eq!(escaped_path(&read.project).is_some(), path != "C:\\x41", "{path}");
        }
        for line in ["project = 'C:\\new\\a.qgz'", "project = \"C:/new/a.qgz\"", "project = \"C:\\\\new\""] {
            assert_eq!(escaped_path(&read(line).unwrap().project), None, "{line}");
        }
        assert_eq!(syntax_advice("", &read("").unwrap_err()), "");
    }

    #[test]
    fn a_typographic_quote_or_space_in_the_line_of_the_error_gets_advice() {
        for (text, found) in [
            ("title = 'a'\nproject = “C:/a.qgz”", "a typographic quote (“, U+201C)"),
            ("project = \"C:/a.qgz”\ntitle = 'a'", "a typographic quote (”, U+201D)"),
            ("project = ‘C:/a.qgz’", "a typographic quote (‘, U+2018)"),
            ("project =\u{a0}'C:/a.qgz'", "a no-break space (U+00A0)"),
            ("\u{200b}project = 'C:/a.qgz'", "an invisible character (U+200B)"),
        ] {
            let advice = syntax_advice(text, &read(text).unwrap_err());
            assert!(advice.starts_with(&format!("; the line contains {found}: ")), "{text}: {advice}");
        }
        let twice = "project = 'a'\nproject = 'b'";
        assert_eq!(syntax_advice(twice, &read(twice).unwrap_err()), "");
        let elsewhere = "title = 'Council’s'\nproject = C:/a.qgz";
        assert_eq!(syntax_advice(elsewhere, &read(elsewhere).unwrap_err()), "");
    }
}
