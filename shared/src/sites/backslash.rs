//! Windows paths in TOML: in `"…"` a backslash starts an escape, which causes an error or, worse, a wrong path.

/// Returns advice to append to the TOML parser's `message` if it is about an invalid escape, otherwise an empty string.
pub fn backslash_advice(message: &str) -> &'static str {
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
            let error = read(&format!("project = \"{path}\"")).unwrap_err();
            assert!(!backslash_advice(error.message()).is_empty(), "{path}: {error}");
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
