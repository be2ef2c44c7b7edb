//! Windows paths in TOML: between `"…"` a backslash begins an escape, with an error or, worse, without one.

/// What to write instead of a Windows path in `"…"`, where `message` of the TOML parser says that a backslash began no
/// escape; empty where it says something else.
pub fn backslash_advice(message: &str) -> &'static str {
    if message.contains("escape") || message.contains("unicode value") {
        "; in \"…\" TOML reads \\ as the beginning of an escape: write a path with / or in '…'"
    } else {
        ""
    }
}

/// What is wrong with a path that TOML read in `"…"`: a folder whose name begins with n, t, r, b, f or e after `\` became
/// a control character, without an error. Nothing where it has none.
pub fn escaped_path(path: &str) -> Option<&'static str> {
    let advice = "a control character is in this path: TOML reads \\n, \\t and the like in \"…\" as one; write the path with / or in '…'";
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
    fn a_windows_path_in_double_quotes_is_an_error_with_advice_or_is_found_afterwards() {
        for path in ["C:\\Pozi\\a.qgz", "C:\\maps\\x.qgz", "C:\\users\\a.qgz", "C:\\U", "C:\\x"] {
            let said = read(&format!("project = \"{path}\"")).unwrap_err();
            assert!(!backslash_advice(said.message()).is_empty(), "{path}: {said}");
        }
        for path in ["C:\\new.qgz", "D:/a\\temp", "C:\\boundaries", "C:\\roads", "C:\\fields", "C:\\x41"] {
            let read = read(&format!("project = \"{path}\"")).unwrap();
            // `\x41` is the letter A since TOML 1.1: a path without a backslash, and no control character.
            assert_eq!(escaped_path(&read.project).is_some(), path != "C:\\x41", "{path}");
        }
        for line in ["project = 'C:\\new\\a.qgz'", "project = \"C:/new/a.qgz\"", "project = \"C:\\\\new\""] {
            assert_eq!(escaped_path(&read(line).unwrap().project), None, "{line}");
        }
        assert_eq!(backslash_advice("missing field `project`"), "");
    }
}
