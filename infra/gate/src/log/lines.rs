//! Where the log's lines go. A thread of their own writes them, so that a full disk or a terminal that is not read holds
//! up no request; lines that it cannot keep up with are dropped, counted, and told.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
    thread,
    time::Duration,
};

use pozi_auth::telemetry;
use tracing::Level;
use tracing_appender::{
    non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard},
    rolling::{InitError, RollingFileAppender, Rotation},
};

use crate::{config::LogConfig, metrics::LOG_LINES_DROPPED};

/// Lines that wait to be written: some 10 MB at most.
const WAITING: usize = 20_000;
/// How many bytes are written at a time; longer lines go alone.
const WRITTEN_AT_A_TIME: usize = 64 * 1024;
/// How long lines are gathered: to wake the thread for each costs a request more than its line does.
const GATHERED: Duration = Duration::from_millis(50);
/// How often dropped lines are counted.
const COUNT: Duration = Duration::from_secs(10);

/// The log, written until this is dropped.
#[derive(Debug)]
pub struct LogLines {
    dropped: ErrorCounter,
    _writing: WorkerGuard,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `[log] file` is no file's name.
    #[error("[log] file: {0} names no file")]
    NotAFile(String),
    /// The folder cannot be made.
    #[error("[log] file: {0}: {1}")]
    Folder(String, #[source] io::Error),
    /// The file cannot be opened.
    #[error("[log] file: {0}: {1}")]
    File(String, #[source] InitError),
}

impl LogLines {
    /// Writes the log as `config` says, from now on.
    pub fn start(config: &LogConfig) -> Result<Self, LogError> {
        let (writer, writing) = match &config.file {
            None => written_by_a_thread(io::stdout()),
            Some(file) => written_by_a_thread(daily(file, config.days)?),
        };
        let dropped = writer.error_counter();
        telemetry::init_into(Level::INFO, writer);
        Ok(Self { dropped, _writing: writing })
    }

    /// Tells of lines that were dropped; never comes back.
    pub async fn count_dropped(&self) {
        let mut told = 0;
        loop {
            tokio::time::sleep(COUNT).await;
            let dropped = self.dropped.dropped_lines();
            metrics::counter!(LOG_LINES_DROPPED).absolute(dropped as u64);
            if dropped > told {
                let lines = dropped - told;
                tracing::warn!(target: "pozi::gate", lines, "the log could not keep up; lines were dropped");
                told = dropped;
            }
        }
    }
}

fn written_by_a_thread(writer: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING);
    builder.thread_name("log").finish(Gathering(BufWriter::with_capacity(WRITTEN_AT_A_TIME, writer)))
}

/// Writes whole lines, many at a time. The log's thread flushes whenever no line waits, and rests here after that.
struct Gathering<W: Write>(BufWriter<W>);

impl<W: Write> Write for Gathering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.0.flush();
        thread::sleep(GATHERED);
        outcome
    }
}

/// `gate.log` becomes `gate.2026-11-25.log`, and so on each day (UTC).
fn daily(file: &Path, days: usize) -> Result<RollingFileAppender, LogError> {
    let name = || file.display().to_string();
    let stem = file.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| LogError::NotAFile(name()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| LogError::Folder(name(), error))?;
    let mut builder =
        RollingFileAppender::builder().rotation(Rotation::DAILY).filename_prefix(stem).max_log_files(days);
    if let Some(ending) = file.extension().and_then(|ending| ending.to_str()) {
        builder = builder.filename_suffix(ending);
    }
    builder.build(folder).map_err(|error| LogError::File(name(), error))
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::mpsc};

    use super::*;

    /// Says that it is asked to write, and takes nothing before it is told to.
    struct Stuck(mpsc::Sender<()>, mpsc::Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(());
            let _ = self.1.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_nobody_takes_are_dropped_and_counted_and_hold_nothing_up() {
        let ((asked, is_asked), (release, released)) = (mpsc::channel(), mpsc::channel());
        let (mut writer, writing) = written_by_a_thread(Stuck(asked, released));
        let counter = writer.error_counter();
        writer.write_all(b"first\n").unwrap();
        is_asked.recv().unwrap();
        for _ in 0..WAITING + 1_000 {
            writer.write_all(b"line\n").unwrap();
        }
        assert_eq!(counter.dropped_lines(), 1_000);
        drop(release);
        drop(writing);
    }

    /// Keeps each piece that it was given.
    struct Pieces(mpsc::Sender<Vec<u8>>);

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_whole_and_many_at_a_time_and_the_last_before_the_end() {
        let (pieces, written) = mpsc::channel();
        let (mut writer, writing) = written_by_a_thread(Pieces(pieces));
        let line = [&[b'a'; 99][..], b"\n"].concat();
        for _ in 0..1_000 {
            writer.write_all(&line).unwrap();
        }
        drop(writing);
        let written: Vec<_> = written.iter().collect();
        assert_eq!(written.iter().map(Vec::len).sum::<usize>(), 100_000);
        assert!(written.iter().all(|piece| piece.ends_with(b"\n") && piece.len() <= WRITTEN_AT_A_TIME));
        assert!(written.len() < 100, "{} system calls for 1,000 lines", written.len());
    }

    #[test]
    fn a_file_a_day_has_the_day_in_its_name_and_only_the_last_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        fs::create_dir(&logs).unwrap();
        for day in 1..=5 {
            fs::write(logs.join(format!("gate.2026-01-0{day}.log")), "").unwrap();
        }
        fs::write(logs.join("other.txt"), "").unwrap();
        let mut log = daily(&logs.join("gate.log"), 3).unwrap();
        log.write_all(b"line\n").unwrap();
        let mut names: Vec<_> = fs::read_dir(&logs)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.last().unwrap(), "other.txt");
        assert!(names.len() <= 4, "{names:?}");
        let is_log = |name: &String| Path::new(name).extension().is_some_and(|ending| ending == "log");
        assert!(names.iter().filter(|name| name.starts_with("gate.")).all(is_log));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join("file");
        fs::write(&in_the_way, "").unwrap();
        let said = daily(&in_the_way.join("gate.log"), 3).unwrap_err().to_string();
        assert!(said.contains("[log] file") && said.contains("gate.log"), "{said}");
    }
}
