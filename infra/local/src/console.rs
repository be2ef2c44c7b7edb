//! The log on the terminal: a readable line for each exchange and each warning. A thread of its own writes the lines, some at
//! once.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write as _},
    io,
};

use pozi_auth::{
    adapters::SystemClock,
    telemetry::{self, AUDIT},
    timestamp::Clock,
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry,
    util::SubscriberInitExt,
};

/// The target of events about the service's own keys, whose message is printed.
pub(crate) const KEYS: &str = "pozi::local::keys";

/// Prints exchanges, warnings, errors and what happens to the keys to the terminal, until what it returns is dropped.
#[must_use = "the last lines would be lost"]
pub fn init() -> impl Sized {
    let (lines, writing) = pozi_gate::background_writer(io::stdout());
    // Tests call this more than once; the first subscriber stays.
    drop(registry().with(Terminal(lines)).try_init());
    telemetry::log_panics();
    writing
}

struct Terminal<W>(W);

impl<S: Subscriber, W: io::Write + Clone + 'static> Layer<S> for Terminal<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        let (kind, text) = if target == AUDIT {
            Fields::of(event, &EXCHANGE).as_exchange()
        } else if target == KEYS {
            ("keys".to_owned(), Fields::of(event, &[]).as_text())
        } else if *event.metadata().level() <= Level::WARN {
            ("warning".to_owned(), Fields::of(event, &[]).as_text())
        } else {
            return;
        };
        // Lines are lost if the terminal is gone, and the service goes on.
        let _ = self.0.clone().write_all(line(&kind, &text).as_bytes());
    }
}

/// Returns one line, after the time of day (UTC).
fn line(kind: &str, text: &str) -> String {
    let seconds = SystemClock.now().unix_seconds() % 86_400;
    format!("{:02}:{:02}:{:02}  {kind:<8} {text}\n", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The fields of an audit event that are printed.
const EXCHANGE: [&str; 9] =
    ["decision", "detail", "jti", "reason", "scope", "site", "subject_token_sha256", "total_us", "uti"];

/// Those of an event's fields that are wanted, or all of them if none is named.
#[derive(Default)]
struct Fields {
    wanted: &'static [&'static str],
    known: BTreeMap<&'static str, String>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.wants(field) {
            self.known.insert(field.name(), printable(&format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if self.wants(field) {
            self.known.insert(field.name(), printable(value));
        }
    }
}

/// Replaces control characters: a caller's text must not begin a new line or control the terminal.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

impl Fields {
    fn of(event: &Event<'_>, wanted: &'static [&'static str]) -> Self {
        let mut fields = Self { wanted, known: BTreeMap::new() };
        event.record(&mut fields);
        fields
    }

    fn wants(&self, field: &Field) -> bool {
        self.wanted.is_empty() || self.wanted.contains(&field.name())
    }

    fn text(&self, name: &str) -> &str {
        self.known.get(name).map_or("", String::as_str)
    }

    fn as_exchange(&self) -> (String, String) {
        let micros: u64 = self.text("total_us").parse().unwrap_or_default();
        let site = if self.known.contains_key("site") { self.text("site") } else { "-" };
        let outcome = match self.known.get("scope") {
            Some(scope) => scope.clone(),
            None => format!("{}: {}", self.text("reason"), self.text("detail")),
        };
        let took = format!("{}.{} ms", micros / 1_000, micros / 100 % 10);
        let reference = self.reference();
        (self.text("decision").to_owned(), format!("{site:<12} {outcome}  ({took}{reference})"))
    }

    /// What the page's activity log shows of the same exchange: the session's id, or of a refusal the Entra token's.
    fn reference(&self) -> String {
        let known =
            ["jti", "uti", "subject_token_sha256"].into_iter().find(|name| self.known.contains_key(name));
        known.map_or_else(String::new, |name| format!(", {name} {}", self.text(name)))
    }

    fn as_text(&self) -> String {
        let mut text = self.text("message").to_owned();
        for (name, value) in self.known.iter().filter(|(name, _)| **name != "message") {
            // Writing to a string cannot fail.
            let _ = write!(text, ", {name}: {value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_text_cannot_begin_a_line_or_control_the_terminal() {
        let forged = "x\n03:00:00  granted  riverbend\r\x1b[31m\u{9b}31m";
        assert!(!printable(forged).contains(char::is_control));
        assert_eq!(printable("planning:read é"), "planning:read é");
    }

    #[test]
    fn an_exchange_is_one_readable_line() {
        let fields = |pairs: &[(&'static str, &str)]| {
            let known = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            Fields { wanted: &EXCHANGE, known }
        };
        let granted = fields(&[
            ("decision", "granted"),
            ("site", "riverbend"),
            ("scope", "a:read"),
            ("total_us", "1234"),
            ("jti", "b7"),
            ("uti", "Kx"),
        ]);
        assert_eq!(granted.as_exchange(), ("granted".into(), "riverbend    a:read  (1.2 ms, jti b7)".into()));
        let refused = fields(&[
            ("decision", "refused"),
            ("reason", "expired"),
            ("detail", "expired 1 s ago"),
            ("total_us", "90"),
            ("uti", "Kx"),
        ]);
        assert_eq!(
            refused.as_exchange(),
            ("refused".into(), "-            expired: expired 1 s ago  (0.0 ms, uti Kx)".into())
        );
    }
}
