//! What commands reach beyond their arguments: AWS, the person at the terminal, the clock, and Entra.

use std::{
    fmt,
    io::{self, BufRead, IsTerminal, Write},
    time::Duration,
};

use aws_types::SdkConfig;
use indicatif::{ProgressBar, ProgressStyle};
use pozi_auth::{
    adapters::{Network, SystemClock},
    address::LoopbackUrl,
    timestamp::{Clock, Timestamp},
};

/// What a command reaches.
pub struct World {
    /// A connection to AWS; by default one is made as the AWS command line does.
    pub aws: Option<SdkConfig>,
    /// The answers of the person; `None` if nobody is there to ask.
    pub answers: Option<Box<dyn BufRead + Send>>,
    /// Only for local trials: an emulated Entra (`POZI_ENTRA_LOGIN_URL`).
    pub entra_login: Option<LoopbackUrl>,
    /// An access token for Microsoft Graph (`POZI_GRAPH_TOKEN`). It is sent to Graph and nowhere else.
    pub graph_token: Option<String>,
    /// How hosts other than AWS are reached.
    pub network: Network,
    /// The current time.
    pub now: Timestamp,
    is_terminal: bool,
}

impl World {
    /// The real one: people are asked if standard input is a terminal.
    pub fn real() -> Self {
        let is_terminal = io::stdin().is_terminal();
        let stdin = || Box::new(io::BufReader::new(io::stdin())) as Box<dyn BufRead + Send>;
        Self {
            aws: None,
            answers: is_terminal.then(stdin),
            entra_login: std::env::var("POZI_ENTRA_LOGIN_URL").ok().and_then(|url| url.parse().ok()),
            graph_token: std::env::var("POZI_GRAPH_TOKEN").ok().filter(|token| !token.is_empty()),
            network: Network::default(),
            now: SystemClock.now(),
            is_terminal: io::stderr().is_terminal(),
        }
    }

    /// One for tests: an emulated AWS, and what the person answers, a line each.
    pub fn emulated(aws: SdkConfig, answers: Option<&str>) -> Self {
        let lines = |answers: &str| Box::new(io::Cursor::new(answers.to_owned())) as Box<dyn BufRead + Send>;
        Self {
            aws: Some(aws),
            answers: answers.map(lines),
            entra_login: None,
            graph_token: None,
            network: Network::default(),
            now: SystemClock.now(),
            is_terminal: false,
        }
    }

    /// Asks `question` and returns the answer without spaces around it. `None` if nobody answers.
    pub fn ask(&mut self, question: &str) -> Option<String> {
        let answers = self.answers.as_mut()?;
        anstream::eprint!("{question} ");
        io::stderr().flush().ok();
        let mut line = String::new();
        let read = answers.read_line(&mut line).unwrap_or_default();
        (read > 0).then(|| line.trim().to_owned())
    }

    /// Asks whether to go on; only `y` or `yes` means that. `None` if nobody is there to ask.
    pub fn agrees(&mut self, question: &str) -> Option<bool> {
        self.answers.as_ref()?;
        let answer = self.ask(&format!("{question} [y/N]")).unwrap_or_default();
        Some(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// Shows `text` to the person before the command ends, such as what a question is about.
    pub fn show(&self, text: &str) {
        if self.answers.is_some() {
            anstream::eprintln!("{text}");
        }
    }

    /// Waits for `work`; on a terminal, says `what` is done once that takes longer than a second.
    pub async fn watching<T>(&self, what: &'static str, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        if !self.is_terminal {
            return work.await;
        }
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        let spinner = ProgressBar::new_spinner().with_message(what);
        spinner.set_style(ProgressStyle::default_spinner());
        spinner.enable_steady_tick(Duration::from_millis(100));
        let done = work.await;
        spinner.finish_and_clear();
        done
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("entra_login", &self.entra_login)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
