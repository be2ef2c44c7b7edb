//! WFS GetFeature: the only reading operation that may come as a query, a form or XML. It has four kinds of filter.

mod queries;
mod write;

use self::queries::queries;
use super::{
    Context, RequestRefusal, download::Amount, kvp::Kvp, operation::Operation, parameters::Parameters,
    table::wfs::GET_FEATURE, value::Value,
};
use crate::{
    expression::Expression,
    layers::Layers,
    xml::{
        describe::DescribeFeatureTypeBody,
        get_feature::{GetFeatureBody, Property, Query},
        tree::Element,
    },
};

/// A request for features.
#[derive(Debug, Clone, PartialEq)]
pub struct GetFeature {
    /// VERSION, OUTPUTFORMAT, SRSNAME and the like, as QGIS expects them.
    plain: Vec<(&'static str, String)>,
    /// None for a count of all features.
    max_features: Option<u64>,
    ids: Vec<String>,
    expression: Option<Expression>,
    queries: Vec<Query>,
    /// Whether it is sent to QGIS as XML: if it came as XML, or has an OGC filter, which QGIS cuts at brackets in a query.
    is_xml: bool,
}

/// Parameters that need no more than parsing.
const PLAIN: [&str; 7] =
    ["VERSION", "OUTPUTFORMAT", "SRSNAME", "STARTINDEX", "RESULTTYPE", "BBOX", "GEOMETRYNAME"];

/// Asks QGIS for the number of features alone.
const COUNT: (&str, &str) = ("RESULTTYPE", "hits");

impl GetFeature {
    /// Parses the parameters of a query or a form.
    pub(super) fn parse(parameters: Parameters, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        let mut values = Kvp::parse(&GET_FEATURE, parameters, context)?;
        let queries = queries(&mut values)?;
        let is_xml = queries.iter().any(|query| query.filter.is_some());
        Self::new(values, queries, is_xml, context)
    }

    /// Parses an XML body, its values by the same rules as those of a query.
    pub(super) fn from_xml(root: &Element, context: &Context<'_>) -> Result<Self, RequestRefusal> {
        let body = GetFeatureBody::from_element(root)?;
        let parameters = parameters([
            ("VERSION", body.version),
            ("OUTPUTFORMAT", body.output_format),
            ("MAXFEATURES", body.max_features),
            ("STARTINDEX", body.start_index),
            ("RESULTTYPE", body.result_type),
        ])?;
        Self::new(Kvp::parse(&GET_FEATURE, parameters, context)?, body.queries, true, context)
    }

    /// Its row of the table.
    pub fn operation(&self) -> &'static Operation {
        &GET_FEATURE
    }

    /// Whether [`resolve`](Self::resolve) must be called before it is written.
    pub fn needs_layers(&self) -> bool {
        let names_fields = |query: &Query| {
            let has_fields =
                || query.properties.iter().any(|property| matches!(property, Property::Field(_)));
            query.filter.is_some() || !query.sort.is_empty() || (self.is_xml && has_fields())
        };
        self.expression.is_some() || self.queries.iter().any(names_fields)
    }

    /// Replaces the names of fields by their real names, and refuses fields and layers that WFS does not publish.
    pub fn resolve(&mut self, layers: &Layers) -> Result<(), RequestRefusal> {
        for query in &mut self.queries {
            let unknown = || RequestRefusal::UnknownLayer("TYPENAME".into());
            let layer = layers.by_type_name(&query.type_name).ok_or_else(unknown)?;
            let real = |name: &str| layer.wfs_field(name).map(|field| field.name.clone());
            if let Some(expression) = &mut self.expression {
                let unknown = |_| RequestRefusal::UnknownField("EXP_FILTER".into());
                expression.resolve_fields(&real).map_err(unknown)?;
            }
            query.resolve_fields(&real)?;
        }
        Ok(())
    }

    /// How many features the answer may hold: as many as the limit that is written allows for all queries together, or as the
    /// request names by their ids.
    pub(super) fn amount(&self) -> Amount {
        if self.plain.iter().any(|(key, value)| (*key, value.as_str()) == COUNT) {
            return Amount::View;
        }
        let named = self.named_features().and_then(|named| u64::try_from(named).ok()).unwrap_or(u64::MAX);
        Amount::Features(self.max_features.unwrap_or(u64::MAX).min(named))
    }

    /// The number of ids, if every query is for features that are named by their ids.
    fn named_features(&self) -> Option<usize> {
        if !self.ids.is_empty() {
            return Some(self.ids.len());
        }
        let ids = |query: &Query| query.filter.as_ref().map(|filter| filter.id_types().count());
        self.queries.iter().map(|query| ids(query).filter(|named| *named > 0)).sum()
    }

