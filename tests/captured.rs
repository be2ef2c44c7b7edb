//! What Entra ID served and issued, compared with what the service makes of it. The captures are other people's files, kept
//! beside the repository; without them a notice is printed once, and the tests pass.

#[path = "captured/documents.rs"]
mod documents;
#[path = "captured/shapes.rs"]
mod shapes;

use std::{fs, io::Write, path::Path, sync::Once};

use serde_json::Value;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/entra");

/// Returns a captured file's text; `None` if there are no captures.
fn captured(file: &str) -> Option<String> {
    static NOTICE: Once = Once::new();
    if !Path::new(CAPTURES).exists() {
        // Not `eprintln!`, whose output is captured when a test passes. In CI too, since a clone has no captures.
        let notice = format!("NOT RUN: the tests with captures of Entra ID: there is no folder {CAPTURES}\n");
        NOTICE.call_once(|| drop(std::io::stderr().write_all(notice.as_bytes())));
        return None;
    }
    let path = Path::new(CAPTURES).join(file);
    Some(fs::read_to_string(&path).unwrap_or_else(|error| unreadable(&path, &error)))
}

fn captured_json(file: &str) -> Option<Value> {
    let text = captured(file)?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| unreadable(Path::new(file), &error)))
}

#[expect(clippy::panic, reason = "a test whose capture cannot be read fails")]
fn unreadable<T>(path: &Path, error: &dyn std::fmt::Display) -> T {
    panic!("{}: {error}", path.display())
}
