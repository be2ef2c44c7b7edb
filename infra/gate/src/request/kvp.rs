//! Requests of key and value pairs: every operation of WMS, WMTS and WCS, and those of WFS that read no features.

use std::borrow::Cow;

use http::Method;
use pozi_auth::sites::Access;

use super::{
    Context, RequestRefusal,
    kind::Kind,
    operation::{Operation, Parameter, Service},
    parameters::Parameters,
    print::{MapKey, print_text},
    value::{Value, highlight::symbols, names::is_ambiguous},
    written::Written,
};
use crate::{layers::Layers, upstream::QgisRequest};

/// A request that was understood: an operation and its values, in the order that the table has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Kvp {
    operation: &'static Operation,
    values: Vec<Given>,
}

#[derive(Debug, Clone, PartialEq)]
struct Given {
    /// The key as it is written.
    key: Cow<'static, str>,
    value: Value,
}

impl Kvp {
    /// Reads `parameters` by the table's list for `operation`. Empty values count as absent, except for styles, where an
    /// empty name is the layer's own style.
    pub(super) fn read(
        operation: &'static Operation,
        parameters: Parameters,
        context: &Context<'_>,
    ) -> Result<Self, RequestRefusal> {
        let mut request = Self { operation, values: Vec::with_capacity(parameters.len()) };
        for parameter in parameters {
            request.understand(parameter.key, &parameter.value, context)?;
        }
        request.check(context)?;
        request.add_symbols();
        Ok(request)
    }

    /// Its operation.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// What a session must allow.
    pub fn access(&self) -> Access {
        self.operation.access
    }

    /// Whether it can be decided only with the catalogue's layers at hand.
    pub fn needs_layers(&self) -> bool {
        self.values.iter().any(|given| match &given.value {
            Value::Sql(_) => true,
            Value::Names(names) => names.iter().any(|name| is_ambiguous(name)),
            _ => false,
        })
    }

