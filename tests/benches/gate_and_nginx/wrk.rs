//! The client: wrk, which uses HTTP/1.1 with persistent connections.

use std::process::Command;

/// The load that wrk produces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) seconds: u64,
}

/// The results that wrk reports.
#[derive(Debug)]
pub(crate) struct WrkResult {
    pub(crate) requests: u64,
    /// Requests per second.
    pub(crate) rate: f64,
    /// The median duration of a request in microseconds.
    pub(crate) median: f64,
}

impl Load {
    /// Requests `url` repeatedly.
    pub(crate) fn run(self, url: &str, headers: &[String]) -> WrkResult {
        let mut command = Command::new("wrk");
        command.args(["-t1", "--latency"]);
        command.arg(format!("-c{}", self.connections)).arg(format!("-d{}s", self.seconds));
        for header in headers {
            command.args(["-H", header]);
        }
        let output = command.arg(url).output().expect("wrk runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "some requests failed: {text}");
        WrkResult::read(&text).unwrap_or_else(|| unreadable(&text))
    }
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
