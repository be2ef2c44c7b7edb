//! Entries of lists: groups and catalogues, each with what is written beside it.

use pozi_auth::{identifiers::GroupId, sites::Access};

use super::{
    facts::Fact,
    known::Known,
    labels::{self, Column},
    text::guids,
    words,
};

/// An entry of a list: a group or a catalogue, and the access that is written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name; empty if there is only an id.
    pub name: String,
    /// Its id.
    pub id: Option<GroupId>,
    /// The access.
    pub access: Option<Access>,
}

/// Reads a list of groups or catalogues, separated by commas. `None` if an entry cannot be understood.
pub(crate) fn elements(text: &str, known: &Known) -> Option<Vec<Element>> {
    let text = text.trim().trim_end_matches('.');
    let pieces = outside_brackets(text, |rest| rest.starts_with([',', ';']).then_some(1));
    let pieces: Vec<_> = pieces
        .into_iter()
        .flat_map(|piece| between_groups(piece, known))
        .filter(|piece| !piece.trim().is_empty())
        .collect();
    pieces.into_iter().map(Element::read).collect::<Option<Vec<_>>>().filter(|elements| !elements.is_empty())
}

impl Element {
    /// Returns the element as a group, if it has an id or a known name.
    pub(crate) fn as_group(&self, known: &Known) -> Option<Self> {
        let id = self.id.or_else(|| known.group(&self.name))?;
        Some(Self { id: Some(id), ..self.clone() })
    }

    /// Returns that there is a group with this name, if it has an id.
    pub(crate) fn as_fact(&self) -> Option<Fact> {
        Some(Fact::Group(self.id?, self.name.clone()))
    }

    /// Reads one entry of a list.
    fn read(text: &str) -> Option<Self> {
        let mut element = Self { name: String::new(), id: None, access: None };
        let rest = element.take_brackets(text)?;
        let rest = element.take_access(&rest);
        let (before, after) = match &guids(rest)[..] {
            [] => (rest, ""),
            [(at, id)] if element.id.is_none() => {
                element.id = Some(*id);
                (&rest[..at.start], &rest[at.end..])
            }
            _ => return None,
        };
        let is_label =
            |text: &str| words::words(text).is_empty() || labels::column(text) == Some(Column::ObjectId);
        element.name = match (is_label(before), is_label(after)) {
            (true, true) => String::new(),
            (false, true) => words::name(before)?,
            (true, false) => words::name(after)?,
            (false, false) => {
                element.access = Some(words::access(after).filter(|_| element.access.is_none())?);
                words::name(before)?
            }
        };
        (element.id.is_some() || !element.name.is_empty()).then_some(element)
    }

    /// Takes the id and the access that stand in brackets. Returns the rest of `text`.
    fn take_brackets(&mut self, text: &str) -> Option<String> {
        let mut rest = String::new();
        let mut at = text;
        while let Some(open) = at.find(['(', '[', '{']) {
            let Some(length) = at[open..].find([')', ']', '}']) else { break };
            rest.push_str(&at[..open]);
            if !self.take_remark(&at[open + 1..open + length])? {
                rest.push_str(&at[open..=open + length]);
            }
            at = &at[open + length + 1..];
        }
        rest.push_str(at);
        Some(rest)
    }

    /// Takes what stands in brackets. `Some(false)` if it belongs to the name, `None` if it cannot be understood.
    fn take_remark(&mut self, inner: &str) -> Option<bool> {
        for piece in inner.split([',', ';']) {
            if let [(at, id)] = &guids(piece)[..] {
                let around = format!("{} {}", &piece[..at.start], &piece[at.end..]);
                let is_label =
                    words::words(&around).is_empty() || labels::column(&around) == Some(Column::ObjectId);
                self.id = Some(*id).filter(|_| is_label && self.id.is_none());
                self.id?;
            } else if let Some(access) = words::access(piece) {
                self.access = Some(access).filter(|_| self.access.is_none());
                self.access?;
            } else {
                return (self.id.is_none() && guids(inner).is_empty() && inner == piece).then_some(false);
            }
        }
        Some(true)
    }

    /// Takes the access at the end of `text`, after a dash or a colon. Returns the rest.
    fn take_access<'t>(&mut self, text: &'t str) -> &'t str {
        let end = [" - ", " – ", " — ", ":", "="]
            .iter()
            .filter_map(|mark| text.rsplit_once(mark))
            .find_map(|(rest, end)| Some((rest, words::access(end)?)));
        match end {
            Some((rest, access)) if self.access.is_none() => {
                self.access = Some(access);
                rest
            }
            _ => text,
        }
    }
}

/// Divides `piece` at "and" if there is a group on each side, by its id or its known name.
fn between_groups<'t>(piece: &'t str, known: &Known) -> Vec<&'t str> {
    let is_group = |part: &&str| guids(part).len() == 1 || known.group(&words::tidy(part)).is_some();
    let joints = [" and ", " & ", " + ", " / ", "/"];
    let divided = joints.iter().map(|joint| piece.split(joint).collect::<Vec<_>>());
    divided
        .into_iter()
        .find(|parts| parts.len() > 1 && parts.iter().all(is_group))
        .unwrap_or_else(|| vec![piece])
}

/// Divides `text` where `separator` returns a length, outside of brackets.
pub(crate) fn outside_brackets(text: &str, separator: impl Fn(&str) -> Option<usize>) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut skip) = (Vec::new(), 0, 0_usize, 0);
    for (at, found) in text.char_indices() {
        match found {
            _ if at < skip => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => {
                if let Some(length) = separator(&text[at..]) {
                    parts.push(&text[start..at]);
                    start = at + length;
                    skip = start;
                }
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
