//! What is asked of QGIS Server: read once into a type from query, form or XML, decided on that type, and written anew. QGIS
//! never parses what a client wrote.

pub mod features;
mod get_feature;
mod kind;
mod kvp;
mod lookup;
mod operation;
mod parameters;
mod print;
mod refusal;
mod table;
mod transaction;
mod value;
mod written;

use std::borrow::Cow;

use http::Method;
use pozi_auth::sites::{Access, Catalogue};

use self::features::{FeaturesPath, FeaturesRequest};
pub use self::{
    get_feature::GetFeature,
    kind::{Highlight, Kind},
    kvp::Kvp,
    lookup::print_operations,
    operation::{Operation, Parameter, Service},
    parameters::{Keys, MAX_QUERY_BYTES, Parameters},
    refusal::RequestRefusal,
    table::OPERATIONS,
    transaction::TransactionRequest,
};
use crate::{layers::Layers, settings::Limits, upstream::QgisRequest, xml::tree::Element};

/// The most names of one list. A map of 3,000 layers held QGIS for 23 s.
const MAX_NAMES: usize = 200;

/// A request as it came, its catalogue known.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The decoded segments of its path behind the catalogue.
    pub rest: &'a [Cow<'a, str>],
    /// Its query, without `MAP`.
    pub query: Parameters,
    /// Its body; what it is is seen by its first character, whatever its media type: clients send any.
    pub body: &'a [u8],
    /// What QGIS is to be asked to answer with, where it chooses by that.
    pub accept: Option<&'static str>,
}

/// What a request is read against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Its catalogue, for what that allows.
    pub catalogue: &'a Catalogue,
    /// The bounds.
    pub limits: &'a Limits,
}

/// A request that was understood.
#[derive(Debug, Clone, PartialEq)]
pub enum MapRequest {
    /// Key and value pairs.
    Kvp(Kvp),
    /// WFS GetFeature, by query, form or XML.
    GetFeature(GetFeature),
    /// WFS Transaction, by XML.
    Transaction(TransactionRequest),
    /// OGC API Features.
    Features(FeaturesRequest),
}

impl MapRequest {
    /// Reads a request, or says why it is not understood.
    pub fn parse(incoming: Incoming<'_>, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        if let Some(path) = FeaturesPath::parse(incoming.rest) {
            return FeaturesRequest::read(path?, incoming).map(Self::Features);
        }
        if !incoming.rest.iter().all(|segment| segment.is_empty()) {
            return Err(RequestRefusal::NotFound);
        }
        match *incoming.method {
            Method::GET | Method::HEAD if incoming.body.is_empty() => {
                Self::of_parameters(incoming.query, context)
            }
            Method::GET | Method::HEAD => Err(RequestRefusal::UnknownBody),
            Method::POST => Self::of_body(incoming, context),
            _ => Err(RequestRefusal::Method { allow: "GET, HEAD, POST" }),
        }
    }

    /// What a session must allow.
    pub fn access(&self) -> Access {
        self.operation().access
    }

    /// Its operation.
    pub fn operation(&self) -> &'static Operation {
        match self {
            Self::Kvp(request) => request.operation(),
            Self::GetFeature(request) => request.operation(),
            Self::Transaction(request) => request.operation(),
            Self::Features(request) => request.operation(),
        }
    }

    /// Whether it can be decided only with the catalogue's layers at hand.
    pub fn needs_layers(&self) -> bool {
        match self {
            Self::Kvp(request) => request.needs_layers(),
            Self::GetFeature(request) => request.needs_layers(),
            Self::Transaction(_) => true,
            Self::Features(request) => request.needs_layers(),
        }
    }

    /// Replaces the names of fields by the real ones, and refuses what the service does not publish.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        match self {
            Self::Kvp(request) => request.resolve(layers),
            Self::GetFeature(request) => request.resolve(layers),
            Self::Transaction(request) => request.resolve(layers),
            Self::Features(request) => request.resolve(layers),
        }
    }

    /// The request for QGIS Server.
    pub fn write(&self) -> QgisRequest {
        match self {
            Self::Kvp(request) => request.write(),
            Self::GetFeature(request) => request.write(),
            Self::Transaction(request) => request.write(),
            Self::Features(request) => request.write(),
        }
    }

    fn of_parameters(mut parameters: Parameters, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        let request = parameters.take("REQUEST").filter(|request| !request.is_empty());
        let request = request.ok_or(RequestRefusal::Missing { parameter: "REQUEST" })?;
        let service = service(parameters.take("SERVICE").as_deref(), &request)?;
        let operation = Operation::named(service, &request)
            .ok_or(RequestRefusal::UnknownOperation { service: service.name() })?;
        match (operation.service, operation.name) {
            (Service::Wfs, "GetFeature") => {
                GetFeature::read(operation, parameters, context).map(Self::GetFeature)
            }
            (Service::Wfs, "Transaction") => {
                Err(RequestRefusal::Combination("a Transaction is taken as an XML body only"))
            }
            _ => Kvp::read(operation, parameters, context).map(Self::Kvp),
        }
    }

    fn of_body(incoming: Incoming<'_>, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        match incoming.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Self::of_parameters(incoming.query, context),
            // An XML document, perhaps with a byte order mark.
            Some(b'<' | 0xEF) => Self::of_xml(incoming.query, incoming.body, context),
            Some(b'{' | b'[' | b'-') => Err(RequestRefusal::UnknownBody),
            Some(_) => {
                let mut form = Parameters::read(incoming.body, Keys::Ows)?;
                if form.take("MAP").is_some() {
                    return Err(RequestRefusal::UnknownParameter {
                        parameter: "MAP".into(),
                        operation: "a form",
                    });
                }
                Self::of_parameters(incoming.query.and(form)?, context)
            }
        }
    }

    /// Beside an XML body the query may name the same service, version and operation, and nothing else.
    fn of_xml(query: Parameters, body: &[u8], context: &Context<'_>) -> Result<Self, RequestRefusal> {
        let root = Element::parse(body, context.limits.body_bytes)
            .map_err(|error| RequestRefusal::Xml(error.to_string()))?;
        for parameter in query {
            check_beside(&root, &parameter.key, &parameter.value)?;
        }
        match root.name.as_str() {
            "GetFeature" => GetFeature::read_xml(&root, context).map(Self::GetFeature),
            "Transaction" => TransactionRequest::read(&root).map(Self::Transaction),
            "GetCapabilities" | "DescribeFeatureType" => {
                let parameters = get_feature::described(&root)?;
                Self::of_parameters(parameters, context)
            }
            _ => Err(RequestRefusal::Xml(
                "the root must be GetFeature, Transaction, DescribeFeatureType or GetCapabilities of WFS"
                    .into(),
            )),
        }
    }
}

impl Context<'_> {
    /// Whether `key`, in capitals, is the id of a layout's text that clients may fill.
    fn has_print_text(&self, key: &str) -> bool {
        self.catalogue.print_texts.iter().any(|id| id.to_uppercase() == key)
    }
}

/// QGIS takes GetMap and GetFeatureInfo for WMS where SERVICE is missing.
fn service(named: Option<&str>, request: &str) -> Result<Service, RequestRefusal> {
    match named {
        Some(name) if !name.is_empty() => Service::named(name).ok_or(RequestRefusal::UnknownService),
        _ if matches!(request, "GetMap" | "GetFeatureInfo") => Ok(Service::Wms),
        _ => Err(RequestRefusal::UnknownService),
    }
}

fn check_beside(root: &Element, key: &str, value: &str) -> Result<(), RequestRefusal> {
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
