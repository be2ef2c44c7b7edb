//! The rules of the architecture: who imports whom, and what only one module may do.

use std::collections::BTreeSet;

use super::{
    imports::{Crate, circles},
    rule::{Fault, Rule, at_words},
    source::{Word, files},
};

/// The modules of `shared`, bottom up.
const ORDER: [&str; 20] = [
    "error",
    "hash",
    "timestamp",
    "revision",
    "json",
    "jws",
    "address",
    "identifiers",
    "fetch",
    "last_good",
    "metrics",
    "entra",
    "sites",
    "keyring",
    "session",
    "tenants",
    "oauth",
    "telemetry",
    "config",
    "adapters",
];

#[test]
fn a_module_of_the_shared_crate_imports_only_from_those_below_it() {
    let place = |module: &str| ORDER.iter().position(|known| *known == module);
    let files = files();
    let imports = Crate::read(&files, "shared/src/").imports();
    let between: Vec<_> = imports.iter().filter(|import| !import.from.contains("::")).collect();
    assert!(between.len() > 30, "the imports are found: {between:?}");
    for import in between {
        let (from, to) = (place(&import.from), place(&import.to));
        assert!(
            from.is_some() && to.is_some(),
            "give each its place in ORDER and in shared/README.md: {import:?}"
        );
        assert!(from > to, "{import:?} runs against the order of shared/README.md");
    }
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let files = files();
    let roots: BTreeSet<_> = files
        .iter()
        .filter(|file| !file.is_test())
        .filter_map(|file| file.path.split_once("/src/").map(|(root, _)| format!("{root}/src/")))
        .collect();
    assert!(roots.len() >= 8, "the crates are found: {roots:?}");
    for root in roots {
        let circles = circles(&Crate::read(&files, &root).imports());
        assert!(circles.is_empty(), "in {root} these import each other: {circles:?}");
    }
}

