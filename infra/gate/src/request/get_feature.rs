//! WFS GetFeature, the one operation of reading that may come as a query, a form or XML, and that filters in four ways.

mod write;

use pozi_auth::sites::Access;

use super::{
    Context, RequestRefusal, Service,
    kvp::Kvp,
    operation::Operation,
    parameters::Parameters,
    value::{SortKey, Value},
};
use crate::{
    expression::Expression,
    layers::Layers,
    xml::{
        body::BodyError,
        describe::DescribeFeatureTypeBody,
        filter::Filter,
        get_feature::{GetFeatureBody, Property, Query, SortField},
        tree::Element,
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
    /// Whether it goes to QGIS as XML: where it came so, or has a filter, which QGIS cuts at every bracket of a query.
    is_xml: bool,
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
        let queries = queries(&mut given)?;
        let is_xml = queries.iter().any(|query| query.filter.is_some());
        Self::of(given, queries, is_xml, context)
    }

    /// Reads an XML body: its values by the same rules as those of a query.
    pub(super) fn read_xml(root: &Element, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        let operation = operation()?;
        let body = GetFeatureBody::from_element(root).map_err(refused)?;
        let parameters = given([
            ("VERSION", body.version),
            ("OUTPUTFORMAT", body.output_format),
            ("MAXFEATURES", body.max_features),
            ("STARTINDEX", body.start_index),
            ("RESULTTYPE", body.result_type),
        ])?;
        Self::of(Kvp::read(operation, parameters, context)?, body.queries, true, context)
    }

    /// Its operation.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// What a session must allow.
    pub fn access(&self) -> Access {
        self.operation.access
    }

    /// Whether it names fields that must be known.
    pub fn needs_layers(&self) -> bool {
        let names_fields = |query: &Query| {
            let has_fields =
                || query.properties.iter().any(|property| matches!(property, Property::Field(_)));
            query.filter.is_some() || !query.sort.is_empty() || (self.is_xml && has_fields())
        };
        self.expression.is_some() || self.queries.iter().any(names_fields)
    }

    /// Replaces the names of fields by the real ones, and refuses those that WFS does not publish.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        for query in &mut self.queries {
            let unknown = || RequestRefusal::UnknownLayer { parameter: "TYPENAME".into() };
            let layer = layers.by_type_name(&query.type_name).ok_or_else(unknown)?;
            let real = |name: &str| layer.wfs_field(name).map(|field| field.name.clone());
            if let Some(expression) = &mut self.expression {
                let unknown = |_| RequestRefusal::UnknownField { parameter: "EXP_FILTER".into() };
                expression.resolve_fields(&real).map_err(unknown)?;
            }
            query.resolve_fields(&real).map_err(refused)?;
        }
        Ok(())
    }

    fn of(
        mut given: Kvp,
        queries: Vec<Query>,
        is_xml: bool,
        context: &Context<'_>,
    ) -> Result<Self, RequestRefusal> {
        let operation = given.operation();
        let expression = match given.take("EXP_FILTER") {
            Some(Value::Expression(expression)) => Some(*expression),
            _ => None,
        };
        let ids = names(given.take("FEATUREID"));
        let max_features = given.take("MAXFEATURES");
        let plain: Vec<_> = PLAIN
            .into_iter()
            .filter_map(|key| Some((key, given.take(key)?.written().into_owned())))
            .collect();
        let counts = plain.contains(&("RESULTTYPE", "hits".to_owned()));
        let max_features = bounded(max_features.as_ref(), counts, context.limits.max_features);
        let read = Self { operation, plain, max_features, ids, expression, queries, is_xml };
        read.check()?;
        Ok(read)
    }

    /// QGIS ignores one filter beside another in silence, and all rows come: so none may stand beside another.
    fn check(&self) -> Result<(), RequestRefusal> {
        let has_filter = self.queries.iter().any(|query| query.filter.is_some());
        let has = |key: &str| self.plain.iter().any(|(own, _)| *own == key);
        let filters = [has_filter, self.expression.is_some(), !self.ids.is_empty()];
        let refused = |text| Err(RequestRefusal::Combination(text));
        if filters.into_iter().filter(|is_there| *is_there).count() > 1 {
            return refused("FILTER, EXP_FILTER and FEATUREID exclude one another");
        }
        if has("BBOX") && (has_filter || !self.ids.is_empty()) {
            return refused("BBOX stands beside EXP_FILTER alone; put the box into FILTER");
        }
        if self.expression.is_some() && self.queries.len() != 1 {
            return refused("EXP_FILTER needs exactly one TYPENAME");
        }
        if self.queries.is_empty() && self.ids.is_empty() {
            return Err(RequestRefusal::Missing { parameter: "TYPENAME" });
        }
        if has_filter && has("GEOMETRYNAME") {
            return refused("GEOMETRYNAME does not go with FILTER; use EXP_FILTER");
        }
        Ok(())
    }
}

/// The parameters of the body of a DescribeFeatureType or GetCapabilities of WFS: they go to QGIS as a query.
pub(super) fn described(root: &Element) -> Result<Parameters, RequestRefusal> {
    let is_described = root.name == "DescribeFeatureType";
    let body = if is_described {
        DescribeFeatureTypeBody::from_element(root).map_err(refused)?
    } else {
        DescribeFeatureTypeBody {
            version: root.attribute("version").map(str::to_owned),
            ..Default::default()
        }
    };
    given([
        ("SERVICE", Some("WFS".to_owned())),
        ("REQUEST", Some(root.name.clone())),
        ("VERSION", body.version),
        ("OUTPUTFORMAT", body.output_format),
        ("TYPENAME", (!body.type_names.is_empty()).then(|| body.type_names.join(","))),
    ])
}

