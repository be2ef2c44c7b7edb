//! The client: wrk, which speaks HTTP/1.1 over connections that it keeps.

use std::process::Command;

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) seconds: u64,
}

/// What wrk saw.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    /// A second.
    pub(crate) rate: f64,
    /// The median of the time that a request took, in microseconds.
    pub(crate) median: f64,
}

impl Load {
    /// Asks for `url` again and again.
    pub(crate) fn put_on(self, url: &str, headers: &[String]) -> Seen {
        let mut command = Command::new("wrk");
        command.args(["-t1", "--latency"]);
        command.arg(format!("-c{}", self.connections)).arg(format!("-d{}s", self.seconds));
        for header in headers {
            command.args(["-H", header]);
        }
        let output = command.arg(url).output().expect("wrk runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            !text.contains("Non-2xx") && !text.contains("Socket errors"),
            "not all were answered: {text}"
        );
        Seen::read(&text).unwrap_or_else(|| unreadable(&text))
    }
}

fn unreadable(text: &str) -> ! {
    eprintln!("wrk said: {text}");
    std::process::exit(1)
}

impl Seen {
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
