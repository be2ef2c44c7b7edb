//! OGC API Features: paths and methods in place of `REQUEST`, and the fields of a collection as parameters.

mod feature;
mod path;

use bytes::Bytes;
use http::Method;

use self::feature::Feature;
pub use self::path::{FeaturesPath, Resource};
use super::{
    Incoming, RequestRefusal,
    download::Amount,
    operation::{Gives, Operation},
    parameters::Parameters,
    query_writer::{QueryWriter, request},
    table::features::{ITEM_READ, ITEM_WRITE, ITEMS_READ, PAGE_READ},
    value::Value,
};
use crate::{
    layers::Layers,
    upstream::{QgisBody, QgisRequest},
};

/// The number of items that QGIS answers with if there is no `limit`. `resultType=hits` does not change that.
const DEFAULT_LIMIT: u64 = 10;

/// A request of OGC API Features.
#[derive(Debug, Clone, PartialEq)]
pub struct FeaturesRequest {
    operation: &'static Operation,
    method: Method,
    path: FeaturesPath,
    values: Vec<(&'static str, Value)>,
    /// Fields of the collection, and the values to select by.
    fields: Vec<(String, String)>,
    feature: Option<Feature>,
    accept: Option<&'static str>,
}

impl FeaturesRequest {
    /// Parses a request for `path`.
    pub(super) fn parse(path: FeaturesPath, incoming: Incoming<'_>) -> Result<Self, RequestRefusal> {
        let (method, operation) = method_and_operation(incoming.method, &path.resource)?;
        let mut request = Self {
            operation,
            path,
            values: Vec::new(),
            fields: Vec::new(),
            feature: None,
            accept: incoming.accept,
            method,
        };
        request.read_parameters(incoming.query)?;
        match request.method {
            Method::POST | Method::PUT => request.feature = Some(Feature::parse(incoming.body)?),
            _ if incoming.body.is_empty() => {}
            _ => return Err(RequestRefusal::UnexpectedBody),
        }
        Ok(request)
    }

    /// Its row of the table.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The requested path.
    pub fn path(&self) -> &FeaturesPath {
        &self.path
    }

    /// Whether [`resolve`](Self::resolve) must be called before it is written.
    pub fn needs_layers(&self) -> bool {
        !self.fields.is_empty()
            || self.feature.is_some()
            || self.values.iter().any(|(_, value)| matches!(value, Value::Sort(_)))
    }

    /// Replaces the names of fields by their real names, and refuses fields that the collection does not publish.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        let id = self.path.collection().unwrap_or_default();
        let layer = layers.by_collection(id).ok_or(RequestRefusal::NotFound)?;
        for (name, _) in &mut self.fields {
            let unknown = || RequestRefusal::UnknownParameter { parameter: name.clone(), operation: "items" };
            *name = layer.item_field(name).ok_or_else(unknown)?.item_key().to_owned();
        }
        for (_, value) in &mut self.values {
            let Value::Sort(fields) = value else { continue };
            for sort in fields {
                let unknown = || RequestRefusal::UnknownField("sortby".into());
                sort.field = layer.item_field(&sort.field).ok_or_else(unknown)?.item_key().to_owned();
            }
        }
        self.feature.as_mut().map_or(Ok(()), |feature| feature.resolve(layer))
    }

    /// How many features the answer may hold.
    pub(super) fn amount(&self) -> Amount {
        match (self.operation.gives, &self.path.resource) {
            (Gives::Nothing, _) => Amount::View,
            (Gives::Features, Resource::Item(..)) => Amount::Features(1),
            (Gives::Features, _) => Amount::Features(self.limit()),
            (Gives::Map | Gives::Place | Gives::File, _) => Amount::File,
        }
    }

    fn limit(&self) -> u64 {
        let written = self.values.iter().find_map(|(name, value)| match value {
            Value::Integer(limit) if *name == "limit" => u64::try_from(*limit).ok(),
            _ => None,
        });
        written.unwrap_or(DEFAULT_LIMIT)
    }

    /// Writes the request for QGIS Server.
    pub fn write(&self) -> QgisRequest {
        let mut query = QueryWriter::default();
        for (name, value) in &self.values {
            match value {
                // The order is a parameter of its own.
                Value::Sort(fields) => fields.iter().for_each(|sort| query.add(name, &sort.field)),
                value => query.add(name, &value.to_text()),
            }
        }
        for (name, value) in &self.fields {
            // QGIS puts the value between quotes into an expression.
            query.add(name, &value.replace('\'', "''"));
        }
        let body = self.feature.as_ref().map(|feature| QgisBody {
            content_type: "application/json",
            bytes: Bytes::from(feature.write()),
        });
        let written = request(self.method.clone(), self.path.write());
        QgisRequest { query: query.into_query(), body, accept: self.accept, ..written }
    }

    fn read_parameters(&mut self, parameters: Parameters) -> Result<(), RequestRefusal> {
        for parameter in parameters {
            let key = parameter.key;
            let Some(known) = self.operation.parameter(&key) else {
                // Only a list of items takes fields as parameters.
                if !matches!(self.path.resource, Resource::Items(_)) {
                    return Err(RequestRefusal::UnknownParameter {
                        parameter: key,
                        operation: self.operation.name,
                    });
                }
                let value = field_value(&key, parameter.value)?;
                self.fields.push((key, value));
                continue;
            };
            if !parameter.value.is_empty()
                && let Some(value) = Value::parse(&key, known.kind, &parameter.value)?
            {
                self.values.push((known.name, value));
            }
        }
        Ok(())
    }
}

/// The method for QGIS, and the row of the table. QGIS answers HEAD with an error, so it is sent as GET. PATCH cannot work:
/// QGIS does not read its body over FastCGI.
fn method_and_operation(
    method: &Method,
    resource: &Resource,
) -> Result<(Method, &'static Operation), RequestRefusal> {
    match (method, resource) {
        (&(Method::GET | Method::HEAD), Resource::Items(_)) => Ok((Method::GET, &ITEMS_READ)),
        (&(Method::GET | Method::HEAD), Resource::Item(..)) => Ok((Method::GET, &ITEM_READ)),
        (&(Method::GET | Method::HEAD), _) => Ok((Method::GET, &PAGE_READ)),
        (&Method::POST, Resource::Items(_)) => Ok((Method::POST, &ITEM_WRITE)),
        (&(Method::PUT | Method::DELETE), Resource::Item(..)) => Ok((method.clone(), &ITEM_WRITE)),
        (_, Resource::Items(_)) => Err(RequestRefusal::Method { allow: "GET, HEAD, POST" }),
        (_, Resource::Item(..)) => Err(RequestRefusal::Method { allow: "GET, HEAD, PUT, DELETE" }),
        _ => Err(RequestRefusal::Method { allow: "GET, HEAD" }),
    }
}

fn field_value(key: &str, value: String) -> Result<String, RequestRefusal> {
    let fits = value.len() <= 1_000 && !value.chars().any(|c| c.is_control() || matches!(c, '\\' | '%'));
    if fits {
        Ok(value)
    } else {
        Err(RequestRefusal::value(
            key,
            &"text of at most 1,000 bytes without backslashes, percent signs and control characters",
        ))
    }
}
