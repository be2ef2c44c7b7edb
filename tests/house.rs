//! The house's own rules, held against the tree of sources. Each is proved on a spoiled example first.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

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
    rule::{Fault, Rule, at_words},
    source::{File, line_at},
};

#[test]
fn every_link_to_a_file_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Rule {
        harm: "A newcomer who follows the documents would stand before nothing.",
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
                .map(|(line, link)| Fault { line, what: format!("links to {link}, which is not there") })
                .collect()
        },
        spoiled: &[("README.md", "See [this](docs/nowhere.md).\n"), ("docs/a.md", "See [this](LICENSE).\n")],
        sound: &[
            ("README.md", "See [this](LICENSE), [that](#there) and [more](https://www.rfc-editor.org/).\n"),
            ("docs/a.md", "See [this](../LICENSE#terms).\n"),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn a_main_only_wires() {
    Rule {
        harm: "What stands in a main is run by no test: the first to run it would be a council.",
        check: &|file| {
            let is_main = file.path == "main.rs" || file.path.ends_with("/main.rs");
            let lines = file.text.lines().count();
            let fault = Fault { line: lines, what: format!("has {lines} lines; at most 40") };
            if is_main && lines > 40 { vec![fault] } else { vec![] }
        },
        spoiled: &[("functions/jwks/src/main.rs", &"// A line.\n".repeat(41))],
        sound: &[
            ("functions/jwks/src/main.rs", &"// A line.\n".repeat(40)),
            ("functions/jwks/src/domain.rs", &"// A line.\n".repeat(41)),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn every_file_says_first_what_it_is_for() {
    Rule {
        harm: "Who reads here for the first time, under pressure, would have to guess where to look.",
        check: &|file| {
            let opens_well = file.text.starts_with("//! ") || file.text.starts_with("#![doc");
            let fault = Fault { line: 1, what: "does not open with `//!`".into() };
            if file.is_rust() && !opens_well { vec![fault] } else { vec![] }
        },
        spoiled: &[
            ("shared/src/a.rs", "use std::env;\n"),
            ("shared/src/a.rs", "\n//! Too late.\n"),
            ("a.rs", ""),
        ],
        sound: &[
            ("shared/src/a.rs", "//! What it is for.\n"),
            ("shared/src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
            ("README.md", "# Pozi\n"),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn no_lint_is_silenced_without_a_reason_that_expires() {
    Rule {
        harm: "A silenced lint stays silent when its cause has gone, and hides the next one from the maintainer: write #[expect].",
        check: &|file| {
            at_words(&file.code, |word| {
                let silences = word.text == "allow" && (word.before.ends_with("#[") || word.before.ends_with("#!["));
                silences.then(|| "silences a lint".to_owned())
            })
        },
        spoiled: &[
            ("shared/src/a.rs", "#[allow(dead_code)]\nfn a() {}\n"),
            ("shared/src/a.rs", "#![allow(clippy::pedantic)]\n"),
        ],
        sound: &[("shared/src/a.rs", "// #[allow(dead_code)]\n#[expect(dead_code, reason = \"…\")]\nfn allow() {}\n")],
        except: &[],
    }
    .holds();
}

#[test]
fn no_name_says_get_and_no_file_is_for_odds_and_ends() {
    Rule {
        harm: "The reader pays for a word that says nothing, and finds nothing in a file that is for everything.",
        check: &|file| {
            let is_odd = file.path.split(['/', '.']).any(|part| matches!(part, "utils" | "util"));
            let mut faults = at_words(&file.code, |word| {
                let says_get = word.text.starts_with("get_") && word.before.ends_with("fn");
                says_get.then(|| format!("names a function `{}`", word.text))
            });
            faults.extend(is_odd.then(|| Fault { line: 1, what: "is a file for odds and ends".into() }));
            faults
        },
        spoiled: &[
            ("shared/src/a.rs", "pub fn get_key() {}\n"),
            ("shared/src/utils.rs", "//! Odds and ends.\n"),
            ("shared/src/util/mod.rs", "//! Odds and ends.\n"),
            ("clients/web/utils.js", "// Odds and ends.\n"),
        ],
        sound: &[("shared/src/a.rs", "pub fn get() {}\nfn f() { x.get_all(y); }\nfn target_of() {}\n")],
        except: &[],
    }
    .holds();
}

#[test]
fn no_file_is_longer_than_what_one_can_keep_in_mind() {
    const MOST: usize = 300;
    Rule {
        harm: "Who reviews a change would no longer see the whole of what it changes.",
        check: &|file| {
            let lines = file.production().lines().count();
            let fault =
                Fault { line: lines, what: format!("has {lines} lines before its tests; at most {MOST}") };
            if lines > MOST { vec![fault] } else { vec![] }
        },
        spoiled: &[("shared/src/a.rs", &"fn a() {}\n".repeat(MOST + 1))],
        sound: &[
            ("shared/src/a.rs", &("fn a() {}\n".repeat(MOST - 2) + "#[cfg(test)]\nmod tests {\n\n\n\n}\n")),
            ("README.md", &"A line.\n".repeat(MOST + 1)),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn no_function_is_longer_than_a_screen() {
    const MOST: usize = 60;
    let long = format!("fn a(b: [u8; 2]) -> u8 {{\n{}}}\n", "    b();\n".repeat(MOST - 1));
    let fits = format!("fn a(b: fn(u8)) {{\n{}}}\n", "    b('{');\n".repeat(MOST - 2));
    Rule {
        harm: "Who reviews a change would no longer see the whole function: and a step of an exchange would hide in it.",
        check: &|file| long_functions(&file.code, MOST),
        spoiled: &[
            ("shared/src/a.rs", &long),
            ("shared/src/a.rs", &format!("impl A {{\n{long}}}\n")),
            ("tests/a.rs", &format!("mod tests {{\n{long}}}\n")),
        ],
        sound: &[("shared/src/a.rs", &fits.repeat(3)), ("shared/src/a.rs", "trait A { fn a(&self) -> [u8; 2]; }\n")],
        except: &[
            ("shared/src/oauth/refusal.rs", "the table of refusals: one arm each, nothing happens in it"),
            ("tests/support/spoilt.rs", "a table of spoilt tokens: one line each, nothing happens in it"),
        ],
    }
    .holds();
}

fn long_functions(code: &str, most: usize) -> Vec<Fault> {
    at_words(code, |word| {
        // A type such as `fn(u8)` has no name.
        let is_named = word.text == "fn" && word.after.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let body = is_named.then(|| body_of(word.after)).flatten()?;
        let lines = line_at(word.after, body);
        (lines > most).then(|| format!("begins a function of {lines} lines; at most {most}"))
    })
}

/// Where the function whose name begins `rest` ends; nothing when it has no body.
fn body_of(rest: &str) -> Option<usize> {
    let (mut nested, mut depth) = (0_i32, 0_i32);
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => nested += 1,
            ')' | ']' => nested -= 1,
            ';' if nested == 0 && depth == 0 => return None,
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at),
            '}' => depth -= 1,
            _ => (),
        }
    }
    None
}

#[test]
fn only_hosts_that_nobody_owns_or_that_a_fact_needs_are_named() {
    let named = |host: &str| format!("//! See <https://{host}/a>, or write to robin@{host}.\n");
    let bare = |host: &str| format!("let audience = \"{host}\";\n");
    let foreign = [
        ["www", "pozi", "com"].join("."),
        ["riverbend", "vic", "gov", "au"].join("."),
        ["poziserver-riverbend", "msappproxy", "net"].join("."),
        ["8", "8", "8", "8"].join("."),
    ];
    Rule {
        harm: "A council, or whoever registers the name tomorrow, would get the requests of everybody who tries an example.",
        check: &foreign_hosts,
        spoiled: &[
            ("shared/src/a.rs", &named(&foreign[0])),
            ("docs/a.md", &bare(&foreign[1])),
            ("infra/local/sites/a.toml", &named(&foreign[2])),
            ("clients/web/a.js", &named(&foreign[3])),
        ],
        sound: &[
            ("shared/src/a.rs", &named("riverbend.enterprise.example")),
            ("shared/src/a.rs", &named("example.com")),
            ("docs/a.md", &bare("www.rfc-editor.org")),
            ("docs/a.md", "http://localhost:8080, https://host/, http://127.0.0.1, http://10.0.0.1, package@0.20.2, https://{tenant}, mod.rs, a.b.len\n"),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn a_catalogue_is_spelt_in_one_way() {
    const SHORT: &str = concat!("cata", "log");
    let short = |after: &str| format!("let {SHORT}{after} = 1;\n");
    Rule {
        harm: "Who searches for the word, in scopes and in site files, would find half of the places.",
        check: &|file| {
            let text = file.text.to_lowercase();
            let places =
                text.match_indices(SHORT).filter(|(at, found)| !text[at + found.len()..].starts_with('u'));
            places
                .map(|(at, _)| Fault {
                    line: line_at(&text, at),
                    what: format!("writes {SHORT} without its end"),
                })
                .collect()
        },
        spoiled: &[
            ("shared/src/a.rs", &short("")),
            ("docs/a.md", &short("s")),
            ("a.toml", &short("").to_uppercase()),
        ],
        sound: &[("shared/src/a.rs", &short("ue")), ("docs/a.md", &short("uing"))],
        except: &[],
    }
    .holds();
}

#[test]
fn no_private_key_is_kept_among_the_sources() {
    const MARK: &str = concat!("PRIVATE KEY", "-----");
    let pem = format!("-----BEGIN RSA {MARK}\nMII\n");
    Rule {
        harm: "Whoever can read the repository could sign: keys for tests are made when the tests run.",
        check: &|file| {
            let places = file.text.match_indices(MARK);
            places
                .map(|(at, _)| Fault { line: line_at(&file.text, at), what: "holds a private key".into() })
                .collect()
        },
        spoiled: &[("tests/key.pem", &pem), ("shared/src/a.rs", &format!("const KEY: &str = \"{pem}\";"))],
        sound: &[("shared/src/a.rs", "//! A private key as PKCS #8 DER.\n")],
        except: &[],
    }
    .holds();
}

#[test]
fn the_walk_sees_every_kind_of_file_that_the_rules_are_about() {
    let files: Vec<File> = source::files();
    for path in
        ["shared/src/lib.rs", "functions/jwks/src/main.rs", "infra/local/sites/riverbend.toml", "Cargo.toml"]
    {
        assert!(files.iter().any(|file| file.path == path), "{path}");
    }
    assert!(files.iter().all(|file| !file.path.contains("target/") && !file.path.starts_with(".git/")));
}
