//! Requests of key-value pairs: the operations of WMS, WMTS and WCS, and those of WFS that read no features.

use std::borrow::Cow;

use super::{
    Context, RequestRefusal,
    download::Amount,
    kind::Kind,
    operation::{Gives, Operation, Parameter, Service},
    parameters::Parameters,
    print::{MapKey, print_text},
    query_writer::QueryWriter,
    value::{Value, highlight::symbols, names::is_ambiguous},
};
use crate::{layers::Layers, upstream::QgisRequest};

/// An operation and its parsed values, in the order sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Kvp {
    operation: &'static Operation,
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone, PartialEq)]
struct Pair {
    /// The key as QGIS expects it.
    key: Cow<'static, str>,
    value: Value,
}

impl Kvp {
    /// Parses `parameters` by the list of `operation`. Empty values count as absent, except for styles, where an empty name
    /// is the layer's default style.
    pub(super) fn parse(
        operation: &'static Operation,
        parameters: Parameters,
        context: &Context<'_>,
    ) -> Result<Self, RequestRefusal> {
        let mut request = Self { operation, pairs: Vec::new() };
        for parameter in parameters {
            request.read_parameter(parameter.key, &parameter.value, context)?;
        }
        request.check(context)?;
        request.replace_symbols();
        Ok(request)
    }

    /// Its row of the table.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Whether [`resolve`](Self::resolve) must be called before it is written.
    pub fn needs_layers(&self) -> bool {
        self.pairs.iter().any(|pair| match &pair.value {
            Value::Sql(_) => true,
            Value::Names(names) => names.iter().any(|name| is_ambiguous(name)),
            _ => false,
        })
    }

