//! A mail, line by line. Nothing is guessed: a line with an id or an address that is not understood is a fact of its own.

mod entries;

use pozi_auth::identifiers::GroupId;

use super::{
    cells::{Borders, is_ruler},
    facts::{Fact, Place, Stated},
    items::{self, ItemLine},
    known::Known,
    labels::Item,
    list::{Context, List},
    table::Columns,
    text::{Line, guids, mentions_value},
    verbs::Sentence,
    words,
};

/// The longest line that is read, in bytes.
const MAX_LINE_BYTES: usize = 4096;

const UNREAD: &str = "no label or sentence that is understood";

/// Reads a mail. `groups` are those of the groups' file. Reads it twice, because what a line means can depend on names in
/// later lines.
pub(crate) fn read(text: &str, groups: &Known) -> Vec<Stated> {
    let lines = Line::all(text);
    let first = Reader::read(&lines, groups);
    Reader::read(&lines, &groups.with(first.iter().map(|stated| &stated.fact)))
}

struct Reader<'k> {
    known: &'k Known,
    facts: Vec<Stated>,
    /// The line that is read.
    line: usize,
    /// The item whose label was the line before.
    pending: Option<Item>,
    /// The name of the group whose id is expected.
    group_name: Option<String>,
    list: List,
    /// Where the facts of this list begin.
    list_since: usize,
    table: Option<(Borders, Columns)>,
}

impl<'k> Reader<'k> {
    fn read(lines: &[Line], known: &'k Known) -> Vec<Stated> {
        let mut reader = Self {
            known,
            facts: Vec::new(),
            line: 0,
            pending: None,
            group_name: None,
            list: List::default(),
            list_since: 0,
            table: None,
        };
        for line in lines {
            reader.line = line.number;
            let before = reader.facts.len();
            reader.next(line);
            reader.account_for(line, before);
        }
        reader.facts
    }

    fn next(&mut self, line: &Line) {
        if line.is_blank() {
            self.table = None;
            self.list.blank();
        } else if line.layout.len() > MAX_LINE_BYTES {
            self.unclear_if_it_matters(line, "the line is too long");
        } else if !self.pending_value(line)
            && !is_ruler(line)
            && !self.row(line)
            && !self.item(line)
            && !self.heading(line)
        {
            self.statement(line);
        }
    }

    /// Notes that `line` was not understood if the facts from the one with the number `first` on do not speak of all its
    /// values.
    fn account_for(&mut self, line: &Line, first: usize) {
        let facts = self.facts.get(first..).unwrap_or_default();
        let is_lost = |id: GroupId| !facts.iter().any(|stated| stated.fact.accounts_for(id));
        let is_silent = facts.is_empty() && mentions_value(&line.text);
        if is_silent || guids(&line.text).into_iter().any(|(_, id)| is_lost(id)) {
            self.state([Fact::Unclear(line.shown(), UNREAD)]);
        }
    }

    fn state(&mut self, facts: impl IntoIterator<Item = Fact>) {
        let line = Place::Mail(self.line);
        self.facts.extend(facts.into_iter().map(|fact| Stated { line, fact }));
    }

    fn open(&mut self, context: Context, is_marked: bool) {
        self.list = List::new(context, is_marked);
        self.list_since = self.facts.len();
    }

    /// Reads the value of the item whose label was before.
    fn pending_value(&mut self, line: &Line) -> bool {
        let Some(item) = self.pending.take() else { return false };
        let Some(value) = items::bare(&line.text, item) else { return false };
        self.state([value.map_or_else(|reason| Fact::Unclear(line.shown(), reason), Fact::Item)]);
        true
    }

    /// Reads a row of the table that has begun.
    fn row(&mut self, line: &Line) -> bool {
        let Some((borders, mut columns)) = self.table.take() else { return false };
        let Some(cells) = borders.cells(line) else { return false };
        if columns.items().all(|item| item.is_some()) {
            let values: Vec<_> = columns.items().flatten().zip(&cells).collect();
            let values = values.into_iter().filter(|(_, cell)| !cell.is_empty());
            let facts: Vec<_> = values
                .map(|(item, cell)| match items::bare(cell, item) {
                    Some(Ok(value)) => Fact::Item(value),
                    Some(Err(reason)) => Fact::Unclear(cell.clone(), reason),
                    None => Fact::Unclear(cell.clone(), UNREAD),
                })
                .collect();
            self.state(facts);
        } else {
            let facts = columns.row(&cells, self.known);
            self.state(facts);
        }
        self.table = Some((borders, columns));
        true
    }

    /// Reads a line that states items.
    fn item(&mut self, line: &Line) -> bool {
        match items::read(&line.text) {
            ItemLine::Stated(facts) => self.state(facts),
            ItemLine::Label(item) => self.pending = Some(item),
            ItemLine::Other => return false,
        }
        self.list = List::default();
        true
    }

    /// Reads the heading of a table.
    fn heading(&mut self, line: &Line) -> bool {
        let Some((borders, cells)) = Borders::of(line) else { return false };
        let Some(columns) = Columns::read(&cells) else { return false };
        if mentions_value(&line.text) {
            return false;
        }
        let unread: Vec<_> = columns.unread(self.known).map(str::to_owned).collect();
        self.state(unread.into_iter().map(|heading| Fact::Unclear(heading, "this column was not read")));
        self.table = Some((borders, columns));
        self.list = List::default();
        true
    }

    fn unclear_if_it_matters(&mut self, line: &Line, reason: &'static str) {
        let is_about_everyone = words::speaks_of_everyone(&line.text)
            && (line.is_listed || line.text.contains(':') || Sentence::find(&line.text).is_some());
        if mentions_value(&line.text) {
            self.state([Fact::Unclear(line.shown(), reason)]);
        } else if is_about_everyone {
            let reason = "it does not say plainly who: write \"everyone who signs in\", or name a group";
            self.state([Fact::Unclear(line.shown(), reason)]);
        } else if line.is_listed && self.list.is_about_access() {
            self.state([Fact::Unclear(line.shown(), "it names no group or catalogue that is known")]);
        }
    }
}
