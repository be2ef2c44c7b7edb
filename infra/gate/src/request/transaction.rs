//! WFS Transaction: inserts, updates and deletes of named types, as XML alone.

use http::Method;
use pozi_auth::sites::Access;

use super::{RequestRefusal, Service, get_feature::refused, operation::Operation, written::request};
use crate::{
    layers::{Layers, Write},
    upstream::{QgisBody, QgisRequest},
    xml::{
        transaction::{ActionKind, PropertyTarget, ResolvedTransaction, Transaction},
        tree::Element,
    },
};

/// A transaction that was understood. It can be written once its properties are known to be fields.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionRequest {
    operation: &'static Operation,
    state: State,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    Read(Transaction),
    Resolved(ResolvedTransaction),
}

impl TransactionRequest {
    /// Reads the root element of a body.
    pub(super) fn read(root: &Element) -> Result<Self, RequestRefusal> {
        let operation = Operation::named(Service::Wfs, "Transaction")
            .ok_or(RequestRefusal::UnknownOperation { service: "WFS" })?;
        let transaction = Transaction::from_element(root).map_err(refused)?;
        Ok(Self { operation, state: State::Read(transaction) })
    }

    /// Its operation.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// What a session must allow.
    pub fn access(&self) -> Access {
        self.operation.access
    }

    /// Makes every property the field that it means. One that is no field of the layer would hold a QGIS process for ever,
    /// and one that WFS hides would be written all the same.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        let State::Read(transaction) = &self.state else { return Ok(()) };
        for (kind, type_name) in transaction.actions() {
            let layer = layers.by_type_name(type_name);
            let is_known = layer.is_some_and(|layer| kind == ActionKind::Delete || !layer.is_shared);
            if !is_known {
                return Err(RequestRefusal::UnknownLayer { parameter: "Transaction".into() });
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
        self.state = State::Resolved(transaction.clone().resolve(&target).map_err(refused)?);
        Ok(())
    }

    /// The request for QGIS Server; nothing is changed by one whose properties were not resolved.
    pub fn write(&self) -> QgisRequest {
        let body = match &self.state {
            State::Resolved(transaction) => transaction.write(),
            State::Read(_) => String::new(),
        };
        let body = QgisBody { content_type: "text/xml", bytes: body.into() };
        QgisRequest { query: "SERVICE=WFS".into(), body: Some(body), ..request(Method::POST, String::new()) }
    }
}
