//! A rule, and how it is checked on every file.

use super::source::{File, Word, files, words};

/// A place that breaks a rule.
pub(crate) struct Violation {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// An architecture rule. It is first checked on examples, since a rule that finds nothing would always pass.
pub(crate) struct Rule<'a> {
    /// Why the rule exists; printed when it is broken.
    pub(crate) reason: &'a str,
    /// Finds violations in a file.
    pub(crate) check: &'a dyn Fn(&File) -> Vec<Violation>,
    /// Files (path and text) that break it.
    pub(crate) bad: &'a [(&'a str, &'a str)],
    /// Files that look similar and do not break it.
    pub(crate) good: &'a [(&'a str, &'a str)],
    /// Paths of files that may break it, and why.
    pub(crate) exceptions: &'a [(&'a str, &'a str)],
}

impl Rule<'_> {
    /// Checks the examples, then every file.
    ///
    /// # Panics
    /// With every place that breaks the rule, or with exceptions that are no longer needed.
    pub(crate) fn check_all(&self) {
        let violations = |path: &str, text: &str| (self.check)(&File::new(path, text));
        for (path, text) in self.bad {
            assert!(
                !violations(path, text).is_empty(),
                "the rule misses its own bad example {path}:\n{text}"
            );
        }
        for (path, text) in self.good {
            let found: Vec<_> = violations(path, text).into_iter().map(|violation| violation.what).collect();
            assert!(found.is_empty(), "the rule rejects its own good example {path}: {found:?}");
        }
        let mut broken = Vec::new();
        let mut unused: Vec<_> = self.exceptions.iter().map(|(path, _)| *path).collect();
        for file in files() {
            let found = (self.check)(&file);
            if let Some(index) = unused.iter().position(|path| *path == file.path && !found.is_empty()) {
                unused.swap_remove(index);
                continue;
            }
            broken.extend(
                found.iter().map(|violation| format!("{}:{}: {}", file.path, violation.line, violation.what)),
            );
        }
        assert!(broken.is_empty(), "\n{}\n{}\n", broken.join("\n"), self.reason);
        assert!(unused.is_empty(), "exceptions that are no longer needed: {unused:?}");
    }
}

/// Returns a violation for each word of `code` about which `find` says something.
pub(crate) fn at_words(code: &str, find: impl Fn(&Word<'_>) -> Option<String>) -> Vec<Violation> {
    words(code).filter_map(|word| find(&word).map(|what| Violation { line: word.line, what })).collect()
}
