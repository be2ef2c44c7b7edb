//! What a line says of groups and catalogues: its parts, and sentences such as "Planners can see Planning".

use pozi_auth::sites::Access;

use super::{
    element::{Element, elements, outside_brackets},
    known::Known,
    labels::{self, Column},
    verbs::Sentence,
    words,
};

/// A part of a line, between colons, dashes or the borders of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Groups, by their ids or known names.
    Groups(Vec<Element>),
    /// Everyone who signs in.
    Everyone,
    /// A kind of access.
    Access(Access),
    /// A QGIS project file.
    Project(String),
    /// A word for what follows, such as "Object ID".
    Label(Column),
    /// Names of catalogues, or of a group whose id follows.
    Text(Vec<Element>),
}

/// What a line says, as far as it says it by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The groups.
    pub groups: Vec<Element>,
    /// Whether everyone who signs in is meant.
    pub everyone: bool,
    /// The catalogues.
    pub catalogues: Vec<Element>,
    /// The access of all.
    pub access: Option<Access>,
    /// A QGIS project file.
    pub project: Option<String>,
    /// The words that only say what follows.
    pub labels: Vec<Column>,
}

/// Reads the line `text`. `None` if it cannot be understood.
pub(crate) fn statement(text: &str, known: &Known) -> Option<Statement> {
    match Sentence::find(text) {
        Some(sentence) => from_sentence(&sentence, known),
        None => from_parts(
            split(text).into_iter().map(|part| Part::read(part, known)).collect::<Option<_>>()?,
            known,
        ),
    }
}

fn from_sentence(sentence: &Sentence<'_>, known: &Known) -> Option<Statement> {
    let who = from_parts(
        split(sentence.who).into_iter().map(|part| Part::read(part, known)).collect::<Option<_>>()?,
        known,
    );
    let who = who.filter(|who| who.catalogues.is_empty() && who.access.is_none() && who.project.is_none())?;
    let catalogues = if words::is_announcement(sentence.what) {
        Vec::new()
    } else {
        titles(elements(sentence.what, known)?)?
    };
    Some(Statement { catalogues, access: Some(sentence.access), ..who })
}

/// Puts `parts` together: a name goes with the id that follows it.
fn from_parts(parts: Vec<Part>, known: &Known) -> Option<Statement> {
    let mut statement = Statement::default();
    let mut texts: Vec<Vec<Element>> = Vec::new();
    for part in parts {
        match part {
            Part::Groups(mut groups) => {
                if let ([only], Some([name])) = (&mut groups[..], texts.last().map(Vec::as_slice))
                    && only.name.is_empty()
                    && !known.is_title_beside(&name.name, only.id)
                {
                    only.name.clone_from(&name.name);
                    texts.pop();
                }
                statement.groups.extend(groups);
            }
            Part::Everyone => statement.everyone = true,
            Part::Access(access) if statement.access.is_none_or(|earlier| earlier == access) => {
                statement.access = Some(access);
            }
            Part::Project(project) if statement.project.is_none() => statement.project = Some(project),
            Part::Access(_) | Part::Project(_) => return None,
            Part::Label(column) => statement.labels.push(column),
            Part::Text(text) => texts.push(text),
        }
    }
    statement.catalogues = match texts.len() {
        0 => Vec::new(),
        1 => titles(texts.swap_remove(0))?,
        _ => return None,
    };
    Some(statement)
}

/// Returns `elements` if each can be a catalogue.
fn titles(elements: Vec<Element>) -> Option<Vec<Element>> {
    elements
        .iter()
        .all(|element| element.id.is_none() && words::name(&element.name).is_some())
        .then_some(elements)
}

impl Part {
    fn read(text: &str, known: &Known) -> Option<Self> {
        if let Some(access) = words::access(text) {
            return Some(Self::Access(access));
        }
        if words::is_everyone(text) {
            return Some(Self::Everyone);
        }
        let unquoted = text.trim().trim_matches(['"', '\'']);
        if [".qgz", ".qgs"].iter().any(|end| unquoted.to_ascii_lowercase().ends_with(end)) {
            return Some(Self::Project(unquoted.to_owned()));
        }
        match labels::column(text) {
            Some(Column::With(access)) => return Some(Self::Access(access)),
            Some(Column::Item(_) | Column::Number) | None => {}
            Some(column) => return Some(Self::Label(column)),
        }
        let elements = elements(text, known)?;
        let with_ids = elements.iter().filter(|element| element.id.is_some()).count();
        let named: Option<Vec<_>> = elements.iter().map(|element| element.as_group(known)).collect();
        match named {
            Some(groups) => Some(Self::Groups(groups)),
            None if with_ids == 0 => Some(Self::Text(elements)),
            None => None,
        }
    }
}

/// Divides a line into its parts.
pub(crate) fn split(text: &str) -> Vec<&str> {
    let separator = |rest: &str| -> Option<usize> {
        let marks = [" - ", " – ", " — ", "->", "=>", "→", "=", "|", "\t", "   ", "  "];
        if let Some(mark) = marks.iter().find(|mark| rest.starts_with(**mark)) {
            return Some(mark.len());
        }
        // Not the colon of a drive or an address.
        let after = rest.strip_prefix(':')?;
        (!after.starts_with(['\\', '/'])).then_some(1)
    };
    let parts = outside_brackets(text, separator);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}
