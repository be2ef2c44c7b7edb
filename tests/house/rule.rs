//! What a rule is, and how it is held against the tree.

use super::source::{File, Word, files, words};

/// A place that breaks a rule.
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// A rule of the house. It is proved on examples before it is believed about the tree: one that catches nothing would
/// pass for ever.
pub(crate) struct Rule<'a> {
    /// Who is harmed when it is broken.
    pub(crate) harm: &'a str,
    /// What breaks it in a file.
    pub(crate) check: &'a dyn Fn(&File) -> Vec<Fault>,
    /// Files (path and text) that break it.
    pub(crate) spoiled: &'a [(&'a str, &'a str)],
    /// Files that look like it and do not.
    pub(crate) sound: &'a [(&'a str, &'a str)],
    /// Files that may break it, and why.
    pub(crate) except: &'a [(&'a str, &'a str)],
}

impl Rule<'_> {
    /// Fails with every place in the tree that breaks the rule.
    pub(crate) fn holds(&self) {
        let faults = |path: &str, text: &str| (self.check)(&File::new(path, text));
        for (path, text) in self.spoiled {
            assert!(
                !faults(path, text).is_empty(),
                "the rule does not catch its own example {path}:\n{text}"
            );
        }
        for (path, text) in self.sound {
            let found: Vec<_> = faults(path, text).into_iter().map(|fault| fault.what).collect();
            assert!(found.is_empty(), "the rule catches the sound example {path}: {found:?}");
        }
        let mut broken = Vec::new();
        let mut unused: Vec<_> = self.except.iter().map(|(path, _)| *path).collect();
        for file in files() {
            let faults = (self.check)(&file);
            if let Some(index) = unused.iter().position(|path| *path == file.path && !faults.is_empty()) {
                unused.swap_remove(index);
                continue;
            }
            broken.extend(faults.iter().map(|fault| format!("{}:{}: {}", file.path, fault.line, fault.what)));
        }
        assert!(broken.is_empty(), "\n{}\n{}\n", broken.join("\n"), self.harm);
        assert!(unused.is_empty(), "no longer in need of an exception: {unused:?}");
    }
}

/// Faults at the words of `code` that `is_wrong` says something about.
pub(crate) fn at_words(code: &str, is_wrong: impl Fn(&Word<'_>) -> Option<String>) -> Vec<Fault> {
    words(code).filter_map(|word| is_wrong(&word).map(|what| Fault { line: word.line, what })).collect()
}
