//! Requests for QGIS Server: parsed once from a query, a form or XML into a type, decided on that type, and written anew.
//! QGIS never parses what a client wrote.

mod download;
pub mod features;
mod get_feature;
mod kind;
mod kvp;
mod lookup;
mod operation;
mod parameters;
mod print;
mod query_writer;
mod refusal;
mod table;
mod transaction;
mod value;

use std::borrow::Cow;

use http::Method;
use pozi_auth::sites::Catalogue;

use self::features::{FeaturesPath, FeaturesRequest};
pub use self::{
    get_feature::GetFeature,
    kind::{Highlight, Kind},
    kvp::Kvp,
    lookup::print_operations,
    operation::{Gives, Operation, Parameter, Service},
    parameters::{Keys, MAX_QUERY_BYTES, Parameters},
    refusal::{ContentError, RequestRefusal},
    table::operations,
    transaction::TransactionRequest,
};
use crate::{
    layers::Layers,
    settings::Limits,
    upstream::QgisRequest,
    xml::{body::BodyError, tree::Element},
};

/// Maximum number of names in one list. A map of 3,000 layers kept QGIS busy for 23 s.
const MAX_NAMES: usize = 200;

/// A request as received, once its catalogue is known.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The method.
    pub method: &'a Method,
    /// The decoded segments of the path after the catalogue.
    pub rest: &'a [Cow<'a, str>],
    /// The query without `MAP`.
    pub query: Parameters,
    /// The body. Its first character tells what it is: clients send any media type.
    pub body: &'a [u8],
    /// The `Accept` for QGIS, where QGIS chooses its format by that.
    pub accept: Option<&'static str>,
}

/// What a request is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Its catalogue, which may allow GetPrint and highlights, and have a rule for downloads.
    pub catalogue: &'a Catalogue,
    /// The limits of the gate's configuration.
    pub limits: &'a Limits,
}

/// A parsed request.
#[derive(Debug, Clone, PartialEq)]
pub enum MapRequest {
    /// Key-value pairs.
    Kvp(Kvp),
    /// WFS GetFeature as a query, form or XML.
    GetFeature(GetFeature),
    /// WFS Transaction as XML.
    Transaction(TransactionRequest),
    /// OGC API Features.
    Features(FeaturesRequest),
}

