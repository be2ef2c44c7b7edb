//! Changes of files. Their folders are watched, since editors put a new file in the place of the old one; and from time
//! to time somebody looks, since a share on the network tells of nothing.

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

/// How long after a change the files are read.
pub(super) const SETTLE: Duration = Duration::from_millis(300);
/// How long nothing may be told before somebody looks.
const LOOK: Duration = Duration::from_mins(1);

/// Tells that files may have changed.
#[derive(Debug)]
pub(super) struct Changes {
    changed: mpsc::Receiver<()>,
    _watcher: Option<RecommendedWatcher>,
}

impl Changes {
    /// Of `files` from now on.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let (told, changed) = mpsc::channel(1);
        let names: BTreeSet<OsString> =
            files.iter().filter_map(|file| file.file_name().map(ToOwned::to_owned)).collect();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An event that cannot be read may be any; a second one adds nothing to one that waits.
            if event.map_or(true, |event| concerns(&event, &names)) {
                let _ = told.try_send(());
            }
        });
        let watcher = watcher.and_then(|mut watcher| {
            let folders: BTreeSet<_> = files.iter().map(|file| folder_of(file)).collect();
            for folder in folders {
                watcher.watch(folder, RecursiveMode::NonRecursive)?;
            }
            Ok(watcher)
        });
        if let Err(problem) = &watcher {
            tracing::warn!(target: "pozi::gate", %problem, "the configuration's folder cannot be watched; it is looked at every minute");
        }
        Self { changed, _watcher: watcher.ok() }
    }

    /// Ready when something may have changed, at least once a minute.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            Some(()) = self.changed.recv() => {}
            () = sleep(LOOK) => {}
        }
    }

    /// What was told until now is known.
    pub(super) fn forget(&mut self) {
        while self.changed.try_recv().is_ok() {}
    }
}

/// Whether an event may be about a file of `names`: a change of one, or of which files there are (a file can be a link
/// to one in a folder that is replaced). Reading is no change.
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
    fn reading_and_another_files_growth_are_no_changes() {
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
    async fn a_file_that_is_written_or_replaced_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gate.toml");
        fs::write(&file, "a").unwrap();
        let mut changes = Changes::of(std::slice::from_ref(&file));
        fs::write(&file, "b").unwrap();
        let patience = Duration::from_secs(20);
        timeout(patience, changes.next()).await.unwrap();
        sleep(SETTLE).await;
        changes.forget();
        let beside = folder.path().join("gate.toml.new");
        fs::write(&beside, "c").unwrap();
        fs::rename(&beside, &file).unwrap();
        timeout(patience, changes.next()).await.unwrap();
    }
}
