//! How paths of projects are compared.

use serde::Deserialize;

/// How the file system with the projects compares paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathStyle {
    /// Ignores case and the kind of slash.
    Windows,
    /// Compares byte by byte.
    Unix,
}

impl PathStyle {
    /// Returns the style of this machine.
    pub fn of_this_machine() -> Self {
        if cfg!(windows) { Self::Windows } else { Self::Unix }
    }

    /// Returns the style in which `path` is written: Windows with a drive's letter or a backslash, Unix otherwise.
    pub fn of(path: &str) -> Self {
        let has_drive = matches!(path.as_bytes(), [drive, b':', ..] if drive.is_ascii_alphabetic());
        if has_drive || path.contains('\\') { Self::Windows } else { Self::Unix }
    }

    /// Returns one spelling for all spellings of `path` that name the same file. On Windows: lower case, single forward
    /// slashes except for the two at the start of a share. On Unix: the path itself.
    pub fn folded(self, path: &str) -> String {
        if self == Self::Unix {
            return path.to_owned();
        }
        let mut folded = String::with_capacity(path.len());
        for character in path.chars().map(|character| if character == '\\' { '/' } else { character }) {
            let repeats = character == '/' && folded.ends_with('/') && folded.len() > 1;
            if !repeats {
                folded.extend(character.to_lowercase());
            }
        }
        folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_spellings_on_windows_only() {
        for spelling in ["C:/Pozi/a.qgz", "c:\\pozi\\A.QGZ", "C:\\Pozi//a.qgz", "C:/Pozi/\\/a.qgz"] {
            assert_eq!(PathStyle::Windows.folded(spelling), "c:/pozi/a.qgz");
            assert_eq!(PathStyle::Unix.folded(spelling), spelling);
            assert_eq!(PathStyle::of(spelling), PathStyle::Windows);
        }
        assert_eq!(PathStyle::Windows.folded("\\\\Server\\Share\\\\É.qgz"), "//server/share/é.qgz");
        assert_ne!(PathStyle::Windows.folded("C:/Pozi/b.qgz"), "c:/pozi/a.qgz");
        assert_eq!(PathStyle::of("/srv/pozi/a.qgz"), PathStyle::Unix);
    }
}