    fn new(
        mut values: Kvp,
        queries: Vec<Query>,
        is_xml: bool,
        context: &Context<'_>,
    ) -> Result<Self, RequestRefusal> {
        let expression = match values.take("EXP_FILTER") {
            Some(Value::Expression(expression)) => Some(*expression),
            _ => None,
        };
        let ids = values.take_names("FEATUREID");
        let max_features = values.take("MAXFEATURES");
        let plain: Vec<_> = PLAIN
            .into_iter()
            .filter_map(|key| Some((key, values.take(key)?.to_text().into_owned())))
            .collect();
        let is_count = plain.iter().any(|(key, value)| (*key, value.as_str()) == COUNT);
        let max_features = feature_limit(max_features.as_ref(), is_count, context.limits.max_features);
        let request = Self { plain, max_features, ids, expression, queries, is_xml };
        request.check()?;
        Ok(request)
    }

    /// Refuses combinations of filters: QGIS silently ignores all but one, and answers with more rows than asked for.
    fn check(&self) -> Result<(), RequestRefusal> {
        let has_filter = self.queries.iter().any(|query| query.filter.is_some());
        let has = |key: &str| self.plain.iter().any(|(own, _)| *own == key);
        let filters = [has_filter, self.expression.is_some(), !self.ids.is_empty()];
        let refused = |text| Err(RequestRefusal::Combination(text));
        if filters.into_iter().filter(|is_present| *is_present).count() > 1 {
            return refused(
                "send only one of FILTER, EXP_FILTER and FEATUREID; QGIS Server ignores the others",
            );
        }
        if has("BBOX") && (has_filter || !self.ids.is_empty()) {
            return refused("BBOX cannot be combined with FILTER or FEATUREID; put the box into FILTER");
        }
        if self.expression.is_some() && self.queries.len() != 1 {
            return refused("EXP_FILTER needs exactly one TYPENAME");
        }
        if self.queries.is_empty() && self.ids.is_empty() {
            return Err(RequestRefusal::Missing("TYPENAME"));
        }
        if has_filter && has("GEOMETRYNAME") {
            return refused("GEOMETRYNAME cannot be combined with FILTER; use EXP_FILTER");
        }
        Ok(())
    }
}

/// The parameters of a DescribeFeatureType or GetCapabilities of WFS that came as XML. QGIS is asked by a query.
pub(super) fn body_parameters(root: &Element) -> Result<Parameters, RequestRefusal> {
    let body = if root.name == "DescribeFeatureType" {
        DescribeFeatureTypeBody::from_element(root)?
    } else {
        DescribeFeatureTypeBody {
            version: root.attribute("version").map(str::to_owned),
            ..Default::default()
        }
    };
    parameters([
        ("SERVICE", Some("WFS".to_owned())),
        ("REQUEST", Some(root.name.clone())),
        ("VERSION", body.version),
        ("OUTPUTFORMAT", body.output_format),
        ("TYPENAME", (!body.type_names.is_empty()).then(|| body.type_names.join(","))),
    ])
}

fn parameters<const N: usize>(values: [(&str, Option<String>); N]) -> Result<Parameters, RequestRefusal> {
    let mut parameters = Parameters::default();
    for (key, value) in values {
        if let Some(value) = value {
            parameters.add(key.to_owned(), value)?;
        }
    }
    Ok(parameters)
}

/// The number of features to ask for, at most `max`. QGIS takes 0 for all. A count has no limit unless the client sets one.
fn feature_limit(requested: Option<&Value>, is_count: bool, max: u64) -> Option<u64> {
    match requested {
        Some(Value::Integer(requested)) if *requested > 0 => {
            Some(u64::try_from(*requested).map_or(max, |requested| requested.min(max)))
        }
        _ if is_count => None,
        _ => Some(max),
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
        let mut values = Kvp::parse(&GET_FEATURE, parameters, &context)?;
        let queries = queries(&mut values)?;
        GetFeature::new(values, queries, false, &context)
    }

    #[test]
    fn takes_types_from_feature_ids_and_a_group_of_properties_for_each() {
        for (query, groups) in [
            ("FEATUREID=roads.1,zones.2", ""),
            ("TYPENAME=other&FEATUREID=roads.1,zones.2", ""),
            ("RESOURCEID=roads.1,zones.2&PROPERTYNAME=(name)(title,kind)", "(name)(title,kind)"),
            ("TYPENAME=roads&FEATUREID=roads.1,zones.2&PROPERTYNAME=(name)(*)&SORTBY=name", "(name)(*)"),
        ] {
            let request = read(query).unwrap();
            let types: Vec<_> = request.queries.iter().map(|query| query.type_name.as_str()).collect();
            assert_eq!(types, ["roads", "zones"], "the types that QGIS reads: {query}");
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