    /// Replaces the fields of filters by their real names, and refuses fields and layers that WMS does not publish.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        for Pair { key, value } in &mut self.pairs {
            match value {
                Value::Names(names) => {
                    let is_published =
                        |name: &String| !is_ambiguous(name) || layers.by_wms_name(name).is_some();
                    if !names.iter().all(is_published) {
                        return Err(RequestRefusal::UnknownLayer(key.to_string()));
                    }
                }
                Value::Sql(filters) => {
                    let real = |layer: &str, field: &str| {
                        Some(layers.by_wms_name(layer)?.wms_field(field)?.name.clone())
                    };
                    filters
                        .resolve_fields(&real)
                        .map_err(|_| RequestRefusal::UnknownField(key.to_string()))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// How much of the catalogue's data the answer may hold.
    pub(super) fn amount(&self) -> Amount {
        match self.operation.gives {
            Gives::Nothing => Amount::View,
            Gives::Map => Amount::of_map(self.text("FORMAT")),
            // QGIS answers with one feature of each layer if the count is missing or 0.
            Gives::Place => {
                Amount::Place(u64::try_from(self.number("FEATURE_COUNT").unwrap_or(1)).unwrap_or(1))
            }
            Gives::Features | Gives::File => Amount::File,
        }
    }

    /// Writes the request for QGIS Server.
    pub fn write(&self) -> QgisRequest {
        let mut query = QueryWriter::new(self.operation.service.name(), self.operation.name);
        for Pair { key, value } in &self.pairs {
            query.add(self.key_of_version(key), &value.to_text());
        }
        query.into_request()
    }

    /// The names that are the value of `key`.
    pub(super) fn names(&self, key: &str) -> Option<&[String]> {
        if let Value::Names(names) = self.value(key)? { Some(names) } else { None }
    }

    /// Removes `key` and returns its value.
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        let at = self.pairs.iter().position(|pair| pair.key == key)?;
        Some(self.pairs.remove(at).value)
    }

    /// Removes `key` and returns the names that are its value.
    pub(super) fn take_names(&mut self, key: &str) -> Vec<String> {
        if let Some(Value::Names(names)) = self.take(key) { names } else { Vec::new() }
    }

    /// WMS 1.1.1 calls `SRS` what 1.3.0 calls `CRS`.
    fn key_of_version<'a>(&'a self, key: &'a str) -> &'a str {
        let is_old = || {
            self.text("VERSION")
                .is_some_and(|version| version.starts_with("1.1") || version.starts_with("1.0"))
        };
        if key == "CRS" && self.operation.service == Service::Wms && is_old() { "SRS" } else { key }
    }

    fn read_parameter(
        &mut self,
        key: String,
        text: &str,
        context: &Context<'_>,
    ) -> Result<(), RequestRefusal> {
        let map_key = MapKey::parse(&key);
        let named = self.operation.parameter(map_key.as_ref().map_or(&key, |map| map.general()));
        let Some(parameter) = named else {
            if self.operation.name == "GetPrint" && context.has_print_text(&key) {
                self.pairs.push(Pair { value: print_text(&key, text)?, key: key.into() });
                return Ok(());
            }
            return Err(RequestRefusal::UnknownParameter { parameter: key, operation: self.operation.name });
        };
        if text.is_empty() && parameter.kind != Kind::Styles {
            return Ok(());
        }
        if matches!(parameter.kind, Kind::Highlight(_)) && !context.catalogue.highlight {
            return Err(RequestRefusal::NotConfigured(
                "HIGHLIGHT_ parameters are off for this catalogue; set highlight = true for it in the site file",
            ));
        }
        let Some(value) = Value::parse(&key, parameter.kind, text)? else { return Ok(()) };
        let qgis_key = map_key.map_or(Cow::Borrowed(parameter.name), |map| map.qgis_key(parameter).into());
        self.add(key, parameter, Pair { key: qgis_key, value })
    }

    /// Adds `new`. A parameter may come under two of its names if both have the same value.
    fn add(&mut self, key: String, parameter: &Parameter, new: Pair) -> Result<(), RequestRefusal> {
        match self.value(&new.key) {
            None => self.pairs.push(new),
            Some(value) if *value == new.value => {}
            Some(_) => return Err(RequestRefusal::Contradiction { parameter: key, other: parameter.name }),
        }
        Ok(())
    }

    fn check(&mut self, context: &Context<'_>) -> Result<(), RequestRefusal> {
        for (width, height) in [("WIDTH", "HEIGHT"), ("SRCWIDTH", "SRCHEIGHT")] {
            let side = |name| u64::try_from(self.number(name).unwrap_or(1)).unwrap_or(0);
            if side(width).saturating_mul(side(height)) > context.limits.max_pixels {
                return Err(RequestRefusal::TooManyPixels(context.limits.max_pixels));
            }
        }
        // These options are for a DXF export alone.
        if self.text("FORMAT") != Some("application/dxf") {
            self.pairs.retain(|pair| pair.key != "FORMAT_OPTIONS");
        }
        if self.operation.name == "GetPrint" {
            self.check_layout(context)?;
        }
        Ok(())
    }

    fn check_layout(&self, context: &Context<'_>) -> Result<(), RequestRefusal> {
        if context.catalogue.print.is_empty() {
            return Err(RequestRefusal::NotConfigured(
                "GetPrint is off for this catalogue; list its layouts in the site file, as in print = [\"Layout A4\"]",
            ));
        }
        let layout = self.text("TEMPLATE").ok_or(RequestRefusal::Missing("TEMPLATE"))?;
        if context.catalogue.print.iter().any(|allowed| allowed == layout) {
            Ok(())
        } else {
            Err(RequestRefusal::NotConfigured(
                "TEMPLATE is not one of the layouts that print lists for this catalogue in the site file",
            ))
        }
    }

    /// Replaces the client's styles of highlights by the gate's own. QGIS draws no highlight without a style.
    fn replace_symbols(&mut self) {
        self.pairs.retain(|pair| !pair.key.ends_with("HIGHLIGHT_SYMBOL"));
        let symbols: Vec<_> = self
            .pairs
            .iter()
            .filter_map(|pair| {
                let prefix = pair.key.strip_suffix("HIGHLIGHT_GEOM")?;
                let value = Value::Text(symbols(&pair.value.to_text()));
                Some(Pair { key: format!("{prefix}HIGHLIGHT_SYMBOL").into(), value })
            })
            .collect();
        self.pairs.extend(symbols);
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.pairs.iter().find(|pair| pair.key == key).map(|pair| &pair.value)
    }

    fn text(&self, key: &str) -> Option<&str> {
        if let Value::Text(text) = self.value(key)? { Some(text) } else { None }
    }

    fn number(&self, key: &str) -> Option<i64> {
        if let Value::Integer(number) = self.value(key)? { Some(*number) } else { None }
    }
}
