//! WFS Transaction: inserts, updates and deletes of features, as XML only.

use super::{RequestRefusal, operation::Operation, query_writer::xml_request, table::wfs::TRANSACTION};
use crate::{
    layers::{Layers, Write},
    upstream::QgisRequest,
    xml::{
        transaction::{ActionKind, PropertyTarget, ResolvedTransaction, Transaction},
        tree::Element,
    },
};

/// A transaction. It must be resolved before it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionRequest(State);

#[derive(Debug, Clone, PartialEq)]
enum State {
    Parsed(Transaction),
    Resolved(ResolvedTransaction),
}

impl TransactionRequest {
    /// Parses the root element of a body.
    pub(super) fn from_xml(root: &Element) -> Result<Self, RequestRefusal> {
        Ok(Self(State::Parsed(Transaction::from_element(root)?)))
    }

    /// Its row of the table.
    pub fn operation(&self) -> &'static Operation {
        &TRANSACTION
    }

    /// Replaces each property by the field that it names. An unknown property would hang the QGIS process for ever, and a
    /// field hidden from WFS would be written.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        let State::Parsed(transaction) = &self.0 else { return Ok(()) };
        for (kind, type_name) in transaction.actions() {
            let layer = layers.by_type_name(type_name);
            let is_known = layer.is_some_and(|layer| kind == ActionKind::Delete || !layer.is_shared);
            if !is_known {
                return Err(RequestRefusal::UnknownLayer("Transaction".into()));
            }
        }
        let target = |kind, type_name: &str, name: &str| {
            let write = if kind == ActionKind::Insert { Write::Insert } else { Write::Update };
            match layers.by_type_name(type_name)?.written_field(name, write) {
                Ok(field) => Some(PropertyTarget::Field(field.name.clone())),
                Err(_) if name == "geometry" => Some(PropertyTarget::Geometry),
                Err(_) => None,
            }
        };
        self.0 = State::Resolved(transaction.clone().resolve(&target)?);
        Ok(())
    }

    /// Writes the request for QGIS Server. One that was not resolved has an empty body, which changes nothing.
    pub fn write(&self) -> QgisRequest {
        xml_request(match &self.0 {
            State::Resolved(transaction) => transaction.write(),
            State::Parsed(_) => String::new(),
        })
    }
}
