//! docs/standards.md and the threats in SECURITY.md: every row names a test, and every test named exists. A test that a row of
//! docs/standards.md names mentions the standard and section, as in `RFC 8693 §2.1, §3; RFC 6749 §5.2`.

use std::{collections::BTreeSet, fs, path::Path};

const PAGE: &str = "docs/standards.md";
const RFCS: [u16; 16] =
    [6749, 6750, 8693, 8707, 9068, 8414, 9700, 10017, 7515, 7517, 7518, 7519, 7638, 8725, 9110, 9111];

fn source(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).ok()
}

/// Returns the errors of `page`; `source` returns the text of a file of tests.
fn errors(page: &str, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut errors = Vec::new();
    let mut rfc = "";
    for (index, line) in page.lines().enumerate() {
        let mut report = |what: String| errors.push(format!("{PAGE}:{}: {what}", index + 1));
        if let Some(heading) = line.strip_prefix("## ") {
            rfc = heading.split(':').next().unwrap_or_default();
        }
        let cells = row(line);
        let sections = cells.iter().flat_map(|cells| cells[0].split(", "));
        let wanted: Vec<_> = sections.map(|section| format!("{rfc} §{section}")).collect();
        for (file, name) in references(line) {
            errors_of_test(file, name, source(file), &wanted).into_iter().for_each(&mut report);
        }
        if let Some(cells) = cells {
            if cells.len() != 4 || cells.iter().any(|cell| cell.is_empty()) {
                report("a row must have four cells, and no empty one".into());
            } else if references(cells[3]).next().is_none() {
                report(format!("no test is named for this: {}", cells[1]));
            } else if cells[2].contains("departed") && !cells[2].starts_with("*departed:* ") {
                report(format!("`*departed:*` must come first: {}", cells[2]));
            }
        }
    }
    errors
}

/// Returns the errors of a reference to the test `name` in `file`, whose text is `text`. It must mention the sections `wanted`.
fn errors_of_test(file: &str, name: &str, text: Option<String>, wanted: &[String]) -> Vec<String> {
    let Some(text) = text else { return vec![format!("there is no file {file}, for {name}")] };
    let Some(found) = test(&text, name) else { return vec![format!("{file} has no test {name}")] };
    let mentioned = mentions(&found);
    let missing = wanted.iter().filter(|section| !mentioned.contains(*section));
    missing.map(|section| format!("{file}: {name} does not mention {section}")).collect()
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

/// Returns the test of `text` that is called exactly `name` and not ignored, from its comment to its closing brace.
fn test(text: &str, name: &str) -> Option<String> {
    let lines: Vec<_> = text.lines().collect();
    let begins = |line: &str| line.trim().trim_start_matches("async ").starts_with(&format!("fn {name}("));
    let is_above = |line: &str| line.trim().starts_with("#[") || line.trim().starts_with("///");
    let is_test =
        |line: &&str| line.trim().starts_with("#[test]") || line.trim().starts_with("#[tokio::test");
    let mut found = lines.iter().enumerate().filter(|(_, line)| begins(line)).map(|(at, _)| {
        let start = at - lines[..at].iter().rev().take_while(|line| is_above(line)).count();
        (start, at)
    });
    let (start, at) = found.find(|(start, at)| {
        let above = &lines[*start..*at];
        above.iter().any(is_test) && !above.iter().any(|line| line.trim().starts_with("#[ignore"))
    })?;
    let indent = &lines[at][..lines[at].len() - lines[at].trim_start().len()];
    let is_one_line = lines[at].ends_with('}');
    let closes = |line: &&str| is_one_line || **line == format!("{indent}}}");
    let end = lines[at..].iter().position(closes).map_or(lines.len(), |length| at + length + 1);
    Some(lines[start..end].join("\n"))
}

/// Returns the sections that a text mentions: `RFC 1 §2` and `RFC 1 §3` for `RFC 1 §2, §3`.
fn mentions(text: &str) -> BTreeSet<String> {
    let words = text.split_whitespace().filter(|word| !matches!(*word, "//" | "///" | "and"));
    let mut found = BTreeSet::new();
    let (mut before, mut rfc) = ("", None);
    for word in words.map(|word| word.trim_start_matches(['(', '"', '`'])) {
        if before == "RFC" {
            rfc = Some(word.trim_end_matches(|end: char| !end.is_ascii_digit()));
        } else if let (Some(rfc), Some(section)) = (rfc, word.strip_prefix('§')) {
            let section = section.trim_end_matches(|end: char| !end.is_ascii_alphanumeric());
            found.insert(format!("RFC {rfc} §{section}"));
        } else if word != "RFC" {
            rfc = None;
        }
        before = word;
    }
    found
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
            let exists = source(file).is_some_and(|text| test(&text, name).is_some());
            assert!(exists, "SECURITY.md: {file}: {name}");
        }
    }
}

#[test]
fn an_invalid_row_is_reported_with_its_line() {
    let file = "/// RFC 1 §1, §2.3 and §4.\n#[test]\nfn holds() {}\n\n#[tokio::test]\nasync fn serves() {\n    // See RFC 1 §1.\n}\n\n#[test]\n#[ignore]\nfn waits() {}\n\n/// RFC 1 §1.\nfn helps() {}\n// fn in_comment() {}\n\n/// RFC 2 §1, §1 of RFC 1, RFC 1, then §1, RFC 1 §11; RFC 1 §1.1\n#[test]\nfn mentions_others() {\n    if true {\n    }\n}\n// RFC 1 §1\n";
    let source = |path: &str| (path == "tests/a.rs").then(|| file.to_owned());
    let found = |row: &str| {
        errors(&format!("## RFC 1: one\n| § | a | b | c |\n| --- | --- | --- | --- |\n{row}\n"), source)
    };
    for valid in [
        "| 1 | a | b | `tests/a.rs: holds` |",
        "| 1 | a | `x: y` | `tests/a.rs: serves`, `tests/a.rs: holds` |",
        "| 1, 2.3, 4 | a | b | `tests/a.rs: holds` |",
        "| 1.1 | a | *departed:* b | `tests/a.rs: mentions_others` |",
        "- See `tests/a.rs: mentions_others`.",
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
        ("| 2 | a | b | `tests/a.rs: holds` |", "tests/a.rs: holds does not mention RFC 1 §2"),
        ("| 2.3.1 | a | b | `tests/a.rs: holds` |", "tests/a.rs: holds does not mention RFC 1 §2.3.1"),
        ("| 1, 3 | a | b | `tests/a.rs: holds` |", "tests/a.rs: holds does not mention RFC 1 §3"),
        (
            "| 1 | a | b | `tests/a.rs: mentions_others` |",
            "tests/a.rs: mentions_others does not mention RFC 1 §1",
        ),
        ("| 1 | a | so departed | `tests/a.rs: holds` |", "`*departed:*` must come first: so departed"),
    ] {
        assert_eq!(found(row), [format!("{PAGE}:4: {error}")], "{row}");
    }
    let under_another = errors("## RFC 2: two\n| 1 | a | b | `tests/a.rs: holds` |", source);
    assert_eq!(under_another, [format!("{PAGE}:2: tests/a.rs: holds does not mention RFC 2 §1")]);
}
