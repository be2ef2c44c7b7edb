//! Which module may import which, and what only one module may do.

use std::collections::BTreeSet;

use super::{
    imports::{Crate, cycles},
    rule::{Rule, Violation, at_words},
    source::{Word, files},
};

/// The modules of `shared`, from the bottom up.
const ORDER: [&str; 23] = [
    "error",
    "hash",
    "timestamp",
    "revision",
    "public_key",
    "json",
    "jws",
    "address",
    "issuer",
    "identifiers",
    "fetch",
    "metrics",
    "last_good",
    "entra",
    "sites",
    "keyring",
    "revocation",
    "session",
    "tenants",
    "oauth",
    "telemetry",
    "config",
    "adapters",
];

#[test]
fn a_shared_module_imports_only_from_modules_below_it() {
    let place = |module: &str| ORDER.iter().position(|known| *known == module);
    let files = files();
    let imports = Crate::read(&files, "shared/src/").imports();
    let between: Vec<_> = imports.iter().filter(|import| !import.from.contains("::")).collect();
    assert!(between.len() > 30, "too few imports found: {between:?}");
    for import in between {
        let (from, to) = (place(&import.from), place(&import.to));
        assert!(
            from.is_some() && to.is_some(),
            "add both modules to ORDER and to shared/README.md: {import:?}"
        );
        assert!(from > to, "{import:?} is against the order in shared/README.md");
    }
}

#[test]
fn no_modules_import_each_other_in_a_cycle() {
    let files = files();
    let roots: BTreeSet<_> = files
        .iter()
        .filter(|file| !file.is_test())
        .filter_map(|file| file.path.split_once("/src/").map(|(root, _)| format!("{root}/src/")))
        .collect();
    assert!(roots.len() >= 8, "too few crates found: {roots:?}");
    for root in roots {
        let cycles = cycles(&Crate::read(&files, &root).imports());
        assert!(cycles.is_empty(), "modules in {root} import each other: {cycles:?}");
    }
}

#[test]
fn pure_modules_do_no_io_and_read_no_clock() {
    const IMPURE: [&str; 7] = ["Clock", "fetch", "adapters", "async", "await", "SystemTime", "Instant"];
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
        reason: "A decision must depend on its arguments alone, so that a table of values can test and explain it.",
        check: &|file| {
            let code = if is_pure(&file.path) { file.production() } else { "" };
            at_words(code, |word| IMPURE.contains(&word.text).then(|| format!("has `{}`", word.text)))
        },
        bad: &[
            ("shared/src/sites/decide.rs", "use crate::{\n    json,\n    timestamp::Clock,\n};\n"),
            ("shared/src/sites/new.rs", "use crate::adapters::SiteFiles;\n"),
            ("shared/src/entra/claims.rs", "pub async fn read() {}\n"),
            ("shared/src/session/claims.rs", "fn a() { b().await }\n"),
            ("shared/src/keyring/plan.rs", "let now = std::time::SystemTime::now();\n"),
            ("shared/src/keyring/ring.rs", "let now = Instant::now();\n"),
        ],
        good: &[
            ("shared/src/sites/decide.rs", "//! Async, fetch and adapters.\nfn supports(now: Timestamp) {}\n"),
            ("shared/src/keyring/rotate.rs", "use crate::timestamp::Clock;\n"),
        ],
        exceptions: &[],
    }
    .check_all();
}