impl MapRequest {
    /// Parses a request by the table of operations.
    pub fn parse(incoming: Incoming<'_>, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        if let Some(path) = FeaturesPath::parse(incoming.rest) {
            return FeaturesRequest::parse(path?, incoming).map(Self::Features);
        }
        if !incoming.rest.iter().all(|segment| segment.is_empty()) {
            return Err(RequestRefusal::NotFound);
        }
        match *incoming.method {
            Method::GET | Method::HEAD if incoming.body.is_empty() => {
                Self::from_parameters(incoming.query, context)
            }
            Method::GET | Method::HEAD => Err(RequestRefusal::UnexpectedBody),
            Method::POST => Self::from_body(incoming, context),
            _ => Err(RequestRefusal::Method { allow: "GET, HEAD, POST" }),
        }
    }

    /// Its row of the table.
    pub fn operation(&self) -> &'static Operation {
        match self {
            Self::Kvp(request) => request.operation(),
            Self::GetFeature(request) => request.operation(),
            Self::Transaction(request) => request.operation(),
            Self::Features(request) => request.operation(),
        }
    }

    /// Whether [`resolve`](Self::resolve) must be called before it is written.
    pub fn needs_layers(&self) -> bool {
        match self {
            Self::Kvp(request) => request.needs_layers(),
            Self::GetFeature(request) => request.needs_layers(),
            Self::Transaction(_) => true,
            Self::Features(request) => request.needs_layers(),
        }
    }

    /// Replaces published names of fields by their real names, and refuses names that the service does not publish.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        match self {
            Self::Kvp(request) => request.resolve(layers),
            Self::GetFeature(request) => request.resolve(layers),
            Self::Transaction(request) => request.resolve(layers),
            Self::Features(request) => request.resolve(layers),
        }
    }

    /// Writes the request for QGIS Server.
    pub fn write(&self) -> QgisRequest {
        match self {
            Self::Kvp(request) => request.write(),
            Self::GetFeature(request) => request.write(),
            Self::Transaction(request) => request.write(),
            Self::Features(request) => request.write(),
        }
    }

    fn from_parameters(mut parameters: Parameters, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        let request = parameters.take("REQUEST").filter(|request| !request.is_empty());
        let request = request.ok_or(RequestRefusal::Missing("REQUEST"))?;
        let service = service(parameters.take("SERVICE").as_deref(), &request)?;
        let operation =
            Operation::named(service, &request).ok_or(RequestRefusal::UnknownOperation(service.name()))?;
        match (operation.service, operation.name) {
            (Service::Wfs, "GetFeature") => GetFeature::parse(parameters, context).map(Self::GetFeature),
            (Service::Wfs, "Transaction") => {
                Err(RequestRefusal::Combination("send a Transaction as an XML body, not as parameters"))
            }
            _ => Kvp::parse(operation, parameters, context).map(Self::Kvp),
        }
    }

    fn from_body(incoming: Incoming<'_>, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        match incoming.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Self::from_parameters(incoming.query, context),
            // An XML document, perhaps with a byte order mark.
            Some(b'<' | 0xEF) => Self::from_xml(incoming.query, incoming.body, context),
            Some(b'{' | b'[' | b'-') => Err(RequestRefusal::UnexpectedBody),
            Some(_) => {
                let mut form = Parameters::read(incoming.body, Keys::Ows)?;
                if form.take("MAP").is_some() {
                    return Err(RequestRefusal::UnknownParameter {
                        parameter: "MAP".into(),
                        operation: "a form",
                    });
                }
                Self::from_parameters(incoming.query.and(form)?, context)
            }
        }
    }

    /// With an XML body, the query may repeat its service, version and operation, and nothing else.
    fn from_xml(query: Parameters, body: &[u8], context: &Context<'_>) -> Result<Self, RequestRefusal> {
        let root = Element::parse(body, context.limits.body_bytes).map_err(BodyError::Xml)?;
        for parameter in query {
            check_query(&root, &parameter.key, &parameter.value)?;
        }
        match root.name.as_str() {
            "GetFeature" => GetFeature::from_xml(&root, context).map(Self::GetFeature),
            "Transaction" => TransactionRequest::from_xml(&root).map(Self::Transaction),
            "GetCapabilities" | "DescribeFeatureType" => {
                Self::from_parameters(get_feature::body_parameters(&root)?, context)
            }
            _ => Err(BodyError::Root {
                expected: "GetFeature, Transaction, DescribeFeatureType or GetCapabilities of WFS",
                found: root.name,
            }
            .into()),
        }
    }
}

impl Context<'_> {
    /// Whether `key`, in capitals, is the id of a layout's text that clients may set.
    fn has_print_text(&self, key: &str) -> bool {
        self.catalogue.print_texts.iter().any(|id| id.to_uppercase() == key)
    }
}

/// As in QGIS, GetMap and GetFeatureInfo without SERVICE belong to WMS.
fn service(named: Option<&str>, request: &str) -> Result<Service, RequestRefusal> {
    match named {
        Some(name) if !name.is_empty() => Service::named(name).ok_or(RequestRefusal::UnknownService),
        _ if matches!(request, "GetMap" | "GetFeatureInfo") => Ok(Service::Wms),
        _ => Err(RequestRefusal::UnknownService),
    }
}

fn check_query(root: &Element, key: &str, value: &str) -> Result<(), RequestRefusal> {
    let agrees = match key {
        "SERVICE" => value.eq_ignore_ascii_case("WFS"),
        "REQUEST" => value.eq_ignore_ascii_case(&root.name),
        "VERSION" => root.attribute("version").is_none_or(|version| version == value),
        _ => {
            return Err(RequestRefusal::UnknownParameter {
                parameter: key.to_owned(),
                operation: "a request with an XML body",
            });
        }
    };
    if agrees {
        Ok(())
    } else {
        Err(RequestRefusal::Contradiction { parameter: key.to_owned(), other: "the XML body" })
    }
}
