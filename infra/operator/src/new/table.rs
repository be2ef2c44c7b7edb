//! Tables of groups and catalogues, in a mail or in a CSV file.

use pozi_auth::sites::Access;

use super::{
    element::{Element, elements},
    facts::{Fact, Opened, Someone, Title, Who, permits},
    known::Known,
    labels::{self, Column, Item},
    text::guids,
    words::{self, Mark},
};

/// The columns of a table, read from its heading.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    columns: Vec<Heading>,
    /// The cells of the row above, for cells that are merged downwards.
    above: Vec<String>,
}

#[derive(Debug, Clone)]
enum Heading {
    Known(Column),
    Other(String),
}

/// Why a row was not understood.
const UNREAD: &str = "the row does not say one group, by its object id, and its catalogues";

impl Columns {
    /// Reads a heading. `None` if `cells` are not the heading of a table of groups, or of items.
    pub(crate) fn read(cells: &[String]) -> Option<Self> {
        let columns: Vec<_> = cells
            .iter()
            .map(|cell| labels::column(cell).map_or_else(|| Heading::Other(cell.clone()), Heading::Known))
            .collect();
        let known = columns.iter().filter_map(Heading::known);
        let is_about = known
            .clone()
            .any(|column| matches!(column, Column::Group | Column::ObjectId | Column::Catalogue(_)));
        let items = known.clone().filter(|column| matches!(column, Column::Item(_))).count();
        let is_heading =
            (is_about && items == 0 && known.count() >= 2) || (items >= 2 && items == columns.len());
        is_heading.then(|| Self { columns, above: Vec::new() })
    }

    /// Returns the items of a table whose columns are items.
    pub(crate) fn items(&self) -> impl Iterator<Item = Option<Item>> {
        self.columns.iter().map(|heading| match heading {
            Heading::Known(Column::Item(item)) => Some(*item),
            _ => None,
        })
    }

