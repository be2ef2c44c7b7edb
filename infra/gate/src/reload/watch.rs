//! Notices changes of files. Their folders are watched, since editors replace files; and files are also polled, since
//! network shares send no notifications.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind},
};
use tokio::{sync::mpsc, time::sleep};

/// How long to wait after a change before the files are read.
pub(super) const SETTLE_TIME: Duration = Duration::from_millis(300);
/// How often the files are read without a notification.
const POLL_INTERVAL: Duration = Duration::from_mins(1);

/// Notifications that files may have changed.
#[derive(Debug)]
pub(super) struct Changes {
    changed: mpsc::Receiver<()>,
    _watcher: Option<RecommendedWatcher>,
}

impl Changes {
    /// Starts watching `files`.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let (sender, changed) = mpsc::channel(1);
        let names: BTreeSet<OsString> =
            files.iter().filter_map(|file| file.file_name().map(ToOwned::to_owned)).collect();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error may hide any event. If a notification is already waiting, a second one adds nothing.
            if event.map_or(true, |event| concerns(&event, &names)) {
                let _ = sender.try_send(());
            }
        });
        let watcher = watcher.and_then(|mut watcher| {
            let folders: BTreeSet<_> = files.iter().map(|file| folder_of(file)).collect();
            for folder in folders {
                watcher.watch(folder, RecursiveMode::NonRecursive)?;
            }
            Ok(watcher)
        });
        if let Err(error) = &watcher {
            tracing::warn!(target: "pozi::gate", problem = %error, "cannot watch the configuration's folder; its files are read every minute");
        }
        Self { changed, _watcher: watcher.ok() }
    }

    /// Returns when something may have changed, at least once a minute.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            Some(()) = self.changed.recv() => {}
            () = sleep(POLL_INTERVAL) => {}
        }
    }

    /// Drops notifications that are waiting.
    pub(super) fn clear(&mut self) {
        while self.changed.try_recv().is_ok() {}
    }
}

/// Whether an event may change a file in `names`: its content, or any name in the folder, since the file can be a link
/// into a folder that is replaced. Reading is not a change.
fn concerns(event: &Event, names: &BTreeSet<OsString>) -> bool {
    let is_named =
        || event.paths.iter().any(|path| path.file_name().is_some_and(|name| names.contains(name)));
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => is_named(),
        EventKind::Access(_) => false,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => true,
        EventKind::Any | EventKind::Modify(_) | EventKind::Other => event.need_rescan() || is_named(),
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use notify::event::{CreateKind, DataChange, RenameMode};
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn ignores_reads_and_writes_to_other_files() {
        let names = BTreeSet::from([OsString::from("gate.toml")]);
        let data = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        for (kind, path, is_change) in [
            (data, "/a/gate.toml", true),
            (data, "/a/gate.log", false),
            (EventKind::Access(AccessKind::Read), "/a/gate.toml", false),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), "/a/gate.toml", true),
            (EventKind::Create(CreateKind::File), "/a/..data", true),
            (renamed, "/a/..data", true),
        ] {
            let event = Event::new(kind).add_path(path.into());
            assert_eq!(concerns(&event, &names), is_change, "{event:?}");
        }
    }

    #[tokio::test]
    async fn notices_a_file_that_is_written_or_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gate.toml");
        fs::write(&file, "a").unwrap();
        let mut changes = Changes::of(std::slice::from_ref(&file));
        fs::write(&file, "b").unwrap();
        let limit = Duration::from_secs(20);
        timeout(limit, changes.next()).await.unwrap();
        sleep(SETTLE_TIME).await;
        changes.clear();
        let beside = folder.path().join("gate.toml.new");
        fs::write(&beside, "c").unwrap();
        fs::rename(&beside, &file).unwrap();
        timeout(limit, changes.next()).await.unwrap();
    }
}
