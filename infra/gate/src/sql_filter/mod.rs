//! `FILTER` of WMS in the form `layer[,layer]:condition;layer:condition`.
//!
//! The condition is no QGIS expression: QGIS puts it in brackets behind the layer's own filter and hands it to the data
//! provider as SQL. Its own check counts no brackets and lets whole subqueries through as one token, so the condition is
//! read here by a small grammar and written anew, one space between all tokens, as that check demands.

use std::fmt;

pub use self::error::SqlFilterError;
use self::{condition::Condition, token::Lexer};

mod condition;
mod error;
mod parser;
mod quoted;
mod token;

#[cfg(test)]
mod tests;

/// The length of a value in bytes.
pub const MAX_LENGTH: usize = 65_536;

/// The length in bytes of what is written, where one condition is that of many layers.
const MAX_WRITTEN: usize = 262_144;

/// The number of layers.
const MAX_LAYERS: usize = 200;

/// One condition for each layer that is named, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFilters {
    filters: Vec<(String, Condition)>,
}

impl LayerFilters {
    /// Reads the value of `FILTER`, which must not be empty nor an OGC filter.
    pub fn parse(value: &str) -> Result<Self, SqlFilterError> {
        if value.len() > MAX_LENGTH {
            return Err(SqlFilterError::Length { allowed: MAX_LENGTH });
        }
        if value.trim_start().starts_with(['<', '(']) {
            return Err(SqlFilterError::OgcFilter);
        }
        let (mut filters, mut written) = (Self { filters: Vec::new() }, 0);
        let mut rest = Some(value);
        while let Some(part) = rest {
            let Some((names, condition)) = part.split_once(':') else {
                if part.trim().is_empty() && !filters.filters.is_empty() {
                    break;
                }
                return Err(SqlFilterError::Colon);
            };
            let layers = layer_names(names)?;
            let mut lexer = Lexer::new(condition);
            let condition = parser::parse(&mut lexer)?;
            written += layers.len().saturating_mul(condition.to_string().len());
            if written > MAX_WRITTEN {
                return Err(SqlFilterError::Length { allowed: MAX_WRITTEN });
            }
            filters.add(layers, &condition)?;
            rest = lexer.after_semicolon();
        }
        Ok(filters)
    }

    fn add(&mut self, layers: Vec<String>, condition: &Condition) -> Result<(), SqlFilterError> {
        for layer in layers {
            if self.layers().any(|other| other == layer) {
                return Err(SqlFilterError::Repeated);
            }
            self.filters.push((layer, condition.clone()));
        }
        if self.filters.len() > MAX_LAYERS {
            Err(SqlFilterError::Layers { allowed: MAX_LAYERS })
        } else {
            Ok(())
        }
    }

    /// The layers, each once.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.filters.iter().map(|(layer, _)| layer.as_str())
    }

    /// The layers and the fields that their conditions name, in the order of their names, as often as they are named.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.filters.iter().flat_map(|(layer, condition)| {
            condition.fields().into_iter().map(move |field| (layer.as_str(), field))
        })
    }

    /// Puts the name that `resolve` gives for a layer and its field in the field's place. If it has none for one of them,
    /// or one that cannot be written, the filters stay as they were.
    pub fn resolve_fields(
        &mut self,
        resolve: &dyn Fn(&str, &str) -> Option<String>,
    ) -> Result<(), SqlFilterError> {
        let mut filters = self.filters.clone();
        for (layer, condition) in &mut filters {
            for field in condition.fields_mut() {
                let real = resolve(layer, field).ok_or(SqlFilterError::Field)?;
                if !quoted::is_field(&real) {
                    return Err(SqlFilterError::FieldName);
                }
                *field = real;
            }
        }
        self.filters = filters;
        Ok(())
    }
}

impl fmt::Display for LayerFilters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (layer, condition)) in self.filters.iter().enumerate() {
            write!(formatter, "{}{layer}:{condition}", if index > 0 { ";" } else { "" })?;
        }
        Ok(())
    }
}

/// The names before the colon. QGIS takes spaces beside a comma for part of a name, and then finds no such layer.
fn layer_names(names: &str) -> Result<Vec<String>, SqlFilterError> {
    names
        .split(',')
        .map(|name| {
            let name = name.trim();
            if name.contains(';') {
                return Err(SqlFilterError::Colon);
            }
            if quoted::is_layer(name) { Ok(name.to_owned()) } else { Err(SqlFilterError::LayerName) }
        })
        .collect()
}