#[test]
fn the_modules_that_decide_do_no_input_and_output_and_read_no_clock() {
    const WRONG: [&str; 7] = ["Clock", "fetch", "adapters", "async", "await", "SystemTime", "Instant"];
    let is_pure = |path: &str| {
        path.starts_with("shared/src/sites/")
            || [
                "entra/claims.rs",
                "session/claims.rs",
                "keyring/ring.rs",
                "keyring/plan.rs",
                "tenants/choose.rs",
                "tenants/stored.rs",
            ]
            .iter()
            .any(|file| path == format!("shared/src/{file}"))
    };
    Rule {
        harm: "Whoever asks why a person was let in could no longer answer by a table of values: these modules are pure.",
        check: &|file| {
            let code = if is_pure(&file.path) { file.production() } else { "" };
            at_words(code, |word| WRONG.contains(&word.text).then(|| format!("has `{}`", word.text)))
        },
        spoiled: &[
            ("shared/src/sites/decide.rs", "use crate::{\n    json,\n    timestamp::Clock,\n};\n"),
            ("shared/src/sites/new.rs", "use crate::adapters::SiteFiles;\n"),
            ("shared/src/entra/claims.rs", "pub async fn read() {}\n"),
            ("shared/src/session/claims.rs", "fn a() { b().await }\n"),
            ("shared/src/keyring/plan.rs", "let now = std::time::SystemTime::now();\n"),
            ("shared/src/keyring/ring.rs", "let now = Instant::now();\n"),
        ],
        sound: &[
            ("shared/src/sites/decide.rs", "//! Async, fetch and adapters.\nfn supports(now: Timestamp) {}\n"),
            ("shared/src/keyring/rotate.rs", "use crate::timestamp::Clock;\n"),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn the_emulated_entra_depends_on_no_crate_of_the_service() {
    Rule {
        harm: "A mistake that the emulated Entra shared with the service would pass every test of both.",
        check: &|file| {
            let lines = file.text.lines().zip(1..).filter(|_| file.path == "infra/entra-emulator/Cargo.toml");
            let own = lines.filter(|(line, _)| line.starts_with("pozi"));
            own.map(|(line, number)| Fault { line: number, what: line.to_owned() }).collect()
        },
        spoiled: &[(
            "infra/entra-emulator/Cargo.toml",
            "[dependencies]\nserde = { workspace = true }\npozi-auth = { workspace = true }\n",
        )],
        sound: &[
            ("infra/entra-emulator/Cargo.toml", "[dependencies]\nserde = { workspace = true }\n"),
            ("infra/local/Cargo.toml", "[dependencies]\npozi-auth = { workspace = true }\n"),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn only_adapters_touch_the_world() {
    let is_shared = |path: &str| path.starts_with("shared/src/") && !path.starts_with("shared/src/adapters/");
    let wrong = |word: &Word<'_>| match word.text {
        "adapters" if !word.before.ends_with("mod") => Some("imports adapters".to_owned()),
        "reqwest" | "lambda_http" | "fs" => Some(format!("has `{}`", word.text)),
        aws if aws.starts_with("aws_sdk_") || aws.starts_with("aws_types") => Some(format!("has `{aws}`")),
        "SystemTime" if word.after.starts_with("::now") || word.after.starts_with(":: now") => {
            Some("asks the system's clock".to_owned())
        }
        _ => None,
    };
    Rule {
        harm: "Who runs the service elsewhere, or tests it, would meet a network, a disk or a clock that nobody can replace.",
        check: &|file| at_words(if is_shared(&file.path) { file.production() } else { "" }, wrong),
        spoiled: &[
            ("shared/src/session/mint.rs", "use crate::adapters::SystemClock;\n"),
            ("shared/src/session/mint.rs", "use crate::{\n    adapters::{SystemClock},\n};\n"),
            ("shared/src/entra/keys.rs", "fn f() { reqwest::get(\"x\"); }\n"),
            ("shared/src/oauth/http.rs", "use lambda_http::Body;\n"),
            ("shared/src/tenants/registry.rs", "use aws_sdk_dynamodb::Client;\n"),
            ("shared/src/config.rs", "use std::{env, fs};\n"),
            ("shared/src/telemetry.rs", "let now = std::time::SystemTime::now();\n"),
        ],
        sound: &[
            ("shared/src/lib.rs", "pub mod adapters;\n"),
            ("shared/src/adapters/clock.rs", "fn now() { SystemTime::now(); }\n"),
            ("shared/src/a.rs", "/// See std::fs.\nfn fsync() {}\n#[cfg(test)]\nmod tests {\n use std::fs;\n}\n"),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn only_verification_and_decision_build_what_was_verified_and_decided() {
    const HOMES: [(&str, &str); 3] = [
        ("Grant", "shared/src/sites/decide.rs"),
        ("VerifiedSubject", "shared/src/entra/verify.rs"),
        ("VerifiedSession", "shared/src/session/verify.rs"),
    ];
    Rule {
        harm: "Anybody's name could be signed into a session: the type is the proof that a signature was checked.",
        check: &|file| {
            at_words(&file.code, |word| {
                let (name, home) = HOMES.iter().find(|(name, _)| *name == word.text)?;
                let is_type = word.before.ends_with("->");
                let builds = word.after.starts_with('{') && !is_type;
                (builds && file.path != *home).then(|| format!("builds (or extends) a {name}; only {home} may"))
            })
        },
        spoiled: &[
            ("shared/src/sites/decide.rs", "let somebody = VerifiedSubject { tenant };\n"),
            ("shared/src/session/claims.rs", "let grant = Grant { scope };\n"),
            ("shared/src/session/verify.rs", "let somebody = VerifiedSubject\n{ tenant };\n"),
            ("infra/gate/src/lib.rs", "let session = session::VerifiedSession { scope };\n"),
            ("infra/gate/src/lib.rs", "impl VerifiedSession {\n fn new() -> Self { Self { } }\n}\n"),
        ],
        sound: &[
            ("shared/src/entra/verify.rs", "Ok(VerifiedSubject { tenant })\n"),
            ("shared/src/sites/decide.rs", "fn f(subject: &VerifiedSubject) -> VerifiedSubject {\n}\n"),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn only_one_module_knows_the_status_codes_of_refusals() {
    const NAMES: [&str; 16] = [
        "BAD_REQUEST",
        "UNAUTHORIZED",
        "FORBIDDEN",
        "NOT_FOUND",
        "METHOD_NOT_ALLOWED",
        "NOT_ACCEPTABLE",
        "CONFLICT",
        "GONE",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        "UNPROCESSABLE_ENTITY",
        "TOO_MANY_REQUESTS",
        "INTERNAL_SERVER_ERROR",
        "BAD_GATEWAY",
        "SERVICE_UNAVAILABLE",
        "GATEWAY_TIMEOUT",
    ];
    let is_ours = |path: &str| {
        (path.starts_with("shared/src/") && !path.starts_with("shared/src/oauth/"))
            || path.starts_with("functions/")
    };
    let wrong = |word: &Word<'_>| {
        let number = word.text.parse().is_ok_and(|number: u16| (400..600).contains(&number));
        let named = NAMES.contains(&word.text) && word.before.ends_with("StatusCode::");
        (number || named).then(|| format!("has the status {}", word.text))
    };
    Rule {
        harm: "One reason would be answered in two ways, and the Web App that tells people what to do would guess.",
        check: &|file| at_words(if is_ours(&file.path) { file.production() } else { "" }, wrong),
        spoiled: &[
            ("functions/jwks/src/lib.rs", "*response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;\n"),
            ("functions/token-exchange/src/lib.rs", "Response::builder().status(403)\n"),
            ("shared/src/telemetry.rs", "let status = 503;\n"),
        ],
        sound: &[
            ("shared/src/oauth/refusal.rs", "status: 503,\n"),
            ("functions/jwks/src/document.rs", "*response.status_mut() = StatusCode::NOT_MODIFIED; // not 404\n"),
        ],
        except: &[],
    }
    .holds();
}

#[test]
fn only_telemetry_writes_the_audit_event() {
    Rule {
        harm: "Whoever audits would count an exchange twice, or find in the trail what was never redacted.",
        check: &|file| {
            let is_free = !file.is_rust() || file.path == "shared/src/telemetry.rs";
            let lines = file.text.lines().enumerate().filter(|_| !is_free);
            lines
                .filter(|(_, line)| line.contains("target:"))
                .filter(|(_, line)| line.contains("AUDIT") || line.contains(concat!("pozi::", "audit")))
                .map(|(index, _)| Fault { line: index + 1, what: "writes to the audit trail".into() })
                .collect()
        },
        spoiled: &[
            (
                "functions/token-exchange/src/lib.rs",
                concat!("info!(targ", "et: telemetry::AUDIT, \"granted\");\n"),
            ),
            ("infra/gate/src/lib.rs", concat!("info!(targ", "et: \"pozi::", "audit\", \"granted\");\n")),
        ],
        sound: &[
            ("shared/src/telemetry.rs", concat!("info!(targ", "et: AUDIT, \"granted\");\n")),
            ("tests/logs.rs", "assert_eq!(event[\"target\"], AUDIT);\n"),
        ],
        except: &[],
    }
    .holds();
}
