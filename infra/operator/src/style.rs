//! Colours and marks of what people see.

use anstyle::{AnsiColor, Style};

/// For what is as it should be, or gained.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// For what is wrong, or lost.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// For what deserves a look.
pub(crate) const CARE: Style = AnsiColor::Yellow.on_default();
/// For headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// For what matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Returns `text` in `style`.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}
