//! The cells of a line that is a table's row: between bars, tabs, or in columns that are aligned with spaces.

use super::text::Line;

/// What separates the cells of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Borders {
    /// `|`, as in Markdown; `true` if there is one at the start of each row too.
    Bars(bool),
    /// Tabs, as copied from a spreadsheet.
    Tabs,
    /// Two or more spaces. The columns start at these characters.
    Spaces(Vec<usize>),
}

impl Borders {
    /// Returns the cells of `line` and their borders, if it has more than one cell.
    pub(crate) fn of(line: &Line) -> Option<(Self, Vec<String>)> {
        let borders = if line.layout.contains('|') {
            Self::Bars(line.layout.trim_start().starts_with('|'))
        } else if line.layout.contains('\t') {
            Self::Tabs
        } else {
            Self::Spaces(chunks(&line.layout).into_iter().map(|(start, _)| start).collect())
        };
        let cells = borders.cells(line)?;
        (cells.len() > 1).then_some((borders, cells))
    }

    /// Returns the cells of `line` if it has these borders.
    pub(crate) fn cells(&self, line: &Line) -> Option<Vec<String>> {
        let layout = line.layout.as_str();
        let cells: Vec<&str> = match self {
            Self::Bars(is_framed) => {
                let inner = if *is_framed { without_bar(layout.trim()) } else { layout };
                let inner = if *is_framed { inner.strip_suffix('|').unwrap_or(inner) } else { inner };
                layout.contains('|').then(|| inner.split('|').collect())?
            }
            Self::Tabs => layout.contains('\t').then(|| layout.split('\t').collect())?,
            Self::Spaces(starts) => return aligned(layout, starts),
        };
        Some(cells.into_iter().map(|cell| cell.trim().to_owned()).collect())
    }
}

fn without_bar(row: &str) -> &str {
    row.strip_prefix('|').unwrap_or(row)
}

/// Whether `line` only draws a table's lines.
pub(crate) fn is_ruler(line: &Line) -> bool {
    line.layout.contains("--") && line.layout.chars().all(|found| "+-=|: \t".contains(found))
}

/// Puts what stands in `layout` into the columns that begin at `starts`.
fn aligned(layout: &str, starts: &[usize]) -> Option<Vec<String>> {
    let mut cells = vec![String::new(); starts.len()];
    for (start, text) in chunks(layout) {
        let column = starts.iter().rposition(|column| *column <= start + 1)?;
        let cell = cells.get_mut(column).filter(|cell| cell.is_empty())?;
        text.clone_into(cell);
    }
    Some(cells)
}

/// Returns the texts between two or more spaces, and the character at which each begins.
fn chunks(layout: &str) -> Vec<(usize, &str)> {
    let (mut chunks, mut at) = (Vec::new(), 0);
    for piece in layout.split("  ") {
        let text = piece.trim();
        if !text.is_empty() {
            let indent = piece.chars().take_while(|found| found.is_whitespace()).count();
            chunks.push((at + indent, text));
        }
        at += piece.chars().count() + 2;
    }
    chunks
}
