//! Reading a table of a site file field by field, so that one run reports every error in it.

use std::ops::Range;

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::{SiteError, characters::Stray, escaped_path};

/// A value and its place.
pub(super) type Value<'d> = Spanned<DeValue<'d>>;

/// The fields of one table that are not read yet, and the errors found so far.
pub(super) struct Fields<'d> {
    table: DeTable<'d>,
    at: Range<usize>,
    known: Vec<&'static str>,
    /// The errors, in the order in which they were found.
    pub(super) errors: Vec<SiteError>,
}

impl<'d> Fields<'d> {
    /// Starts with every field of `table`, whose header is at `at`.
    pub(super) fn new(table: DeTable<'d>, at: Range<usize>) -> Self {
        Self { table, at, known: Vec::new(), errors: Vec::new() }
    }

    /// Returns where the table begins.
    pub(super) fn at(&self) -> Range<usize> {
        self.at.clone()
    }

    /// Reports an error.
    pub(super) fn report(&mut self, message: impl Into<String>, at: Range<usize>) {
        self.errors.push(SiteError::new(message, at));
    }

    /// Takes the value of `key`, as it is written.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value<'d>> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// Takes the value of `key`, and reports it as missing if there is none.
    pub(super) fn take_required(&mut self, key: &'static str) -> Option<Value<'d>> {
        let value = self.take(key);
        if value.is_none() {
            self.report(format!("missing field `{key}`; add it"), self.at());
        }
        value
    }

    /// Reads a required name, id or address.
    pub(super) fn required<T: Deserialize<'d>>(&mut self, key: &'static str) -> Option<Spanned<T>> {
        let value = self.take_required(key)?;
        self.read(value)
    }

    /// Reads a name, id, number or switch that may be left out.
    pub(super) fn optional<T: Deserialize<'d>>(&mut self, key: &'static str) -> Option<Spanned<T>> {
        let value = self.take(key)?;
        self.read(value)
    }

    /// Reads a setting of several words that may be left out. Its type says which spaces it may have.
    pub(super) fn optional_words<T: Deserialize<'d>>(&mut self, key: &'static str) -> Option<Spanned<T>> {
        let value = self.take(key)?;
        self.plain(value)
    }

    /// Reads a list of names, ids or addresses, each on its own. A list that is left out is empty.
    pub(super) fn list<T: Deserialize<'d>>(&mut self, key: &'static str) -> Vec<Spanned<T>> {
        let values = self.take(key).map_or_else(Vec::new, |list| self.elements(list));
        values.into_iter().filter_map(|value| self.read(value)).collect()
    }

    /// Returns the elements of `list`, or reports that it is none.
    pub(super) fn elements(&mut self, list: Value<'d>) -> Vec<Value<'d>> {
        let at = list.span();
        match list.into_inner() {
            DeValue::Array(values) => values.into_iter().collect(),
            other => {
                self.report(
                    format!("a list is required and not a single {}: write [ ] around it", other.type_str()),
                    at,
                );
                Vec::new()
            }
        }
    }

    /// Reads required text for people, which must not be blank.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let value = self.take_required(key)?;
        self.read_text(value)
    }

    /// Reads a list of texts, which must not be blank. A list that is left out is empty.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<Spanned<String>> {
        let values = self.take(key).map_or_else(Vec::new, |list| self.elements(list));
        values.into_iter().filter_map(|value| self.read_text(value)).collect()
    }

    /// Reads the required path of a file.
    pub(super) fn path(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let path = self.take_required(key).and_then(|value| self.plain::<String>(value))?;
        let stray = Stray::in_path(path.get_ref());
        let message = match (escaped_path(path.get_ref()), stray) {
            (Some(escaped), _) => escaped.to_owned(),
            (None, Some(stray)) => format!("the path contains {stray}; delete it"),
            (None, None) if path.get_ref().trim().is_empty() => BLANK.to_owned(),
            (None, None) => return Some(path),
        };
        self.report(message, path.span());
        None
    }

    /// Reads a value, which has no stray characters.
    pub(super) fn read<T: Deserialize<'d>>(&mut self, value: Value<'d>) -> Option<Spanned<T>> {
        if let DeValue::String(text) = value.get_ref()
            && let Some(stray) = Stray::in_word(text)
        {
            self.report(format!("`{}` contains {stray}; delete it", text.escape_debug()), value.span());
            return None;
        }
        self.plain(value)
    }

    fn read_text(&mut self, value: Value<'d>) -> Option<Spanned<String>> {
        let text = self.plain::<String>(value)?;
        let message = if text.get_ref().trim().is_empty() {
            BLANK
        } else if text.get_ref().contains(char::is_control) {
            "a control character is not allowed here: in \"…\" TOML reads \\n, \\t and the like as one; write '…' around text with a \\"
        } else {
            return Some(text);
        };
        self.report(message, text.span());
        None
    }

    fn plain<T: Deserialize<'d>>(&mut self, value: Value<'d>) -> Option<Spanned<T>> {
        let at = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(read) => Some(Spanned::new(at, read)),
            Err(error) => {
                self.report(error.message(), at);
                None
            }
        }
    }

    /// Returns all errors, and first one for each field that was never asked for.
    pub(super) fn finish(self) -> Vec<SiteError> {
        let expected = self.known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let unknown = self.table.keys().map(|key| {
            let message = format!("unknown field `{}`, expected one of {expected}", key.get_ref());
            SiteError::new(message, key.span())
        });
        unknown.chain(self.errors).collect()
    }
}

const BLANK: &str = "this is blank; fill it in";
