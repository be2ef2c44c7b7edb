//! What Entra ID serves and issues, compared with what the service makes of it. Documents and tokens of its shapes are
//! generated and tested in every run. The captured ones are other people's files, kept beside the repository: where they are
//! there, the same tests read them too, and compare their shapes with the generated ones.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "captured/coverage.rs"]
mod coverage;
#[path = "captured/documents.rs"]
mod documents;
#[path = "captured/generated/mod.rs"]
mod generated;
#[path = "captured/kinds.rs"]
mod kinds;
#[path = "captured/shapes.rs"]
mod shapes;

use std::{fs, io::Write, path::Path, sync::Once};

use serde_json::Value;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/entra");

/// Returns a captured file's content; `None` if there are no captures.
fn captured(file: &str) -> Option<Value> {
    static NOTICE: Once = Once::new();
    if !Path::new(CAPTURES).exists() {
        // Not `eprintln!`, whose output is captured when a test passes. In CI too, since a clone has no captures.
        let notice =
            format!("NOT RUN: generated documents only; there are no captures of Entra ID in {CAPTURES}\n");
        NOTICE.call_once(|| drop(std::io::stderr().write_all(notice.as_bytes())));
        return None;
    }
    let path = Path::new(CAPTURES).join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| unreadable(&path, &error));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| unreadable(&path, &error)))
}

#[expect(clippy::panic, reason = "a test whose capture cannot be read fails")]
fn unreadable<T>(path: &Path, error: &dyn std::fmt::Display) -> T {
    panic!("{}: {error}", path.display())
}
