//! Detects changes of a project file.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

/// The limit for the file system, which may be on another machine.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The modification time and size of a file. QGIS Server reloads a project when its modification time changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    changed: SystemTime,
    size: u64,
}

impl Stamp {
    /// Returns the stamp of a project file; `None` if the gate cannot read it or it is not a file.
    pub(super) async fn of(project: &str) -> Option<Self> {
        let metadata =
            tokio::time::timeout(TIMEOUT, tokio::fs::metadata(Path::new(project))).await.ok()?.ok()?;
        let changed = metadata.modified().ok()?;
        metadata.is_file().then_some(Self { changed, size: metadata.len() })
    }
}
