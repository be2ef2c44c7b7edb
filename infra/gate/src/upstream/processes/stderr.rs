//! What a QGIS process writes to its standard error, in the log: as many lines as help, and no longer ones.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::Instant,
};

/// The most bytes of a line that are logged.
const LINE: usize = 500;
/// The most lines of a minute.
const LINES: usize = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// Logs what `written` gives, until it ends.
pub(super) async fn log(number: usize, mut written: impl AsyncRead + Unpin) {
    let mut lines = Lines::new(Instant::now());
    let mut buffer = [0; 4096];
    while let Ok(read) = written.read(&mut buffer).await
        && let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty())
    {
        lines.push(bytes, Instant::now(), |line| {
            tracing::info!(target: "pozi::qgis", number, line, "QGIS Server wrote");
        });
    }
}

/// Lines that are gathered from pieces.
struct Lines {
    line: Vec<u8>,
    minute: Instant,
    told: usize,
    left_out: usize,
}

impl Lines {
    fn new(now: Instant) -> Self {
        Self { line: Vec::new(), minute: now, told: 0, left_out: 0 }
    }

    fn push(&mut self, bytes: &[u8], now: Instant, mut tell: impl FnMut(&str)) {
        for byte in bytes {
            if *byte == b'\n' {
                self.end_line(now, &mut tell);
            } else if self.line.len() < LINE {
                self.line.push(*byte);
            }
        }
    }

    fn end_line(&mut self, now: Instant, tell: &mut impl FnMut(&str)) {
        if now.duration_since(self.minute) >= MINUTE {
            if self.left_out > 0 {
                tell(&format!("… and {} lines more", self.left_out));
            }
            (self.minute, self.told, self.left_out) = (now, 0, 0);
        }
        let line = std::mem::take(&mut self.line);
        if self.told == LINES {
            self.left_out += 1;
            return;
        }
        let line = String::from_utf8_lossy(&line).replace(char::is_control, " ");
        if !line.trim().is_empty() {
            self.told += 1;
            tell(line.trim());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lines_are_bounded_in_length_and_number() {
        let (mut lines, mut told) = (Lines::new(Instant::now()), Vec::new());
        lines.push(b"one\x1b[31m\ntw", Instant::now(), |line| told.push(line.to_owned()));
        lines.push(b"o\n\n", Instant::now(), |line| told.push(line.to_owned()));
        lines.push(&[b'x'; 10_000], Instant::now(), |line| told.push(line.to_owned()));
        lines.push(&b"\nmore".repeat(100), Instant::now(), |line| told.push(line.to_owned()));
        assert_eq!(told[..2], ["one [31m", "two"]);
        assert_eq!((told[2].len(), told.len()), (LINE, LINES));
        tokio::time::advance(MINUTE).await;
        lines.push(b"\n", Instant::now(), |line| told.push(line.to_owned()));
        assert_eq!(told[LINES..], ["… and 42 lines more", "more"]);
    }
}
