//! What stands in the catalogues' data: read past QGIS, compared after every attack, restored after a change.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::SystemTime,
};

const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/qgis/rows.py");

/// Rows by table; a digest by any other file.
pub(crate) type Tables = BTreeMap<String, Vec<String>>;

/// The data of one folder of catalogues.
pub(crate) struct Rows {
    data: PathBuf,
    pristine: PathBuf,
    first: Tables,
    stamps: Stamps,
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

type Stamps = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

impl Rows {
    /// Remembers what stands in `data`, and keeps a copy at `pristine`.
    pub(crate) fn of(data: &Path, pristine: &Path) -> Self {
        let copied = Command::new("cp").arg("-r").arg(data).arg(pristine).status().unwrap();
        assert!(copied.success(), "the data is copied");
        let mut reader = Command::new("/usr/bin/python3");
        reader.arg(READER).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = reader.spawn().unwrap();
        let (ask, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (data, pristine) = (data.to_owned(), pristine.to_owned());
        let mut rows =
            Self { data, pristine, first: Tables::new(), stamps: Stamps::new(), child, ask, answers };
        rows.first = rows.read();
        rows
    }

    /// What stands there now.
    pub(crate) fn read(&mut self) -> Tables {
        self.stamps = self.stamped();
        let data = self.data.display().to_string();
        self.ask(&format!("read {data}"))
    }

    /// What differs from the start, a line for each table or file; nothing when no file was touched since the last look.
    pub(crate) fn changes(&mut self) -> Vec<String> {
        if self.stamped() == self.stamps {
            return Vec::new();
        }
        let now = self.read();
        let names = now.keys().chain(self.first.keys()).collect::<std::collections::BTreeSet<_>>();
        let differs = names.into_iter().filter(|name| now.get(*name) != self.first.get(*name));
        differs.map(|name| format!("{name}: {:?} became {:?}", self.first.get(name), now.get(name))).collect()
    }

    /// Makes the rows what they were at the start; says whether it could be done while QGIS has the files open.
    pub(crate) fn restore(&mut self) -> bool {
        let command = format!("restore {} {}", self.data.display(), self.pristine.display());
        let is_restored = self.ask(&command) == self.first;
        self.stamps = self.stamped();
        is_restored
    }

    /// Copies the files themselves; nothing may have them open.
    pub(crate) fn replace(&mut self) {
        fs::remove_dir_all(&self.data).unwrap();
        let copied = Command::new("cp").arg("-r").arg(&self.pristine).arg(&self.data).status().unwrap();
        assert!(copied.success(), "the data is copied back");
        assert_eq!(self.read(), self.first, "the data is as it was");
    }

    fn ask(&mut self, command: &str) -> Tables {
        writeln!(self.ask, "{command}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Size and time of each file that a change would touch: cheaper than reading all.
    fn stamped(&self) -> Stamps {
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
