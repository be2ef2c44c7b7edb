//! OGC API Features: paths and methods in place of `REQUEST`, and a collection's fields as parameters.

mod feature;
mod path;

use bytes::Bytes;
use http::Method;
use pozi_auth::sites::Access;

use self::feature::Feature;
pub use self::path::{FeaturesPath, Resource};
use super::{
    Incoming, RequestRefusal,
    kind::Kind,
    operation::{Operation, Service},
    parameters::Parameters,
    table::OPERATIONS,
    value::{SortKey, Value},
    written::{Written, request},
};
use crate::{
    layers::Layers,
    upstream::{QgisBody, QgisRequest},
};

/// A request of OGC API Features that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct FeaturesRequest {
    operation: &'static Operation,
    method: Method,
    path: FeaturesPath,
    values: Vec<(&'static str, Value)>,
    /// Fields of the collection and the values that they must have.
    fields: Vec<(String, String)>,
    feature: Option<Feature>,
    accept: Option<&'static str>,
}

impl FeaturesRequest {
    /// Reads a request for `path`.
    pub(super) fn read(path: FeaturesPath, incoming: Incoming<'_>) -> Result<Self, RequestRefusal> {
        let (method, access) = method_and_access(incoming.method, &path.resource)?;
        let operation = operation(&path.resource, access);
        let mut read = Self {
            operation,
            path,
            values: Vec::new(),
            fields: Vec::new(),
            feature: None,
            accept: incoming.accept,
            method,
        };
        read.read_parameters(incoming.query)?;
        match read.method {
            Method::POST | Method::PUT => read.feature = Some(Feature::parse(incoming.body)?),
            _ if incoming.body.is_empty() => {}
            _ => return Err(RequestRefusal::UnknownBody),
        }
        Ok(read)
    }

    /// Its row of the table.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// What a session must allow.
    pub fn access(&self) -> Access {
        self.operation.access
    }

    /// The path that it asks for.
    pub fn path(&self) -> &FeaturesPath {
        &self.path
    }

    /// Whether it can be decided only with the catalogue's layers at hand.
    pub fn needs_layers(&self) -> bool {
        !self.fields.is_empty() || self.feature.is_some() || self.sort_keys().next().is_some()
    }

    /// Checks the fields that it names against the collection's.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        let id = self.path.collection().unwrap_or_default();
        let layer = layers.by_collection(id).ok_or(RequestRefusal::NotFound)?;
        for (name, _) in &mut self.fields {
            let unknown = || RequestRefusal::UnknownParameter { parameter: name.clone(), operation: "items" };
            *name = layer.item_field(name).ok_or_else(unknown)?.item_key().to_owned();
        }
        for (_, value) in &mut self.values {
            if let Value::Sort(keys) = value {
                for key in keys {
                    let field = layer.item_field(&key.field);
                    let unknown = || RequestRefusal::UnknownField { parameter: "sortby".into() };
                    key.field = field.ok_or_else(unknown)?.item_key().to_owned();
                }
            }
        }
        self.feature.as_mut().map_or(Ok(()), |feature| feature.resolve(layer))
    }

    /// The request for QGIS Server.
    pub fn write(&self) -> QgisRequest {
        let mut query = Written::default();
        for (name, value) in &self.values {
            match value {
                // QGIS takes the name of a field here, with the order in a parameter of its own.
                Value::Sort(keys) => keys.iter().for_each(|key| query.add(name, &key.field)),
                value => query.add(name, &value.written()),
            }
        }
        for (name, value) in &self.fields {
            // QGIS pastes the value between quotes into an expression.
            query.add(name, &value.replace('\'', "''"));
        }
        let body = self.feature.as_ref().map(|feature| QgisBody {
            content_type: "application/json",
            bytes: Bytes::from(feature.write()),
        });
        let written = request(self.method.clone(), self.path.write());
        QgisRequest { query: query.into_query(), body, accept: self.accept, ..written }
    }

    fn sort_keys(&self) -> impl Iterator<Item = &SortKey> {
        self.values.iter().flat_map(|(_, value)| if let Value::Sort(keys) = value { &keys[..] } else { &[] })
    }

    fn read_parameters(&mut self, parameters: Parameters) -> Result<(), RequestRefusal> {
        for parameter in parameters {
            let key = parameter.key;
            let Some(known) = self.operation.parameter(&key) else {
                // Fields of a collection; any other path has none.
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
            if parameter.value.is_empty() && known.kind != Kind::Styles {
                continue;
            }
            if let Some(value) = Value::read(&key, known.kind, &parameter.value)? {
                self.values.push((known.name, value));
            }
        }
        Ok(())
    }
}

/// HEAD is answered with an error by QGIS, and so asked as GET. PATCH cannot work: over FastCGI its body is not read.
fn method_and_access(method: &Method, resource: &Resource) -> Result<(Method, Access), RequestRefusal> {
    match (method, resource) {
        (&(Method::GET | Method::HEAD), _) => Ok((Method::GET, Access::Read)),
        (&Method::POST, Resource::Items(_)) => Ok((Method::POST, Access::Write)),
        (&(Method::PUT | Method::DELETE), Resource::Item(..)) => Ok((method.clone(), Access::Write)),
        (_, Resource::Items(_)) => Err(RequestRefusal::Method { allow: "GET, HEAD, POST" }),
        (_, Resource::Item(..)) => Err(RequestRefusal::Method { allow: "GET, HEAD, PUT, DELETE" }),
        _ => Err(RequestRefusal::Method { allow: "GET, HEAD" }),
    }
}

fn operation(resource: &Resource, access: Access) -> &'static Operation {
    let of_api = || OPERATIONS.iter().filter(|operation| operation.service == Service::Features);
    let name = match resource {
        Resource::Items(_) => "items",
        Resource::Item(..) => "item",
        _ => "",
    };
    let found = of_api()
        .find(|operation| operation.access == access && (access == Access::Write || operation.name == name));
    found.or_else(|| of_api().next()).unwrap_or(&OPERATIONS[0])
}

fn field_value(key: &str, value: String) -> Result<String, RequestRefusal> {
    let fits = value.len() <= 1_000 && !value.chars().any(|c| c.is_control() || matches!(c, '\\' | '%'));
    if fits {
        Ok(value)
    } else {
        Err(RequestRefusal::value(key, &"text without \\, % and control characters"))
    }
}
