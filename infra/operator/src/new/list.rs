//! Which list the lines of a mail are in: entries below a catalogue, a group or a heading.

use pozi_auth::{identifiers::GroupId, sites::Access};

use super::{facts::Title, text::Line};

/// What the entries of a list belong to.
#[derive(Debug, Clone, Default)]
pub(crate) enum Context {
    /// Nothing that is known.
    #[default]
    Nothing,
    /// Groups follow, which may open these catalogues.
    Catalogues(Vec<Title>, Option<Access>),
    /// Catalogues follow, which these groups may open.
    Groups(Vec<GroupId>, Option<Access>),
    /// The titles of catalogues follow.
    Titles,
}

/// A list that has begun.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    context: Context,
    state: State,
    /// Whether its heading is certainly one, so that entries may follow after a blank line.
    is_marked: bool,
    /// How far the first entry is indented.
    indent: Option<usize>,
    /// How far an entry is indented that has a list of its own, this one, and whether it is marked.
    above: Option<(usize, bool)>,
    /// The list of that entry.
    outer: Option<Box<List>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// There is no entry yet.
    #[default]
    New,
    /// There is no entry yet, and a blank line after the heading.
    Apart,
    /// Its entries are marked.
    Listed,
    /// Its entries are lines, until the next blank one.
    Lines,
    /// It has ended.
    Ended,
}

impl List {
    /// Starts a list below a heading.
    pub(crate) fn new(context: Context, is_marked: bool) -> Self {
        Self { context, is_marked, ..Self::default() }
    }

    /// Returns a list of what belongs to `line`, which is an entry of this list. Its entries are marked.
    pub(crate) fn below(&self, context: Context, line: &Line) -> Self {
        let outer = self.outer.clone().unwrap_or_else(|| Box::new(self.clone()));
        let above = Some((indent(line), line.is_listed));
        Self { context, above, outer: Some(outer), ..Self::default() }
    }

    /// Returns what the entries belong to.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the catalogue if it is one.
    pub(crate) fn title(&self) -> Option<Title> {
        match &self.context {
            Context::Catalogues(titles, _) if titles.len() == 1 => titles.first().cloned(),
            _ => None,
        }
    }

    /// Whether nothing but its heading was read.
    pub(crate) fn is_new(&self) -> bool {
        self.state == State::New && !matches!(self.context, Context::Nothing)
    }

    /// Whether its entries say who may open what.
    pub(crate) fn is_about_access(&self) -> bool {
        matches!(self.context, Context::Catalogues(..) | Context::Groups(..)) && self.state != State::Ended
    }

    /// Notes a blank line.
    pub(crate) fn blank(&mut self) {
        self.state = match self.state {
            State::New => State::Apart,
            State::Lines => State::Ended,
            other => other,
        };
    }

    /// Goes on with entries that have this access.
    pub(crate) fn restart(&mut self, with: Access) {
        if let Context::Catalogues(_, access) | Context::Groups(_, access) = &mut self.context {
            *access = Some(with);
            self.state = State::New;
        }
    }

    /// Notes `line`, and returns whether it is an entry.
    pub(crate) fn takes(&mut self, line: &Line) -> bool {
        let indent = indent(line);
        let is_below =
            self.above.is_none_or(|(above, is_listed)| line.is_listed && (indent > above || !is_listed));
        let is_inside = is_below && !(line.is_listed && self.indent.is_some_and(|first| indent < first));
        if let Some(outer) = self.outer.take_if(|_| !is_inside) {
            *self = *outer;
            return self.takes(line);
        }
        self.state = match self.state {
            _ if !is_inside => State::Ended,
            State::New | State::Apart if line.is_listed => State::Listed,
            State::New => State::Lines,
            State::Apart if self.is_marked => State::Lines,
            State::Listed if !line.is_listed => State::Ended,
            State::Apart => State::Ended,
            other => other,
        };
        if self.state == State::Listed && line.is_listed {
            self.indent.get_or_insert(indent);
        }
        self.state != State::Ended
    }
}

fn indent(line: &Line) -> usize {
    line.layout.chars().take_while(|found| found.is_whitespace()).count()
}
