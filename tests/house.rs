//! The architecture rules, checked on every source file. Each rule is first checked on examples that must break it.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "house/architecture.rs"]
mod architecture;
#[path = "house/domains.rs"]
mod domains;
#[path = "house/imports.rs"]
mod imports;
#[path = "house/rule.rs"]
mod rule;
#[path = "house/source.rs"]
mod source;

use std::path::Path;

use self::{
    domains::foreign_hosts,
    rule::{Rule, Violation, at_words},
    source::{File, line_at},
};

#[test]
fn relative_links_in_documents_lead_to_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Rule {
        reason: "A reader of the documents would follow a dead link.",
        check: &|file| {
            let folder = root.join(&file.path).parent().map(Path::to_owned).unwrap_or_default();
            let leads_nowhere = |link: &str| {
                let path = link.split('#').next().unwrap_or_default();
                !path.is_empty() && !path.contains(':') && !folder.join(path).exists()
            };
            let is_prose = Path::new(&file.path).extension().is_some_and(|kind| kind == "md");
            let lines = file.text.lines().enumerate().filter(|_| is_prose);
            let found = lines.flat_map(|(index, line)| {
                line.split("](").skip(1).filter_map(move |rest| Some((index + 1, rest.split_once(')')?.0)))
            });
            let broken = found.filter(|(_, link)| leads_nowhere(link));
            broken
                .map(|(line, link)| Violation {
                    line,
                    what: format!("links to {link}, which does not exist"),
                })
                .collect()
        },
        bad: &[("README.md", "See [this](docs/nowhere.md).\n"), ("docs/a.md", "See [this](LICENSE).\n")],
        good: &[
            ("README.md", "See [this](LICENSE), [that](#there) and [more](https://www.rfc-editor.org/).\n"),
            ("docs/a.md", "See [this](../LICENSE#terms).\n"),
        ],
        exceptions: &[],
    }
    .check_all();
}

#[test]
fn a_main_is_short() {
    Rule {
        reason: "No test runs a `main`: keep the logic in functions that tests can call.",
        check: &|file| {
            let is_main = file.path == "main.rs" || file.path.ends_with("/main.rs");
            let lines = file.text.lines().count();
            let violation = Violation { line: lines, what: format!("has {lines} lines; at most 40") };
            if is_main && lines > 40 { vec![violation] } else { vec![] }
        },
        bad: &[("functions/jwks/src/main.rs", &"// A line.\n".repeat(41))],
        good: &[
            ("functions/jwks/src/main.rs", &"// A line.\n".repeat(40)),
            ("functions/jwks/src/domain.rs", &"// A line.\n".repeat(41)),
        ],
        exceptions: &[],
    }
    .check_all();
}

