//! Logs what a QGIS process writes to its standard error, limited in the length and number of lines.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::Instant,
};

/// The longest line that is logged, in bytes.
const MAX_LINE: usize = 500;
/// The most lines per minute.
const MAX_LINES: usize = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// Logs the lines of `stderr` until it ends.
pub(super) async fn log(number: usize, mut stderr: impl AsyncRead + Unpin) {
    let mut lines = Lines::new(Instant::now());
    let mut buffer = [0; 4096];
    while let Ok(read) = stderr.read(&mut buffer).await
        && let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty())
    {
        lines.push(bytes, Instant::now(), |line| {
            tracing::info!(target: "pozi::qgis", number, line, "QGIS Server wrote");
        });
    }
}

/// Collects lines from pieces.
struct Lines {
    line: Vec<u8>,
    minute: Instant,
    logged: usize,
    omitted: usize,
}

impl Lines {
    fn new(now: Instant) -> Self {
        Self { line: Vec::new(), minute: now, logged: 0, omitted: 0 }
    }

    fn push(&mut self, bytes: &[u8], now: Instant, mut log: impl FnMut(&str)) {
        for byte in bytes {
            if *byte == b'\n' {
                self.end_line(now, &mut log);
            } else if self.line.len() < MAX_LINE {
                self.line.push(*byte);
            }
        }
    }

    fn end_line(&mut self, now: Instant, log: &mut impl FnMut(&str)) {
        if now.duration_since(self.minute) >= MINUTE {
            if self.omitted > 0 {
                log(&format!("… and {} more lines", self.omitted));
            }
            (self.minute, self.logged, self.omitted) = (now, 0, 0);
        }
        let line = std::mem::take(&mut self.line);
        if self.logged == MAX_LINES {
            self.omitted += 1;
            return;
        }
        let line = String::from_utf8_lossy(&line).replace(char::is_control, " ");
        if !line.trim().is_empty() {
            self.logged += 1;
            log(line.trim());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn limits_the_length_and_number_of_lines() {
        let (mut lines, mut logged) = (Lines::new(Instant::now()), Vec::new());
        lines.push(b"one\x1b[31m\ntw", Instant::now(), |line| logged.push(line.to_owned()));
        lines.push(b"o\n\n", Instant::now(), |line| logged.push(line.to_owned()));
        lines.push(&[b'x'; 10_000], Instant::now(), |line| logged.push(line.to_owned()));
        lines.push(&b"\nmore".repeat(100), Instant::now(), |line| logged.push(line.to_owned()));
        assert_eq!(logged[..2], ["one [31m", "two"]);
        assert_eq!((logged[2].len(), logged.len()), (MAX_LINE, MAX_LINES));
        tokio::time::advance(MINUTE).await;
        lines.push(b"\n", Instant::now(), |line| logged.push(line.to_owned()));
        assert_eq!(logged[MAX_LINES..], ["… and 42 more lines", "more"]);
    }
}