#[test]
fn only_adapters_use_the_network_the_disk_and_the_clock() {
    let is_shared = |path: &str| path.starts_with("shared/src/") && !path.starts_with("shared/src/adapters/");
    let violation = |word: &Word<'_>| match word.text {
        "adapters" if !word.before.ends_with("mod") => Some("imports adapters".to_owned()),
        "reqwest" | "lambda_http" | "fs" => Some(format!("has `{}`", word.text)),
        aws if aws.starts_with("aws_sdk_") || aws.starts_with("aws_types") => Some(format!("has `{aws}`")),
        "SystemTime" if word.after.starts_with("::now") || word.after.starts_with(":: now") => {
            Some("reads the system clock".to_owned())
        }
        _ => None,
    };
    Rule {
        reason: "A test, or another platform, could not replace the network, disk or clock.",
        check: &|file| at_words(if is_shared(&file.path) { file.production() } else { "" }, violation),
        bad: &[
            ("shared/src/session/mint.rs", "use crate::adapters::SystemClock;\n"),
            ("shared/src/session/mint.rs", "use crate::{\n    adapters::{SystemClock},\n};\n"),
            ("shared/src/entra/keys.rs", "fn f() { reqwest::get(\"x\"); }\n"),
            ("shared/src/oauth/http.rs", "use lambda_http::Body;\n"),
            ("shared/src/tenants/registry.rs", "use aws_sdk_dynamodb::Client;\n"),
            ("shared/src/config.rs", "use std::{env, fs};\n"),
            ("shared/src/telemetry.rs", "let now = std::time::SystemTime::now();\n"),
        ],
        good: &[
            ("shared/src/lib.rs", "pub mod adapters;\n"),
            ("shared/src/adapters/clock.rs", "fn now() { SystemTime::now(); }\n"),
            (
                "shared/src/a.rs",
                "/// See std::fs.\nfn fsync() {}\n#[cfg(test)]\nmod tests {\n use std::fs;\n}\n",
            ),
        ],
        exceptions: &[],
    }
    .check_all();
}

#[test]
fn only_oauth_knows_the_status_codes_of_refusals() {
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
    // They read the statuses of Graph's, Entra's and the service's answers, and send none.
    const READERS: [&str; 3] = [
        "shared/src/adapters/graph_call.rs",
        "shared/src/adapters/http_token_endpoint.rs",
        "functions/prober/src/checks.rs",
    ];
    let is_ours = |path: &str| {
        let is_code = path.starts_with("shared/src/") || path.starts_with("functions/");
        is_code && !path.starts_with("shared/src/oauth/") && !READERS.contains(&path)
    };
    let violation = |word: &Word<'_>| {
        let number = word.text.parse().is_ok_and(|number: u16| (400..600).contains(&number));
        let named = NAMES.contains(&word.text) && word.before.ends_with("StatusCode::");
        (number || named).then(|| format!("has the status {}", word.text))
    };
    Rule {
        reason: "One reason could get two statuses, and the Web App could not tell people what to do.",
        check: &|file| at_words(if is_ours(&file.path) { file.production() } else { "" }, violation),
        bad: &[
            ("functions/jwks/src/lib.rs", "*response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;\n"),
            ("functions/token-exchange/src/lib.rs", "Response::builder().status(403)\n"),
            ("shared/src/telemetry.rs", "let status = 503;\n"),
        ],
        good: &[
            ("shared/src/oauth/refusal.rs", "status: 503,\n"),
            (
                "functions/jwks/src/document.rs",
                "*response.status_mut() = StatusCode::NOT_MODIFIED; // not 404\n",
            ),
        ],
        exceptions: &[("functions/authorizer/src/route.rs", "512 is the longest resource of a policy")],
    }
    .check_all();
}

#[test]
fn only_telemetry_writes_the_audit_event() {
    Rule {
        reason: "An exchange could be counted twice, or unredacted text reach the audit trail.",
        check: &|file| {
            let is_allowed = !file.is_rust() || file.path == "shared/src/telemetry.rs";
            let lines = file.text.lines().enumerate().filter(|_| !is_allowed);
            lines
                .filter(|(_, line)| line.contains("target:"))
                .filter(|(_, line)| line.contains("AUDIT") || line.contains(concat!("pozi::", "audit")))
                .map(|(index, _)| Violation { line: index + 1, what: "writes to the audit trail".into() })
                .collect()
        },
        bad: &[
            (
                "functions/token-exchange/src/lib.rs",
                concat!("info!(targ", "et: telemetry::AUDIT, \"granted\");\n"),
            ),
            ("infra/gate/src/lib.rs", concat!("info!(targ", "et: \"pozi::", "audit\", \"granted\");\n")),
        ],
        good: &[
            ("shared/src/telemetry.rs", concat!("info!(targ", "et: AUDIT, \"granted\");\n")),
            ("tests/logs.rs", "assert_eq!(event[\"target\"], AUDIT);\n"),
        ],
        exceptions: &[],
    }
    .check_all();
}
