//! WFS GetFeature, the one operation of reading that may come as a query, a form or XML, and that filters in four ways.

use http::Method;
use pozi_auth::sites::Access;

use super::{
    Context, RequestRefusal,
    kvp::Kvp,
    operation::Operation,
    parameters::Parameters,
    value::{SortKey, Value},
    written::{Written, request},
};
use crate::{
    expression::Expression,
    layers::{Layer, Layers},
    upstream::{QgisBody, QgisRequest},
    xml::{
        Element,
        filter::Filter,
        get_feature::{GetFeatureXml, QueryXml},
    },
};

/// A request for features that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct GetFeature {
    operation: &'static Operation,
    /// VERSION, OUTPUTFORMAT, SRSNAME and the like, as they are written.
    plain: Vec<(&'static str, String)>,
    /// None for a count of all.
    max_features: Option<u64>,
    ids: Vec<String>,
    expression: Option<Expression>,
    queries: Vec<Query>,
}

/// What is asked of one type.
#[derive(Debug, Clone, PartialEq)]
struct Query {
    type_name: String,
    properties: Vec<String>,
    filter: Option<Filter>,
    sort: Vec<SortKey>,
}

/// Parameters that are written as they were understood.
const PLAIN: [&str; 7] =
    ["VERSION", "OUTPUTFORMAT", "SRSNAME", "STARTINDEX", "RESULTTYPE", "BBOX", "GEOMETRYNAME"];

impl GetFeature {
    /// Reads the parameters of a query or a form.
    pub(super) fn read(
        operation: &'static Operation,
        parameters: Parameters,
        context: &Context<'_>,
    ) -> Result<Self, RequestRefusal> {
        let mut given = Kvp::read(operation, parameters, context)?;
        let filters = match given.take("FILTER") {
            Some(Value::Filters(filters)) => filters,
            _ => Vec::new(),
        };
        Self::of(given, filters, context)
    }

    /// Reads an XML body: its values by the same rules as those of a query.
    pub(super) fn read_xml(root: &Element, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        let operation = Operation::named(super::Service::Wfs, "GetFeature")
            .ok_or(RequestRefusal::UnknownOperation { service: "WFS" })?;
        let body = GetFeatureXml::from_element(root).map_err(|error| RequestRefusal::Xml(error.to_string()))?;
        let mut parameters = Parameters::default();
        for (key, value) in body.parameters() {
            parameters.add(key.to_owned(), value)?;
        }
        let filters = body.queries.into_iter().map(|query| query.filter).collect();
        Self::of(Kvp::read(operation, parameters, context)?, filters, context)
    }

    /// Its operation.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// What a session must allow.
    pub fn access(&self) -> Access {
        self.operation.access
    }

    /// Whether it names fields.
    pub fn needs_layers(&self) -> bool {
        let names_fields = |query: &Query| query.filter.is_some() || !query.sort.is_empty();
        self.expression.is_some() || self.queries.iter().any(names_fields)
    }

