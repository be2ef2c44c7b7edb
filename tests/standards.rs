//! The page of standards, docs/standards.md, and the threats of SECURITY.md: every row names a test that holds it, and
//! every test named exists.

use std::{fs, path::Path};

const PAGE: &str = "docs/standards.md";
const RFCS: [u16; 8] = [6749, 8693, 9068, 8414, 7517, 7638, 8707, 8725];

fn source(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).ok()
}

/// What is wrong with `page`, line by line; `source` gives the text of a file of tests.
fn faults(page: &str, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in page.lines().enumerate() {
        let mut fault = |what: String| faults.push(format!("{PAGE}:{}: {what}", index + 1));
        for (file, name) in references(line) {
            match source(file) {
                None => fault(format!("there is no file {file}, for {name}")),
                Some(text) if !has_test(&text, name) => fault(format!("{file} has no test {name}")),
                Some(_) => (),
            }
        }
        if let Some(cells) = row(line) {
            if cells.len() != 4 || cells.iter().any(|cell| cell.is_empty()) {
                fault("a row has four cells, none of them empty".into());
            } else if references(cells[3]).next().is_none() {
                fault(format!("no test holds this: {}", cells[1]));
            }
        }
    }
    faults
}

/// The cells of a row that is neither a table's head nor the line below that.
fn row(line: &str) -> Option<Vec<&str>> {
    let cells: Vec<_> =
        line.strip_prefix('|')?.trim_end().trim_end_matches('|').split('|').map(str::trim).collect();
    (cells[0] != "§" && !cells[0].starts_with("---")).then_some(cells)
}

/// Whatever stands as `file.rs: name` in a span of code.
fn references(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.filter(|span| span.contains(".rs: ")).filter_map(|span| span.split_once(": "))
}

/// A test may be longer in name: `fn name(` has its end. What is above it must say that it is one.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let begins = |line: &str| line.trim_start_matches("async ").starts_with(&format!("fn {name}("));
    let is_marked = |at: usize| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        above.into_iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    };
    lines.iter().enumerate().any(|(at, line)| begins(line) && is_marked(at))
}

#[test]
fn every_requirement_is_held_by_a_test_that_exists() {
    let page = source(PAGE).unwrap();
    let faults = faults(&page, source);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    let sections: Vec<_> = page.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), RFCS.len());
    for (section, rfc) in sections.iter().zip(RFCS) {
        assert!(section.starts_with(&format!("RFC {rfc}: ")), "RFC {rfc} is missing or out of place");
        assert!(section.lines().any(|line| row(line).is_some()), "RFC {rfc} has no row");
        assert!(section.contains("\nNot applicable:\n"), "RFC {rfc} does not say what is not applicable");
    }
}

#[test]
fn every_threat_is_held_off_by_a_test_that_exists() {
    let page = source("SECURITY.md").unwrap();
    let (_, threats) =
        page.split_once("\n| threat | what prevents it | held by |\n| --- | --- | --- |\n").unwrap();
    let rows: Vec<_> = threats.lines().take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 20, "the table is read");
    for line in rows {
        let held: Vec<_> = references(line).collect();
        assert!(!held.is_empty(), "SECURITY.md: no test holds this: {line}");
        for (file, name) in held {
            assert!(source(file).is_some_and(|text| has_test(&text, name)), "SECURITY.md: {file}: {name}");
        }
    }
}

#[test]
fn a_spoiled_row_is_caught_with_its_line_and_the_name() {
    let file = "#[test]\nfn holds() {}\n\n#[tokio::test]\n#[ignore]\nasync fn waits() {}\n\nfn helps() {}\n// fn told() {}\n";
    let source = |path: &str| (path == "tests/a.rs").then(|| file.to_owned());
    let found = |row: &str| faults(&format!("| § | a | b | c |\n| --- | --- | --- | --- |\n{row}\n"), source);
    for sound in [
        "| 1 | a | b | `tests/a.rs: holds` |",
        "| 1 | a | `x: y` | `tests/a.rs: waits`, `tests/a.rs: holds` |",
        "",
    ] {
        assert_eq!(found(sound), Vec::<String>::new(), "{sound}");
    }
    for (row, told) in [
        ("| 1 | a | b | `tests/b.rs: holds` |", "there is no file tests/b.rs, for holds"),
        ("| 1 | a | b | `tests/a.rs: hold` |", "tests/a.rs has no test hold"),
        ("| 1 | a | b | `tests/a.rs: holds_not` |", "tests/a.rs has no test holds_not"),
        ("| 1 | a | b | `tests/a.rs: helps` |", "tests/a.rs has no test helps"),
        ("| 1 | a | b | `tests/a.rs: told` |", "tests/a.rs has no test told"),
        ("| 1 | a | b | `tests/a.rs: holds`, `tests/a.rs: gone` |", "tests/a.rs has no test gone"),
        ("- See `tests/a.rs: gone`.", "tests/a.rs has no test gone"),
        ("| 1 | a | b | tests/a.rs: holds |", "no test holds this: a"),
        ("| 1 | a | `tests/a.rs: holds` | later |", "no test holds this: a"),
        ("| 1 | a | b | |", "a row has four cells, none of them empty"),
        ("| 1 | a | `tests/a.rs: holds` |", "a row has four cells, none of them empty"),
    ] {
        assert_eq!(found(row), [format!("{PAGE}:3: {told}")], "{row}");
    }
}
