//! The client of a server under load: wrk, which uses HTTP/1.1 with persistent connections.

use std::{path::Path, process::Command};

/// The load that wrk produces.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The number of connections, each with one request at a time.
    pub connections: usize,
    /// For how long.
    pub seconds: u64,
}

/// The results that wrk reports.
#[derive(Debug, Clone, Copy)]
pub struct WrkResult {
    /// The number of requests.
    pub requests: u64,
    /// Requests per second.
    pub rate: f64,
    /// The median duration of a request in microseconds.
    pub median: f64,
    /// The duration in microseconds that 99 of 100 requests do not exceed.
    pub p99: f64,
}

impl Load {
    /// Requests `url` repeatedly.
    ///
    /// # Panics
    /// If a request fails, or has an answer without success.
    pub fn run(self, url: &str, headers: &[String]) -> WrkResult {
        let mut command = self.command();
        for header in headers {
            command.args(["-H", header]);
        }
        measured(command.arg(url))
    }

    /// Requests `url` repeatedly, as the Lua file `script` says.
    ///
    /// # Panics
    /// As [`run`](Self::run) does.
    pub fn run_script(self, url: &str, script: &Path) -> WrkResult {
        measured(self.command().arg("-s").arg(script).arg(url))
    }

    fn command(self) -> Command {
        let mut command = Command::new("wrk");
        command.args(["-t1", "--latency"]);
        command.arg(format!("-c{}", self.connections)).arg(format!("-d{}s", self.seconds));
        command
    }
}

fn measured(command: &mut Command) -> WrkResult {
    let output = command.output().expect("wrk runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "some requests failed: {text}");
    WrkResult::read(&text).unwrap_or_else(|| unreadable(&text))
}

fn unreadable(text: &str) -> ! {
    eprintln!("cannot parse wrk's output: {text}");
    std::process::exit(1)
}

impl WrkResult {
    fn read(text: &str) -> Option<Self> {
        let after = |word: &str| {
            let line = text.lines().map(str::trim).find(|line| line.starts_with(word))?;
            line.strip_prefix(word).map(str::trim)
        };
        let counted = text.lines().find(|line| line.contains(" requests in "))?;
        Some(Self {
            requests: counted.trim().split(' ').next()?.parse().ok()?,
            rate: after("Requests/sec:")?.parse().ok()?,
            median: microseconds(after("50%")?)?,
            p99: microseconds(after("99%")?)?,
        })
    }
}

fn microseconds(text: &str) -> Option<f64> {
    let (number, factor) = match text {
        text if text.ends_with("us") => (text.trim_end_matches("us"), 1.0),
        text if text.ends_with("ms") => (text.trim_end_matches("ms"), 1e3),
        text => (text.trim_end_matches('s'), 1e6),
    };
    Some(number.parse::<f64>().ok()? * factor)
}
