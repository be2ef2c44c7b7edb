//! Links in running text, recognised by the project in their `MAP`.

use std::{borrow::Cow, ops::Range};

use super::{
    Links,
    address::{SCHEMES, split_host},
};
use crate::answer::disk_path::replace_each;

/// The longest part of a link after its `MAP`, in bytes.
const MAX_REST: usize = 4096;
/// Characters that end a link, besides white space.
const DELIMITERS: &[char] = &['"', '\'', '<', '>', '(', ')', '[', ']', '`'];

impl Links {
    /// Rewrites the links in `text` that name the project, and replaces its path anywhere else by the catalogue's id.
    pub(in crate::answer) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        replace_each(text, |from| {
            let found = self.project.find(text, from)?;
            let bare = || (found.clone(), self.catalogue.clone());
            Some(self.link_around(text, from, &found).unwrap_or_else(bare))
        })
    }

    /// Does the same as [`Links::text`], and removes the project's folder, because messages and styles name other files
    /// in it.
    pub(in crate::answer) fn message<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let shown = self.text(text);
        match &self.folder {
            Some(folder) => Cow::Owned(folder.remove_from(&shown).into_owned()),
            None => shown,
        }
    }

    /// Finds the link in `text` after byte `from` whose `MAP` has its value at `map`. Returns where it stands, and the
    /// link as rewritten.
    fn link_around(&self, text: &str, from: usize, map: &Range<usize>) -> Option<(Range<usize>, String)> {
        let before = text.get(from..map.start)?;
        let delimiter = before.char_indices().rfind(|(_, found)| is_delimiter(*found));
        let word = delimiter.map_or(0, |(at, found)| at + found.len_utf8());
        let start = from + word + last_scheme(before.get(word..)?).unwrap_or(0);
        let query = start + map_query(text.get(start..map.start)?)?;
        let rest = text.get(map.end..text.floor_char_boundary(map.end + MAX_REST))?;
        let rest = rest.get(..rest.find(is_delimiter).unwrap_or(rest.len()))?;
        let end = map.end + first_scheme(rest).unwrap_or(rest.len());
        let link = text.get(start..end)?;
        let rewritten = match split_host(link) {
            Some(_) => self.rewrite(link),
            None => self.with_query(text.get(start..query)?, text.get(query + 1..end)?),
        };
        Some((start..end, rewritten))
    }
}

/// Returns where the query starts, if `before` is a link that ends in `MAP=`.
fn map_query(before: &str) -> Option<usize> {
    let (key, name) = before.split_at_checked(before.len().checked_sub("MAP=".len())?)?;
    (name.eq_ignore_ascii_case("MAP=") && key.ends_with(['?', '&'])).then(|| key.find('?')).flatten()
}

fn last_scheme(word: &str) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    SCHEMES.iter().filter_map(|scheme| word.rfind(scheme)).max()
}

fn first_scheme(word: &str) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    SCHEMES.iter().filter_map(|scheme| word.find(scheme)).min()
}

fn is_delimiter(found: char) -> bool {
    found.is_whitespace() || DELIMITERS.contains(&found)
}
