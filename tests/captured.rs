//! What Entra ID really served and issued, held against what the service makes of it. The captures are other people's
//! files and lie beside the repository; where they are not, these tests say so and pass.

#[path = "captured/documents.rs"]
mod documents;
#[path = "captured/shapes.rs"]
mod shapes;

use std::{fs, io::Write, path::Path};

use serde_json::Value;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/entra");

/// A captured file's text, or a notice that its test did not run.
fn captured(file: &str) -> Option<String> {
    let path = Path::new(CAPTURES).join(file);
    if !path.exists() {
        // Not println!, whose text of a passed test nobody sees.
        let notice = format!("NOT RUN: there is no capture at {}\n", path.display());
        std::io::stderr().write_all(notice.as_bytes()).ok();
        return None;
    }
    Some(fs::read_to_string(&path).unwrap_or_else(|error| unreadable(&path, &error)))
}

fn captured_json(file: &str) -> Option<Value> {
    let text = captured(file)?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| unreadable(Path::new(file), &error)))
}

#[expect(clippy::panic, reason = "a capture that is there and cannot be read fails its test")]
fn unreadable<T>(path: &Path, error: &dyn std::fmt::Display) -> T {
    panic!("{}: {error}", path.display())
}
