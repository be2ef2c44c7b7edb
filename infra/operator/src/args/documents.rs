//! The command lines in the documents are ones that the program has.

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser};

use super::Args;

/// The documents for people who run the service and the councils' servers.
const DOCUMENTS: [(&str, &str); 6] = [
    ("administrators.md", include_str!("../../../../docs/administrators.md")),
    ("deploy.md", include_str!("../../../../docs/deploy.md")),
    ("operate.md", include_str!("../../../../docs/operate.md")),
    ("sites.md", include_str!("../../../../docs/sites.md")),
    ("support.md", include_str!("../../../../docs/support.md")),
    ("sites.yml", include_str!("../../../../examples/sites-workflow/sites.yml")),
];

/// Values for the placeholders of the documents.
const PLACEHOLDERS: [(&str, &str); 5] = [
    ("SITE", "riverbend"),
    ("NEW-NAME", "fenwick"),
    ("OBJECT-ID", "02f1ea5a-8a90-454c-9ecb-df4562c6afd7"),
    ("JTI", "02f1ea5a-8a90-454c-9ecb-df4562c6afd7"),
    ("ID,ID", "02f1ea5a-8a90-454c-9ecb-df4562c6afd7"),
];

/// Returns the words after `pozi` of every command line in `text`: in code spans, and in the lines of shell code.
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let of_cargo = text.replace("cargo run -p pozi-operator -- ", "pozi ");
    let spans = of_cargo.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let shell = of_cargo.lines().map(|line| line.trim_start().trim_start_matches("- run: "));
    let lines = spans.chain(shell).filter_map(|code| code.strip_prefix("pozi "));
    lines.map(words).collect()
}

/// Returns the words of a command line, with values for placeholders, up to a comment or another command.
fn words(line: &str) -> Vec<String> {
    let named = |word: &str| {
        PLACEHOLDERS.iter().fold(word.to_owned(), |word, (placeholder, value)| {
            if word.split(['/', '.']).any(|part| part == *placeholder) {
                word.replace(placeholder, value)
            } else {
                word
            }
        })
    };
    let ends = |word: &&str| !matches!(*word, "#" | "|" | "||" | "<" | ">" | ">>" | "&&" | "…");
    line.split_whitespace().take_while(ends).map(|word| named(word.trim_matches('"'))).collect()
}

/// Whether the words only name a command, as a text does.
fn is_a_mention(words: &[String]) -> bool {
    let mut command = Args::command();
    words.iter().all(|word| {
        let found = command.find_subcommand(word).cloned();
        found.is_some_and(|found| {
            command = found;
            true
        })
    })
}

fn error_of(words: &[String]) -> Option<String> {
    let line = std::iter::once("pozi").chain(words.iter().map(String::as_str));
    Args::try_parse_from(line).err().map(|error| error.to_string())
}

#[test]
fn every_command_line_of_the_documents_can_be_parsed() {
    let mut seen = BTreeSet::new();
    for (document, text) in DOCUMENTS {
        for words in command_lines(text) {
            let is_known = is_a_mention(&words);
            if let Some(error) = error_of(&words).filter(|_| !is_known) {
                panic!("{document}: pozi {}: {error}", words.join(" "));
            }
            seen.insert(words[0].clone());
        }
    }
    for command in ["check", "diff", "history", "move", "push", "reason", "remove", "rollback"] {
        assert!(seen.contains(command), "no document uses `pozi {command}`");
    }
}

#[test]
fn a_command_that_does_not_exist_is_noticed() {
    for line in
        ["pozi purge SITE", "pozi push --force sites/", "pozi rollback SITE --to 0", "pozi rename SITE"]
    {
        let lines = command_lines(&format!("Run `{line}` now."));
        assert!(!is_a_mention(&lines[0]) && error_of(&lines[0]).is_some(), "{line}");
    }
    assert!(is_a_mention(&words("push")) && is_a_mention(&words("keys")) && !is_a_mention(&words("pusch")));
    assert_eq!(command_lines("```sh\npozi check sites/   # all\n```\n"), [["check", "sites/"]]);
}