/// An error of a body as a client is told it.
pub(super) fn refused(error: BodyError) -> RequestRefusal {
    match error {
        BodyError::UnknownField { element, .. } => {
            RequestRefusal::UnknownField { parameter: element.to_owned() }
        }
        error => RequestRefusal::Xml(error.to_string()),
    }
}

fn operation() -> Result<&'static Operation, RequestRefusal> {
    Operation::named(Service::Wfs, "GetFeature").ok_or(RequestRefusal::UnknownOperation { service: "WFS" })
}

fn given<const N: usize>(values: [(&str, Option<String>); N]) -> Result<Parameters, RequestRefusal> {
    let mut parameters = Parameters::default();
    for (key, value) in values {
        if let Some(value) = value {
            parameters.add(key.to_owned(), value)?;
        }
    }
    Ok(parameters)
}

/// QGIS takes 0 for all; no answer has more than `most` features. A count has no bound.
fn bounded(asked: Option<&Value>, counts: bool, most: u64) -> Option<u64> {
    match asked {
        Some(Value::Integer(asked)) if *asked > 0 => {
            Some(u64::try_from(*asked).map_or(most, |asked| asked.min(most)))
        }
        _ if counts => None,
        _ => Some(most),
    }
}

fn queries(given: &mut Kvp) -> Result<Vec<Query>, RequestRefusal> {
    let named = names(given.take("TYPENAME"));
    let ids = given.names("FEATUREID").map(types_of);
    let has_ids = ids.is_some();
    let types = ids.unwrap_or(named);
    let mut filters: Vec<Option<Filter>> = match given.take("FILTER") {
        Some(Value::Filters(filters)) => filters,
        _ => Vec::new(),
    };
    let mut properties = match given.take("PROPERTYNAME") {
        Some(Value::Properties(groups)) => groups,
        _ => Vec::new(),
    };
    let sort = match given.take("SORTBY") {
        // Tried on 3.22: beside FEATUREID it has no effect.
        Some(Value::Sort(keys)) if !has_ids => keys,
        _ => Vec::new(),
    };
    if filters.len() > types.len() || properties.len() > types.len().max(1) {
        return Err(RequestRefusal::Combination(
            "FILTER has one group for each TYPENAME, and PROPERTYNAME for each TYPENAME or FEATUREID",
        ));
    }
    if !sort.is_empty() && types.len() != 1 {
        return Err(RequestRefusal::Combination("SORTBY needs exactly one TYPENAME"));
    }
    filters.resize(types.len(), None);
    properties.resize(types.len(), Vec::new());
    let sort_field = |key: &SortKey| SortField { field: key.field.clone(), is_descending: key.descending };
    let each = types.into_iter().zip(properties).zip(filters);
    Ok(each
        .map(|((type_name, properties), filter)| Query {
            type_name,
            srs_name: None,
            properties: properties.into_iter().map(property).collect(),
            filter,
            sort: sort.iter().map(sort_field).collect(),
        })
        .collect())
}

/// The type of each of `ids`. QGIS takes the types from `FEATUREID` where there is one, whatever `TYPENAME` says, and wants a
/// group of `PROPERTYNAME` for each id (tried on 3.22).
fn types_of(ids: &[String]) -> Vec<String> {
    ids.iter().map(|id| id.rsplit_once('.').map_or(id.as_str(), |(name, _)| name).to_owned()).collect()
}

fn property(name: String) -> Property {
    if name == "*" { Property::All } else { Property::Field(name) }
}

fn names(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::Names(names)) => names,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use pozi_auth::sites::Site;

    use super::*;
    use crate::{request::Keys, settings::Limits};

    fn read(query: &str) -> Result<GetFeature, RequestRefusal> {
        let site = Site::parse(include_str!("../../tests/site.toml")).unwrap();
        let parameters = Parameters::read(query.as_bytes(), Keys::Ows)?;
        let context = Context { catalogue: &site.catalogues[0], limits: &Limits::default() };
        let mut given = Kvp::read(operation()?, parameters, &context)?;
        let queries = queries(&mut given)?;
        GetFeature::of(given, queries, false, &context)
    }

    #[test]
    fn feature_ids_name_the_types_and_each_has_its_properties() {
        for (query, groups) in [
            ("FEATUREID=roads.1,zones.2", ""),
            ("TYPENAME=other&FEATUREID=roads.1,zones.2", ""),
            ("RESOURCEID=roads.1,zones.2&PROPERTYNAME=(name)(title,kind)", "(name)(title,kind)"),
            ("TYPENAME=roads&FEATUREID=roads.1,zones.2&PROPERTYNAME=(name)(*)&SORTBY=name", "(name)(*)"),
        ] {
            let request = read(query).unwrap();
            let types: Vec<_> = request.queries.iter().map(|query| query.type_name.as_str()).collect();
            assert_eq!(types, ["roads", "zones"], "fields are those of the types that QGIS reads: {query}");
            assert!(!request.needs_layers(), "{query}");
            let written = request.write().query;
            let written = Parameters::read(written.as_bytes(), Keys::Ows).unwrap();
            assert_eq!(written.value("FEATUREID"), Some("roads.1,zones.2"), "{query}");
            assert_eq!(written.value("PROPERTYNAME").unwrap_or_default(), groups, "{query}");
            assert!(written.value("TYPENAME").is_none() && written.value("SORTBY").is_none(), "{query}");
        }
        let too_many = read("FEATUREID=roads.1&PROPERTYNAME=(name)(name)");
        assert!(matches!(too_many, Err(RequestRefusal::Combination(_))), "{too_many:?}");
    }
}
