//! Whether a project file changed.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

/// How long the file system may take, which may be on another machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// When a file was changed, and its size. As QGIS Server does it: it reloads a project whose time of change differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    changed: SystemTime,
    size: u64,
}

impl Stamp {
    /// The stamp of the project file; nothing where the gate cannot read it, or where it is not a file.
    pub(super) async fn of(project: &str) -> Option<Self> {
        let metadata =
            tokio::time::timeout(PATIENCE, tokio::fs::metadata(Path::new(project))).await.ok()?.ok()?;
        let changed = metadata.modified().ok()?;
        metadata.is_file().then_some(Self { changed, size: metadata.len() })
    }
}