    /// Replaces the names of fields by the real ones, and refuses those that WFS does not publish.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        for query in &mut self.queries {
            let unknown = || RequestRefusal::UnknownLayer { parameter: "TYPENAME".into() };
            let layer = layers.by_type_name(&query.type_name).ok_or_else(unknown)?;
            let real = |name: &str| layer.wfs_field(name).map(|field| field.name.clone());
            if let Some(filter) = &mut query.filter {
                filter.resolve_fields(&real).map_err(|_| unknown_field("FILTER"))?;
            }
            if let Some(expression) = &mut self.expression {
                expression.resolve_fields(&real).map_err(|_| unknown_field("EXP_FILTER"))?;
            }
            resolve_sort(&mut query.sort, layer)?;
        }
        Ok(())
    }

    /// The request for QGIS Server: as XML where there is a filter, since QGIS cuts a filter of a query at every bracket.
    pub fn write(&self) -> QgisRequest {
        if self.queries.iter().any(|query| query.filter.is_some()) {
            return self.write_xml();
        }
        let mut written = Written::of("WFS", "GetFeature");
        for (key, value) in &self.plain {
            written.add(key, value);
        }
        if let Some(most) = self.max_features {
            written.add("MAXFEATURES", &most.to_string());
        }
        if self.ids.is_empty() {
            let types: Vec<_> = self.queries.iter().map(|query| query.type_name.as_str()).collect();
            written.add("TYPENAME", &types.join(","));
        } else {
            written.add("FEATUREID", &self.ids.join(","));
        }
        if let Some(expression) = &self.expression {
            written.add("EXP_FILTER", &expression.to_string());
        }
        if self.queries.iter().any(|query| !query.properties.is_empty()) {
            let groups: Vec<_> = self.queries.iter().map(|query| query.properties.clone()).collect();
            written.add("PROPERTYNAME", &Value::Properties(groups).written());
        }
        if let [query] = &self.queries[..]
            && !query.sort.is_empty()
        {
            written.add("SORTBY", &Value::Sort(query.sort.clone()).written());
        }
        written.into_request(Method::GET)
    }

    fn of(
        mut given: Kvp,
        filters: Vec<Option<Filter>>,
        context: &Context<'_>,
    ) -> Result<Self, RequestRefusal> {
        let operation = given.operation();
        let ids = names(given.take("FEATUREID"));
        let expression = match given.take("EXP_FILTER") {
            Some(Value::Expression(expression)) => Some(*expression),
            _ => None,
        };
        let max_features = match given.take("MAXFEATURES") {
            // QGIS takes 0 for all.
            Some(Value::Integer(most)) if most > 0 => u64::try_from(most).ok(),
            _ => None,
        };
        let queries = queries(&mut given, filters)?;
        let plain: Vec<_> = PLAIN.into_iter().filter_map(|key| Some((key, given.take(key)?.written()))).collect();
        let counts = plain.contains(&("RESULTTYPE", "hits".to_owned()));
        let most = context.limits.max_features;
        let max_features = match max_features {
            None if counts => None,
            asked => Some(asked.unwrap_or(most).min(most)),
        };
        let read = Self { operation, plain, max_features, ids, expression, queries };
        read.check()?;
        Ok(read)
    }

    /// QGIS ignores one filter beside another in silence, and all rows come: so none may stand beside another.
    fn check(&self) -> Result<(), RequestRefusal> {
        let has_filter = self.queries.iter().any(|query| query.filter.is_some());
        let has_box = self.plain.iter().any(|(key, _)| *key == "BBOX");
        let filters = [has_filter, self.expression.is_some(), !self.ids.is_empty()];
        let refused = |text| Err(RequestRefusal::Combination(text));
        if filters.into_iter().filter(|is_there| *is_there).count() > 1 {
            return refused("FILTER, EXP_FILTER and FEATUREID exclude one another");
        }
        if has_box && (has_filter || !self.ids.is_empty()) {
            return refused("BBOX stands beside EXP_FILTER alone; put the box into FILTER");
        }
        if self.expression.is_some() && self.queries.len() != 1 {
            return refused("EXP_FILTER needs exactly one TYPENAME");
        }
        if self.queries.is_empty() && self.ids.is_empty() {
            return Err(RequestRefusal::Missing { parameter: "TYPENAME" });
        }
        if has_filter && self.plain.iter().any(|(key, _)| *key == "GEOMETRYNAME") {
            return refused("GEOMETRYNAME does not go with FILTER; use EXP_FILTER");
        }
        Ok(())
    }

    fn write_xml(&self) -> QgisRequest {
        let plain = |key: &str| self.plain.iter().find(|(own, _)| *own == key).map(|(_, value)| value.clone());
        let query = |query: &Query| QueryXml {
            type_name: query.type_name.clone(),
            srs_name: plain("SRSNAME"),
            properties: query.properties.iter().filter(|name| *name != "*").cloned().collect(),
            filter: query.filter.clone(),
            sort: query.sort.iter().map(|key| (key.field.clone(), key.descending)).collect(),
        };
        let body = GetFeatureXml {
            version: plain("VERSION"),
            output_format: plain("OUTPUTFORMAT"),
            max_features: self.max_features.map(|most| most.to_string()),
            start_index: plain("STARTINDEX"),
            result_type: plain("RESULTTYPE"),
            queries: self.queries.iter().map(query).collect(),
        };
        let body = QgisBody { content_type: "text/xml", bytes: body.write().into() };
        QgisRequest { query: "SERVICE=WFS".into(), body: Some(body), ..request(Method::POST, String::new()) }
    }
}

/// The parameters of the body of a GetCapabilities or DescribeFeatureType.
pub(super) fn described(root: &Element) -> Result<Parameters, RequestRefusal> {
    let described = crate::xml::get_feature::parameters_of(root);
    let mut parameters = Parameters::default();
    for (key, value) in described.map_err(|error| RequestRefusal::Xml(error.to_string()))? {
        parameters.add(key.to_owned(), value)?;
    }
    Ok(parameters)
}

fn queries(given: &mut Kvp, mut filters: Vec<Option<Filter>>) -> Result<Vec<Query>, RequestRefusal> {
    let types = names(given.take("TYPENAME"));
    let mut properties = match given.take("PROPERTYNAME") {
        Some(Value::Properties(groups)) => groups,
        _ => Vec::new(),
    };
    let sort = match given.take("SORTBY") {
        Some(Value::Sort(keys)) => keys,
        _ => Vec::new(),
    };
    if filters.len() > types.len() || properties.len() > types.len().max(1) {
        return Err(RequestRefusal::Combination("FILTER and PROPERTYNAME have one group for each TYPENAME"));
    }
    if !sort.is_empty() && types.len() != 1 {
        return Err(RequestRefusal::Combination("SORTBY needs exactly one TYPENAME"));
    }
    filters.resize(types.len(), None);
    properties.resize(types.len(), Vec::new());
    let each = types.into_iter().zip(properties).zip(filters);
    Ok(each
        .map(|((type_name, properties), filter)| Query { type_name, properties, filter, sort: sort.clone() })
        .collect())
}

fn names(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::Names(names)) => names,
        _ => Vec::new(),
    }
}

fn resolve_sort(keys: &mut [SortKey], layer: &Layer) -> Result<(), RequestRefusal> {
    for key in keys {
        let field = layer.wfs_field(&key.field).ok_or_else(|| unknown_field("SORTBY"))?;
        key.field.clone_from(&field.name);
    }
    Ok(())
}

fn unknown_field(parameter: &str) -> RequestRefusal {
    RequestRefusal::UnknownField { parameter: parameter.to_owned() }
}
