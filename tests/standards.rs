//! docs/standards.md and the threats in SECURITY.md: every row names a test, and every test named exists.

use std::{fs, path::Path};

const PAGE: &str = "docs/standards.md";
const RFCS: [u16; 8] = [6749, 8693, 9068, 8414, 7517, 7638, 8707, 8725];

fn source(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).ok()
}

/// Returns the errors of `page`; `source` returns the text of a file of tests.
fn errors(page: &str, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut errors = Vec::new();
    for (index, line) in page.lines().enumerate() {
        let mut report = |what: String| errors.push(format!("{PAGE}:{}: {what}", index + 1));
        for (file, name) in references(line) {
            match source(file) {
                None => report(format!("there is no file {file}, for {name}")),
                Some(text) if !has_test(&text, name) => report(format!("{file} has no test {name}")),
                Some(_) => (),
            }
        }
        if let Some(cells) = row(line) {
            if cells.len() != 4 || cells.iter().any(|cell| cell.is_empty()) {
                report("a row must have four cells, and no empty one".into());
            } else if references(cells[3]).next().is_none() {
                report(format!("no test is named for this: {}", cells[1]));
            }
        }
    }
    errors
}

/// Returns the cells of a table's row; `None` for its head and the line below.
fn row(line: &str) -> Option<Vec<&str>> {
    let cells: Vec<_> =
        line.strip_prefix('|')?.trim_end().trim_end_matches('|').split('|').map(str::trim).collect();
    (cells[0] != "§" && !cells[0].starts_with("---")).then_some(cells)
}

/// Returns what is written as `file.rs: name` in a code span.
fn references(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.filter(|span| span.contains(".rs: ")).filter_map(|span| span.split_once(": "))
}

/// Whether `text` has a test called exactly `name` that is not ignored.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let begins = |line: &str| line.trim_start_matches("async ").starts_with(&format!("fn {name}("));
    let is_marked = |at: usize| {
        let above: Vec<_> = lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).collect();
        let is_test = |line: &&&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        above.iter().any(is_test) && !above.iter().any(|line| line.starts_with("#[ignore"))
    };
    lines.iter().enumerate().any(|(at, line)| begins(line) && is_marked(at))
}

#[test]
fn every_requirement_names_an_existing_test() {
    let page = source(PAGE).unwrap();
    let errors = errors(&page, source);
    assert!(errors.is_empty(), "\n{}\n", errors.join("\n"));
    let sections: Vec<_> = page.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), RFCS.len());
    for (section, rfc) in sections.iter().zip(RFCS) {
        assert!(section.starts_with(&format!("RFC {rfc}: ")), "RFC {rfc} is missing or out of place");
        assert!(section.lines().any(|line| row(line).is_some()), "RFC {rfc} has no row");
        assert!(section.contains("\nNot applicable:\n"), "RFC {rfc} does not say what is not applicable");
    }
}

#[test]
fn every_threat_names_an_existing_test() {
    let page = source("SECURITY.md").unwrap();
    let (_, threats) =
        page.split_once("\n| threat | what prevents it | tests |\n| --- | --- | --- |\n").unwrap();
    let rows: Vec<_> = threats.lines().take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 20, "too few rows found");
    for line in rows {
        let tests: Vec<_> = references(line).collect();
        assert!(!tests.is_empty(), "SECURITY.md: no test is named for this: {line}");
        for (file, name) in tests {
            assert!(source(file).is_some_and(|text| has_test(&text, name)), "SECURITY.md: {file}: {name}");
        }
    }
}

#[test]
fn an_invalid_row_is_reported_with_its_line() {
    let file = "#[test]\nfn holds() {}\n\n#[tokio::test]\nasync fn serves() {}\n\n#[test]\n#[ignore]\nfn waits() {}\n\nfn helps() {}\n// fn in_comment() {}\n";
    let source = |path: &str| (path == "tests/a.rs").then(|| file.to_owned());
    let found = |row: &str| errors(&format!("| § | a | b | c |\n| --- | --- | --- | --- |\n{row}\n"), source);
    for valid in [
        "| 1 | a | b | `tests/a.rs: holds` |",
        "| 1 | a | `x: y` | `tests/a.rs: serves`, `tests/a.rs: holds` |",
        "",
    ] {
        assert_eq!(found(valid), Vec::<String>::new(), "{valid}");
    }
    for (row, error) in [
        ("| 1 | a | b | `tests/b.rs: holds` |", "there is no file tests/b.rs, for holds"),
        ("| 1 | a | b | `tests/a.rs: hold` |", "tests/a.rs has no test hold"),
        ("| 1 | a | b | `tests/a.rs: holds_not` |", "tests/a.rs has no test holds_not"),
        ("| 1 | a | b | `tests/a.rs: waits` |", "tests/a.rs has no test waits"),
        ("| 1 | a | b | `tests/a.rs: helps` |", "tests/a.rs has no test helps"),
        ("| 1 | a | b | `tests/a.rs: in_comment` |", "tests/a.rs has no test in_comment"),
        ("| 1 | a | b | `tests/a.rs: holds`, `tests/a.rs: gone` |", "tests/a.rs has no test gone"),
        ("- See `tests/a.rs: gone`.", "tests/a.rs has no test gone"),
        ("| 1 | a | b | tests/a.rs: holds |", "no test is named for this: a"),
        ("| 1 | a | `tests/a.rs: holds` | later |", "no test is named for this: a"),
        ("| 1 | a | b | |", "a row must have four cells, and no empty one"),
        ("| 1 | a | `tests/a.rs: holds` |", "a row must have four cells, and no empty one"),
    ] {
        assert_eq!(found(row), [format!("{PAGE}:3: {error}")], "{row}");
    }
}