#[test]
fn every_rust_file_begins_with_its_purpose() {
    Rule {
        reason: "A new reader would have to guess where to look. `missing_docs` does not see private modules.",
        check: &|file| {
            let has_purpose = file.text.starts_with("//! ") || file.text.starts_with("#![doc");
            let violation = Violation { line: 1, what: "does not begin with `//!`".into() };
            if file.is_rust() && !has_purpose { vec![violation] } else { vec![] }
        },
        bad: &[
            ("shared/src/a.rs", "use std::env;\n"),
            ("shared/src/a.rs", "\n//! On the second line.\n"),
            ("a.rs", ""),
        ],
        good: &[
            ("shared/src/a.rs", "//! What it is for.\n"),
            ("shared/src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
            ("README.md", "# Pozi\n"),
        ],
        exceptions: &[],
    }
    .check_all();
}

#[test]
fn no_function_begins_with_get_and_no_file_is_called_utils() {
    Rule {
        reason: "Neither `get_` nor `utils` says anything (Rust API Guidelines, C-GETTER).",
        check: &|file| {
            let is_utils = file.path.split(['/', '.']).any(|part| matches!(part, "utils" | "util"));
            let mut violations = at_words(&file.code, |word| {
                let is_getter = word.text.starts_with("get_") && word.before.ends_with("fn");
                is_getter.then(|| format!("names a function `{}`", word.text))
            });
            violations.extend(
                is_utils.then(|| Violation {
                    line: 1,
                    what: "has a name that does not say what is in it".into(),
                }),
            );
            violations
        },
        bad: &[
            ("shared/src/a.rs", "pub fn get_key() {}\n"),
            ("shared/src/utils.rs", "//! Helpers.\n"),
            ("shared/src/util/mod.rs", "//! Helpers.\n"),
            ("clients/web/utils.js", "// Helpers.\n"),
        ],
        good: &[("shared/src/a.rs", "pub fn get() {}\nfn f() { x.get_all(y); }\nfn target_of() {}\n")],
        exceptions: &[],
    }
    .check_all();
}

#[test]
fn no_file_has_more_than_300_lines_before_its_tests() {
    const MAX_LINES: usize = 300;
    Rule {
        reason: "A reviewer could not keep the whole file in mind. Functions are limited in clippy.toml.",
        check: &|file| {
            let lines = file.production().lines().count();
            let violation = Violation {
                line: lines,
                what: format!("has {lines} lines before its tests; at most {MAX_LINES}"),
            };
            if lines > MAX_LINES { vec![violation] } else { vec![] }
        },
        bad: &[("shared/src/a.rs", &"fn a() {}\n".repeat(MAX_LINES + 1))],
        good: &[
            (
                "shared/src/a.rs",
                &("fn a() {}\n".repeat(MAX_LINES - 2) + "#[cfg(test)]\nmod tests {\n\n\n\n}\n"),
            ),
            ("README.md", &"A line.\n".repeat(MAX_LINES + 1)),
        ],
        exceptions: &[],
    }
    .check_all();
}

#[test]
fn only_reserved_or_listed_hosts_are_named() {
    let named = |host: &str| format!("//! See <https://{host}/a>, or write to robin@{host}.\n");
    let bare = |host: &str| format!("let audience = \"{host}\";\n");
    let foreign = [
        ["www", "pozi", "com"].join("."),
        ["riverbend", "vic", "gov", "au"].join("."),
        ["poziserver-riverbend", "msappproxy", "net"].join("."),
        ["8", "8", "8", "8"].join("."),
    ];
    Rule {
        reason: "The owner of the name would get the requests of everyone who tries an example.",
        check: &foreign_hosts,
        bad: &[
            ("shared/src/a.rs", &named(&foreign[0])),
            ("docs/a.md", &bare(&foreign[1])),
            ("infra/local/sites/a.toml", &named(&foreign[2])),
            ("clients/web/a.js", &named(&foreign[3])),
        ],
        good: &[
            ("shared/src/a.rs", &named("riverbend.enterprise.example")),
            ("shared/src/a.rs", &named("example.com")),
            ("docs/a.md", &bare("www.rfc-editor.org")),
            ("docs/a.md", "http://localhost:8080, https://host/, http://127.0.0.1, http://10.0.0.1, package@0.20.2, https://{tenant}, mod.rs, a.b.len\n"),
        ],
        exceptions: &[("examples/ruby/verify.rb", "an instance variable of Ruby looks like the host of an address")],
    }
    .check_all();
}

#[test]
fn no_private_key_is_in_the_sources() {
    const MARK: &str = concat!("PRIVATE KEY", "-----");
    let pem = format!("-----BEGIN RSA {MARK}\nMII\n");
    Rule {
        reason: "Anyone who can read the repository could sign. Make test keys when the tests run.",
        check: &|file| {
            let places = file.text.match_indices(MARK);
            places
                .map(|(at, _)| Violation {
                    line: line_at(&file.text, at),
                    what: "holds a private key".into(),
                })
                .collect()
        },
        bad: &[("tests/key.pem", &pem), ("shared/src/a.rs", &format!("const KEY: &str = \"{pem}\";"))],
        good: &[("shared/src/a.rs", "//! A private key as PKCS #8 DER.\n")],
        exceptions: &[],
    }
    .check_all();
}

#[test]
fn the_rules_see_every_kind_of_file() {
    let files: Vec<File> = source::files();
    for path in
        ["shared/src/lib.rs", "functions/jwks/src/main.rs", "infra/local/sites/riverbend.toml", "Cargo.toml"]
    {
        assert!(files.iter().any(|file| file.path == path), "{path}");
    }
    assert!(files.iter().all(|file| !file.path.contains("target/") && !file.path.starts_with(".git/")));
}
