//! The log's output. A separate thread writes it, so that a full disk or a blocked terminal delays no request. Lines that
//! it cannot keep up with are dropped and counted, and the log says so.

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

/// Lines that may wait to be written: some 10 MB.
const MAX_WAITING_LINES: usize = 20_000;
/// Bytes that are written at once; longer lines are written alone.
const BUFFER_BYTES: usize = 64 * 1024;
/// How long lines are collected: waking the thread for each line would cost a request more than the line itself.
const BATCH_TIME: Duration = Duration::from_millis(50);
/// How often dropped lines are counted.
const COUNT_INTERVAL: Duration = Duration::from_secs(10);

/// The running log. Dropping it writes the remaining lines and stops the log.
#[derive(Debug)]
pub struct LogLines {
    dropped: ErrorCounter,
    _writing: WorkerGuard,
}

/// Why the log cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `[log] file` has no file name.
    #[error("[log] file: {0} has no file name; write a path like \"logs/gate.log\"")]
    MissingFileName(String),
    /// The folder cannot be created.
    #[error("[log] file: cannot create the folder of {0}: {1}")]
    Folder(String, #[source] io::Error),
    /// The file cannot be opened.
    #[error("[log] file: cannot open {0}: {1}")]
    File(String, #[source] InitError),
}

impl LogLines {
    /// Starts the log that `config` describes.
    pub fn start(config: &LogConfig) -> Result<Self, LogError> {
        let (writer, writing) = match &config.file {
            None => background_writer(io::stdout()),
            Some(file) => background_writer(daily_file(file, config.days)?),
        };
        let dropped = writer.error_counter();
        telemetry::init_into(Level::INFO, writer);
        Ok(Self { dropped, _writing: writing })
    }

    /// Counts dropped lines and logs new ones; never returns.
    pub async fn count_dropped(&self) {
        let mut logged = 0;
        loop {
            tokio::time::sleep(COUNT_INTERVAL).await;
            let dropped = self.dropped.dropped_lines();
            metrics::counter!(LOG_LINES_DROPPED).absolute(dropped as u64);
            if dropped > logged {
                let lines = dropped - logged;
                tracing::warn!(target: "pozi::gate", lines, "the log could not keep up and dropped lines");
                logged = dropped;
            }
        }
    }
}

/// Returns a writer of whole lines, each written at once, and what writes the remaining ones when it is dropped. A thread of its own
/// writes them to `writer` within 50 ms, many at once. Lines that it cannot keep up with are dropped.
pub fn background_writer(writer: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(MAX_WAITING_LINES);
    builder.thread_name("log").finish(BatchWriter(BufWriter::with_capacity(BUFFER_BYTES, writer)))
}

/// Writes many whole lines at once. The log's thread flushes when no line is waiting, and then sleeps here to collect
/// more.
struct BatchWriter<W: Write>(BufWriter<W>);

impl<W: Write> Write for BatchWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.0.flush();
        thread::sleep(BATCH_TIME);
        outcome
    }
}

/// Opens one file for each day (UTC): `gate.log` becomes `gate.2026-11-25.log`.
fn daily_file(file: &Path, days: usize) -> Result<RollingFileAppender, LogError> {
    let name = || file.display().to_string();
    let stem =
        file.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| LogError::MissingFileName(name()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| LogError::Folder(name(), error))?;
    let mut builder =
        RollingFileAppender::builder().rotation(Rotation::DAILY).filename_prefix(stem).max_log_files(days);
    if let Some(extension) = file.extension().and_then(|extension| extension.to_str()) {
        builder = builder.filename_suffix(extension);
    }
    builder.build(folder).map_err(|error| LogError::File(name(), error))
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::mpsc};

    use super::*;

    /// Reports each write, and blocks until it is released.
    struct Blocked(mpsc::Sender<()>, mpsc::Receiver<()>);

    impl Write for Blocked {
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
    fn drops_and_counts_lines_when_the_output_blocks() {
        let ((started, is_started), (release, released)) = (mpsc::channel(), mpsc::channel());
        let (mut writer, writing) = background_writer(Blocked(started, released));
        let counter = writer.error_counter();
        writer.write_all(b"first\n").unwrap();
        is_started.recv().unwrap();
        for _ in 0..MAX_WAITING_LINES + 1_000 {
            writer.write_all(b"line\n").unwrap();
        }
        assert_eq!(counter.dropped_lines(), 1_000);
        drop(release);
        drop(writing);
    }

    /// Sends on each piece that it is given.
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
    fn writes_whole_lines_in_batches_and_all_of_them_before_it_ends() {
        let (pieces, written) = mpsc::channel();
        let (mut writer, writing) = background_writer(Pieces(pieces));
        let line = [&[b'a'; 99][..], b"\n"].concat();
        for _ in 0..1_000 {
            writer.write_all(&line).unwrap();
        }
        drop(writing);
        let written: Vec<_> = written.iter().collect();
        assert_eq!(written.iter().map(Vec::len).sum::<usize>(), 100_000);
        assert!(written.iter().all(|piece| piece.ends_with(b"\n") && piece.len() <= BUFFER_BYTES));
        assert!(written.len() < 100, "{} system calls for 1,000 lines", written.len());
    }

    #[test]
    fn names_files_by_day_and_keeps_only_the_latest() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        fs::create_dir(&logs).unwrap();
        for day in 1..=5 {
            fs::write(logs.join(format!("gate.2026-01-0{day}.log")), "").unwrap();
        }
        fs::write(logs.join("other.txt"), "").unwrap();
        let mut log = daily_file(&logs.join("gate.log"), 3).unwrap();
        log.write_all(b"line\n").unwrap();
        let mut names: Vec<_> = fs::read_dir(&logs)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.last().unwrap(), "other.txt");
        assert!(names.len() <= 4, "{names:?}");
        let is_log = |name: &String| Path::new(name).extension().is_some_and(|extension| extension == "log");
        assert!(names.iter().filter(|name| name.starts_with("gate.")).all(is_log));
    }

    #[test]
    fn names_a_path_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, "").unwrap();
        let error = daily_file(&blocked.join("gate.log"), 3).unwrap_err().to_string();
        assert!(error.contains("[log] file") && error.contains("gate.log"), "{error}");
    }
}