    /// Returns the headings that are not understood, apart from those of catalogues.
    pub(crate) fn unread<'t>(&'t self, known: &'t Known) -> impl Iterator<Item = &'t str> {
        self.columns.iter().filter_map(move |heading| match heading {
            Heading::Other(text) if !text.trim().is_empty() && !known.is_title(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Reads a row. Cells at its start that are blank are merged with those above.
    pub(crate) fn row(&mut self, cells: &[String], known: &Known) -> Vec<Fact> {
        let filled = self.filled(cells);
        let row = Row { columns: &self.columns, cells: &filled, known };
        let facts = row.facts().unwrap_or_else(|| vec![Fact::Unclear(shown(cells), UNREAD)]);
        self.above = filled;
        facts
    }

    fn filled(&self, cells: &[String]) -> Vec<String> {
        let blank = cells.iter().take_while(|cell| cell.trim().is_empty()).count();
        let is =
            |index: usize, column: Column| self.columns.get(index).and_then(Heading::known) == Some(&column);
        let has_own_id =
            (blank..cells.len()).any(|index| is(index, Column::ObjectId) && !cells[index].trim().is_empty());
        let mut filled = cells.to_vec();
        for (index, (cell, above)) in filled.iter_mut().zip(&self.above).take(blank).enumerate() {
            // Another id is another group, whose name is not that of the group above.
            if blank < cells.len() && !(has_own_id && is(index, Column::Group)) {
                cell.clone_from(above);
            }
        }
        filled
    }
}

fn shown(cells: &[String]) -> String {
    cells.iter().map(|cell| cell.trim()).collect::<Vec<_>>().join(" | ")
}

impl Heading {
    fn known(&self) -> Option<&Column> {
        match self {
            Self::Known(column) => Some(column),
            Self::Other(_) => None,
        }
    }
}

struct Row<'r> {
    columns: &'r [Heading],
    cells: &'r [String],
    known: &'r Known,
}

impl Row<'_> {
    /// Returns what the row states. `None` if it cannot be understood.
    fn facts(&self) -> Option<Vec<Fact>> {
        if self.cells.iter().all(|cell| cell.trim().is_empty()) {
            return Some(Vec::new());
        }
        let beyond = self.cells.iter().skip(self.columns.len()).any(|cell| !cell.trim().is_empty());
        let (who, mut facts) = self.who().filter(|_| !beyond)?;
        let (catalogues, about) = self.catalogues()?;
        facts.extend(about);
        let all = self.access()?;
        let is_apart = |heading: &Heading| matches!(heading, Heading::Known(Column::With(_)));
        if !self.columns.iter().any(is_apart) {
            facts.extend(permits(&who, &catalogues, all));
        }
        facts.extend(self.columns_with_access(&who, &catalogues)?);
        let has_id = self.cells.iter().any(|cell| !guids(cell).is_empty());
        (!facts.is_empty() || !has_id).then_some(facts)
    }

    /// Returns the text of the first column that is `column`, if it has any.
    fn cell(&self, column: Column) -> Option<&str> {
        let at = self.columns.iter().position(|heading| heading.known() == Some(&column))?;
        self.cells.get(at).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }

    /// Returns whom the columns of groups and ids name, and the names of the groups.
    fn who(&self) -> Option<(Vec<Someone>, Vec<Fact>)> {
        let name = self.cell(Column::Group);
        let groups = match (self.cell(Column::ObjectId), name) {
            (None, None) => return Some((Vec::new(), Vec::new())),
            (_, Some(name)) if words::is_everyone(name) => {
                return Some((vec![(Who::Everyone, None)], Vec::new()));
            }
            (None, Some(names)) => elements(names, self.known)?,
            (Some(ids), name) => {
                let mut groups = elements(ids, self.known)?;
                if let ([only], Some(name)) = (&mut groups[..], name) {
                    only.name = words::tidy(name);
                }
                groups
            }
        };
        self.as_groups(&groups)
    }

    /// Returns `elements` as groups, and their names. `None` if one has no id.
    fn as_groups(&self, elements: &[Element]) -> Option<(Vec<Someone>, Vec<Fact>)> {
        let groups = elements.iter().map(|element| element.as_group(self.known));
        let groups: Vec<_> = groups.collect::<Option<_>>()?;
        let who = groups.iter().filter_map(|group| Some((Who::Group(group.id?), group.access)));
        Some((who.collect(), groups.iter().filter_map(Element::as_fact).collect()))
    }

    /// Returns the catalogues of the row, and what it states of them.
    fn catalogues(&self) -> Option<(Vec<Opened>, Vec<Fact>)> {
        let mut catalogues = Vec::new();
        for several in [false, true] {
            let Some(cell) = self.cell(Column::Catalogue(several)) else { continue };
            for element in elements(cell, self.known)? {
                let text = words::title(&element.name).filter(|_| element.id.is_none())?;
                let title = if several { Title::listed(text) } else { Title::one(text) };
                catalogues.push((title, element.access));
            }
        }
        let mut facts: Vec<_> = catalogues.iter().map(|(title, _)| Fact::Catalogue(title.clone())).collect();
        if let (Some(project), [(title, _)]) = (self.cell(Column::Project), &catalogues[..]) {
            facts.push(Fact::Project(title.clone(), project.to_owned()));
        }
        Some((catalogues, facts))
    }

    /// Returns the access of the whole row: read if it says none.
    fn access(&self) -> Option<Access> {
        self.cell(Column::Access).map_or(Some(Access::Read), words::access)
    }

    /// Reads the columns whose heading is an access or a catalogue.
    fn columns_with_access(&self, who: &[Someone], catalogues: &[Opened]) -> Option<Vec<Fact>> {
        let mut facts = Vec::new();
        for (heading, cell) in self.columns.iter().zip(self.cells) {
            match heading {
                Heading::Known(Column::With(access)) => {
                    facts.extend(self.with(*access, cell, who, catalogues)?);
                }
                Heading::Other(text) if self.known.is_title(text) => {
                    let title = Title::one(text.trim().to_owned());
                    if let Mark::Given(access) = words::mark(cell, Access::Read)? {
                        facts.extend(permits(who, &[(title, Some(access))], access));
                    }
                }
                _ => {}
            }
        }
        Some(facts)
    }

    /// Reads a cell of the column of `access`: a mark, groups or catalogues.
    fn with(&self, access: Access, cell: &str, who: &[Someone], catalogues: &[Opened]) -> Option<Vec<Fact>> {
        if let Some(mark) = words::mark(cell, access) {
            return Some(match mark {
                Mark::Given(access) => permits(who, catalogues, access),
                Mark::NotGiven => Vec::new(),
            });
        }
        if words::is_everyone(cell) {
            return Some(permits(&[(Who::Everyone, None)], catalogues, access));
        }
        let listed = elements(cell, self.known)?;
        if let Some((who, mut facts)) = self.as_groups(&listed) {
            facts.extend(permits(&who, catalogues, access));
            return Some(facts);
        }
        let titles =
            listed.iter().map(|element| words::title(&element.name).filter(|_| element.id.is_none()));
        let titles: Vec<_> = titles.map(|text| Some((Title::listed(text?), None))).collect::<Option<_>>()?;
        (!who.is_empty() && catalogues.is_empty()).then(|| permits(who, &titles, access))
    }
}
