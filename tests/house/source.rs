//! The project's files as the rules read them: text, and code without comments and literals.

use std::{fs, path::Path};

/// A text file.
pub(crate) struct File {
    /// Its path from the project's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Its Rust code, with comments and the contents of literals replaced by blanks. Lines stay the same.
    pub(crate) code: String,
}

/// A word of code, its line, and the code before and after it.
pub(crate) struct Word<'a> {
    pub(crate) line: usize,
    pub(crate) text: &'a str,
    pub(crate) before: &'a str,
    pub(crate) after: &'a str,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = if is_rust(path) { code_of(text) } else { String::new() };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    pub(crate) fn is_rust(&self) -> bool {
        is_rust(&self.path)
    }

    /// Whether it belongs to the crate of tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
    }

    /// Returns the code without the test modules at its end.
    pub(crate) fn production(&self) -> &str {
        if self.is_test() { "" } else { &self.code[..self.tests_begin()] }
    }

    fn tests_begin(&self) -> usize {
        const MARK: &str = "#[cfg(test)]\n";
        let opens_module = |at: usize| {
            let rest = &self.code[at + MARK.len()..];
            let line = rest.lines().next().unwrap_or_default();
            line.contains("mod ") && line.trim_end().ends_with('{')
        };
        let mut marks = self.code.match_indices(MARK).map(|(at, _)| at);
        marks.find(|at| opens_module(*at)).unwrap_or(self.code.len())
    }
}

/// Returns every text file of the project except those that tools write.
pub(crate) fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    walk(&root, "", &mut files);
    assert!(files.len() > 50, "too few files found: is this the project's root?");
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    const IGNORED: [&str; 7] =
        ["target", ".git", ".pozi", "node_modules", "__pycache__", "Cargo.lock", ".DS_Store"];
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        if IGNORED.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(File::new(&path, &text));
        }
    }
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// Returns the line of a byte offset in `text`, from 1.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// Returns the identifiers, keywords and numbers of `code`.
pub(crate) fn words(code: &str) -> impl Iterator<Item = Word<'_>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + code[at..].find(is_part)?;
        let end = start + code[start..].find(|c| !is_part(c)).unwrap_or(code.len() - start);
        at = end;
        let (before, after) = (code[..start].trim_end(), code[end..].trim_start());
        Some(Word { line: line_at(code, start), text: &code[start..end], before, after })
    })
}

/// Replaces comments and the contents of literals by blanks.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kept, blanked) = next_piece(rest, first);
        code.push_str(&rest[..kept]);
        code.extend(rest[kept..kept + blanked].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[kept + blanked..];
    }
    code
}

/// Returns how many bytes of `rest` to keep, and how many to blank after them.
fn next_piece(rest: &str, first: char) -> (usize, usize) {
    if rest.starts_with("//") {
        return (0, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (0, rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if first.is_alphanumeric() || first == '_' {
        let hashes = raw_string(rest);
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        return hashes.map_or((word, 0), |(opening, closing)| {
            (opening, rest[opening..].find(&closing).map_or(rest.len() - opening, |end| end + closing.len()))
        });
    }
    match first {
        '"' => (1, until_closed(&rest[1..], '"')),
        '\'' if is_char_literal(&rest[1..]) => (1, until_closed(&rest[1..], '\'')),
        _ => (first.len_utf8(), 0),
    }
}

/// Returns the length of a raw string's opening, and what closes it.
fn raw_string(rest: &str) -> Option<(usize, String)> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then(|| {
        let opening = rest.len() - after.len() + hashes + 1;
        (opening, format!("\"{}", "#".repeat(hashes)))
    })
}

/// Whether `'` opens a character; a lifetime has no second quote.
fn is_char_literal(inside: &str) -> bool {
    inside.starts_with('\\') || inside.chars().nth(1) == Some('\'')
}

/// Returns the number of bytes up to and including the closing quote.
fn until_closed(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => (),
        }
    }
    inside.len()
}

#[test]
fn code_keeps_its_lines_without_comments_and_literals() {
    for (text, code) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b\n*/ c", "a     \n   c"),
        (r#"f("{ fn", '{', b'"', 'a')"#, r#"f("     , '  , b'  , '  )"#),
        (r#"f("\"", x)"#, r#"f("   , x)"#),
        ("r#\"a \" fn\"# b", "r#\"         b"),
        ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
        ("bra(1) r2", "bra(1) r2"),
    ] {
        let found = code_of(text);
        assert_eq!(found.trim_end(), code.trim_end(), "{text}");
        assert_eq!(found.matches('\n').count(), text.matches('\n').count());
    }
}

#[test]
fn production_code_ends_before_the_tests() {
    let text = "#[cfg(test)]\nmod signed;\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
    let file = File::new("shared/src/a.rs", text);
    assert!(file.production().contains("fn a") && !file.production().contains("fn b"));
    assert_eq!(File::new("tests/a.rs", text).production(), "");
}
