//! The log on the terminal: a readable line for each exchange and each warning.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write as _},
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

/// Prints exchanges, warnings and errors to the terminal from now on.
pub fn init() {
    // Tests call this more than once; the first subscriber stays.
    drop(registry().with(Terminal).try_init());
    telemetry::log_panics();
}

/// Prints one line, after the time of day (UTC).
pub fn line(kind: &str, text: &str) {
    let seconds = SystemClock.now().unix_seconds() % 86_400;
    println!("{:02}:{:02}:{:02}  {kind:<8} {text}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
}

struct Terminal;

impl<S: Subscriber> Layer<S> for Terminal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        if event.metadata().target() == AUDIT {
            event.record(&mut fields);
            let (kind, text) = fields.as_exchange();
            line(&kind, &text);
        } else if *event.metadata().level() <= Level::WARN {
            event.record(&mut fields);
            line("warning", &fields.as_warning());
        }
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), printable(&format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), printable(value));
    }
}

/// Replaces control characters: a caller's text must not begin a new line or control the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

impl Fields {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn as_exchange(&self) -> (String, String) {
        let micros: u64 = self.text("total_us").parse().unwrap_or_default();
        let site = if self.0.contains_key("site") { self.text("site") } else { "-" };
        let outcome = match self.0.get("scope") {
            Some(scope) => scope.clone(),
            None => format!("{}: {}", self.text("reason"), self.text("detail")),
        };
        let took = format!("{}.{} ms", micros / 1_000, micros / 100 % 10);
        let reference = self.reference();
        (self.text("decision").to_owned(), format!("{site:<12} {outcome}  ({took}{reference})"))
    }

    /// What the page's activity log shows of the same exchange: the session's id, or of a refusal the Entra token's.
    fn reference(&self) -> String {
        let known = ["jti", "uti", "subject_token_sha256"].into_iter().find(|name| self.0.contains_key(name));
        known.map_or_else(String::new, |name| format!(", {name} {}", self.text(name)))
    }

    fn as_warning(&self) -> String {
        let mut text = self.text("message").to_owned();
        for (name, value) in self.0.iter().filter(|(name, _)| **name != "message") {
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
            Fields(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
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