    /// Replaces the fields that filters name by the layers' real fields, and refuses those that WMS does not publish.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        for Given { key, value } in &mut self.values {
            match value {
                Value::Names(names) => {
                    let is_published =
                        |name: &String| !is_ambiguous(name) || layers.by_wms_name(name).is_some();
                    if !names.iter().all(is_published) {
                        return Err(RequestRefusal::UnknownLayer { parameter: key.to_string() });
                    }
                }
                Value::Sql(filters) => {
                    let real = |layer: &str, field: &str| {
                        Some(layers.by_wms_name(layer)?.wms_field(field)?.name.clone())
                    };
                    filters
                        .resolve_fields(&real)
                        .map_err(|_| RequestRefusal::UnknownField { parameter: key.to_string() })?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The request for QGIS Server.
    pub fn write(&self) -> QgisRequest {
        let mut written = Written::of(self.operation.service.name(), self.operation.name);
        for Given { key, value } in &self.values {
            written.add(self.spelt(key), &value.written());
        }
        written.into_request(Method::GET)
    }

    /// The names that are the value of `key`.
    pub(super) fn names(&self, key: &str) -> Option<&[String]> {
        self.values.iter().find(|given| given.key == key).and_then(|given| match &given.value {
            Value::Names(names) => Some(&names[..]),
            _ => None,
        })
    }

    /// Takes out the value of `key`.
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        let at = self.values.iter().position(|given| given.key == key)?;
        Some(self.values.remove(at).value)
    }

    /// WMS 1.1.1 calls `SRS` what 1.3.0 calls `CRS`.
    fn spelt<'a>(&'a self, key: &'a str) -> &'a str {
        let is_old = || {
            self.text("VERSION")
                .is_some_and(|version| version.starts_with("1.1") || version.starts_with("1.0"))
        };
        if key == "CRS" && self.operation.service == Service::Wms && is_old() { "SRS" } else { key }
    }

    fn understand(&mut self, key: String, text: &str, context: &Context<'_>) -> Result<(), RequestRefusal> {
        let map_key = MapKey::parse(&key);
        let named = self.operation.parameter(map_key.as_ref().map_or(&key, |map| map.general()));
        let Some(parameter) = named else {
            if self.operation.name == "GetPrint" && context.has_print_text(&key) {
                self.values.push(Given { value: print_text(&key, text)?, key: key.into() });
                return Ok(());
            }
            return Err(RequestRefusal::UnknownParameter { parameter: key, operation: self.operation.name });
        };
        if text.is_empty() && parameter.kind != Kind::Styles {
            return Ok(());
        }
        if matches!(parameter.kind, Kind::Highlight(_)) && !context.catalogue.highlight {
            return Err(RequestRefusal::NotConfigured(
                "HIGHLIGHT_ parameters are allowed for catalogues whose site file says highlight = true",
            ));
        }
        let Some(value) = Value::read(&key, parameter.kind, text)? else { return Ok(()) };
        let written = map_key.map_or(Cow::Borrowed(parameter.name), |map| map.written(parameter).into());
        self.add(key, parameter, Given { key: written, value })
    }

    /// A parameter may come under two of its names if both say the same.
    fn add(&mut self, key: String, parameter: &Parameter, given: Given) -> Result<(), RequestRefusal> {
        match self.values.iter().find(|other| other.key == given.key) {
            None => self.values.push(given),
            Some(other) if other.value == given.value => {}
            Some(_) => {
                return Err(RequestRefusal::Contradiction { parameter: key, other: parameter.name });
            }
        }
        Ok(())
    }

    fn check(&mut self, context: &Context<'_>) -> Result<(), RequestRefusal> {
        for (width, height) in [("WIDTH", "HEIGHT"), ("SRCWIDTH", "SRCHEIGHT")] {
            let side = |name| u64::try_from(self.number(name).unwrap_or(1)).unwrap_or(0);
            if side(width).saturating_mul(side(height)) > context.limits.max_pixels {
                return Err(RequestRefusal::TooManyPixels { most: context.limits.max_pixels });
            }
        }
        // Its options are those of a DXF export, and mean nothing to a picture.
        if self.text("FORMAT") != Some("application/dxf") {
            self.values.retain(|given| given.key != "FORMAT_OPTIONS");
        }
        if self.operation.name == "GetPrint" {
            self.check_layout(context)?;
        }
        Ok(())
    }

    fn check_layout(&self, context: &Context<'_>) -> Result<(), RequestRefusal> {
        if context.catalogue.print.is_empty() {
            return Err(RequestRefusal::NotConfigured(
                "GetPrint is off; the site file's print = [\"…\"] lists the layouts that this catalogue may print",
            ));
        }
        let layout = self.text("TEMPLATE").ok_or(RequestRefusal::Missing { parameter: "TEMPLATE" })?;
        if context.catalogue.print.iter().any(|allowed| allowed == layout) {
            Ok(())
        } else {
            Err(RequestRefusal::NotConfigured(
                "TEMPLATE is not one of the layouts that the site file's print lists",
            ))
        }
    }

    /// QGIS draws a highlight only with a style, which must be ours.
    fn add_symbols(&mut self) {
        self.values.retain(|given| !given.key.ends_with("HIGHLIGHT_SYMBOL"));
        let styles: Vec<_> = self
            .values
            .iter()
            .filter_map(|given| {
                let prefix = given.key.strip_suffix("HIGHLIGHT_GEOM")?;
                let value = Value::Text(symbols(&given.value.written()));
                Some(Given { key: format!("{prefix}HIGHLIGHT_SYMBOL").into(), value })
            })
            .collect();
        self.values.extend(styles);
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|given| given.key == key).and_then(|given| match &given.value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.values.iter().find(|given| given.key == key).and_then(|given| match given.value {
            Value::Integer(number) => Some(number),
            _ => None,
        })
    }
}
