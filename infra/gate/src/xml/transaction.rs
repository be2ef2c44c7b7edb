//! WFS `Transaction` 1.0.0 and 1.1.0.
//!
//! A transaction is read ([`Transaction`]), its properties are matched with the layers' fields ([`Transaction::resolve`]), and
//! only then it can be written ([`ResolvedTransaction`]). What QGIS Server 3.22 does with one (tried):
//!
//! - It runs all Updates, then all Deletes, then all Inserts, whatever their order, and of each kind the last first. They are
//!   written in reverse, so that within each kind the first runs first and the ids of new features come in their order.
//! - An Insert takes one feature; several are written as one Insert each.
//! - An Insert that names an unknown property never ends. Its properties are elements, so a field whose name is no element
//!   name (`Zone Code`) cannot be set by an Insert at all: `Zone_Code`, `Zone_x0020_Code` and the like hang the process, a
//!   space makes the body unreadable. An Update takes the real name as text, spaces included.
//! - An Update without filter changes every row; one that names an unknown property counts it as done.
//! - An Update leaves a geometry as it is when no value comes with it, and counts it as done.
//! - Text of nothing but white space is stored as the empty text.
//! - A Delete takes feature ids and nothing else.

mod read;
mod resolve;
mod write;

use super::filter::Filter;
use crate::geometry::gml::Gml;

/// The most actions of one transaction, as the client counts them.
pub const MAX_ACTIONS: usize = 2_000;
/// The most new features of one transaction.
pub const MAX_FEATURES: usize = 5_000;
/// The most bytes of values, geometries as they are written included.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// A transaction as the client wrote it: names of properties are not yet fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    version: Version,
    actions: Vec<Action<String>>,
}

/// A transaction whose every property is a known field or the geometry, and which can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedTransaction {
    version: Version,
    actions: Vec<Action<PropertyTarget>>,
}

/// What a property of a client is in the layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyTarget {
    /// A field, by its real name.
    Field(String),
    /// The geometry.
    Geometry,
}

/// The kind of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// A new feature.
    Insert,
    /// New values for existing features.
    Update,
    /// Features to be removed.
    Delete,
}

/// The version decides the form of the answer alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1_0_0,
    V1_1_0,
}

/// An action, its properties named by `N`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action<N> {
    Insert { type_name: String, properties: Vec<Property<N>> },
    Update { type_name: String, properties: Vec<Property<N>>, filter: Filter },
    Delete { type_name: String, filter: Filter },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Property<N> {
    name: N,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Null,
    Text(String),
    Geometry(Gml),
}

impl<N> Action<N> {
    fn type_name(&self) -> &str {
        match self {
            Self::Insert { type_name, .. }
            | Self::Update { type_name, .. }
            | Self::Delete { type_name, .. } => type_name,
        }
    }

    fn kind(&self) -> ActionKind {
        match self {
            Self::Insert { .. } => ActionKind::Insert,
            Self::Update { .. } => ActionKind::Update,
            Self::Delete { .. } => ActionKind::Delete,
        }
    }
}

impl Transaction {
    /// The types that it changes, each once, in the order in which they come.
    pub fn types(&self) -> Vec<&str> {
        let mut types: Vec<&str> = Vec::new();
        for action in &self.actions {
            if !types.contains(&action.type_name()) {
                types.push(action.type_name());
            }
        }
        types
    }

    /// What is done to which type, in the client's order, one for each new feature.
    pub fn actions(&self) -> impl Iterator<Item = (ActionKind, &str)> {
        self.actions.iter().map(|action| (action.kind(), action.type_name()))
    }
}

#[cfg(test)]
mod tests;
