//! The rows of the catalogues' data, read without QGIS: compared after every attack, and restored after a change.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::SystemTime,
};

const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/qgis/rows.py");

/// The rows of each table, and a digest of each other file.
pub(crate) type Tables = BTreeMap<String, Vec<String>>;

/// The data of one folder of catalogues.
pub(crate) struct Rows {
    data: PathBuf,
    pristine: PathBuf,
    original: Tables,
    stamps: Stamps,
    child: Child,
    send: ChildStdin,
    answers: BufReader<ChildStdout>,
}

type Stamps = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

impl Rows {
    /// Reads `data` and copies it to `pristine`.
    pub(crate) fn of(data: &Path, pristine: &Path) -> Self {
        let copied = Command::new("cp").arg("-r").arg(data).arg(pristine).status().unwrap();
        assert!(copied.success(), "cannot copy the data");
        let mut reader = Command::new("/usr/bin/python3");
        reader.arg(READER).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = reader.spawn().unwrap();
        let (send, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (data, pristine) = (data.to_owned(), pristine.to_owned());
        let mut rows =
            Self { data, pristine, original: Tables::new(), stamps: Stamps::new(), child, send, answers };
        rows.original = rows.read();
        rows
    }

    /// Reads the current rows.
    pub(crate) fn read(&mut self) -> Tables {
        self.stamps = self.current_stamps();
        let data = self.data.display().to_string();
        self.send(&format!("read {data}"))
    }

    /// Returns a line for each table or file that differs from the original; nothing if no file was touched since the
    /// last call.
    pub(crate) fn changes(&mut self) -> Vec<String> {
        if self.current_stamps() == self.stamps {
            return Vec::new();
        }
        let now = self.read();
        let names = now.keys().chain(self.original.keys()).collect::<std::collections::BTreeSet<_>>();
        let differs = names.into_iter().filter(|name| now.get(*name) != self.original.get(*name));
        differs
            .map(|name| format!("{name}: {:?} became {:?}", self.original.get(name), now.get(name)))
            .collect()
    }

    /// Restores the original rows while QGIS has the files open. Returns whether that succeeded.
    pub(crate) fn restore(&mut self) -> bool {
        let command = format!("restore {} {}", self.data.display(), self.pristine.display());
        let is_restored = self.send(&command) == self.original;
        self.stamps = self.current_stamps();
        is_restored
    }

    /// Replaces the files with the originals. No process may have them open.
    pub(crate) fn replace(&mut self) {
        fs::remove_dir_all(&self.data).unwrap();
        let copied = Command::new("cp").arg("-r").arg(&self.pristine).arg(&self.data).status().unwrap();
        assert!(copied.success(), "cannot copy the data back");
        assert_eq!(self.read(), self.original, "the data is not restored");
    }

    fn send(&mut self, command: &str) -> Tables {
        writeln!(self.send, "{command}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The size and modification time of each file, which are faster to read than the rows.
    fn current_stamps(&self) -> Stamps {
        let folders = ["alpha", "beta"].map(|catalogue| self.data.join(catalogue));
        let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let stamp = |path: &Path| fs::metadata(path).map(|file| (file.len(), file.modified().ok()));
        files
            .filter_map(|file| file.ok().and_then(|file| Some((file.path(), stamp(&file.path()).ok()?))))
            .collect()
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
