//! The queries of a GetFeature that came as parameters: one for each type.

use crate::{
    request::{RequestRefusal, kvp::Kvp, value::Value},
    xml::{
        filter::Filter,
        get_feature::{Property, Query},
    },
};

/// Takes the parameters of queries out of `values`.
pub(super) fn queries(values: &mut Kvp) -> Result<Vec<Query>, RequestRefusal> {
    let type_names = values.take_names("TYPENAME");
    let types_of_ids = values.names("FEATUREID").map(types_of);
    let has_ids = types_of_ids.is_some();
    let types = types_of_ids.unwrap_or(type_names);
    let mut filters: Vec<Option<Filter>> = match values.take("FILTER") {
        Some(Value::Filters(filters)) => filters,
        _ => Vec::new(),
    };
    let mut properties = match values.take("PROPERTYNAME") {
        Some(Value::Properties(groups)) => groups,
        _ => Vec::new(),
    };
    let sort = match values.take("SORTBY") {
        // QGIS 3.22 ignores it with FEATUREID.
        Some(Value::Sort(keys)) if !has_ids => keys,
        _ => Vec::new(),
    };
    if filters.len() > types.len() || properties.len() > types.len().max(1) {
        return Err(RequestRefusal::Combination(
            "send at most one group of FILTER for each TYPENAME, and of PROPERTYNAME for each TYPENAME or FEATUREID",
        ));
    }
    if !sort.is_empty() && types.len() != 1 {
        return Err(RequestRefusal::Combination("SORTBY needs exactly one TYPENAME"));
    }
    filters.resize(types.len(), None);
    properties.resize(types.len(), Vec::new());
    let each = types.into_iter().zip(properties).zip(filters);
    Ok(each
        .map(|((type_name, properties), filter)| Query {
            type_name,
            srs_name: None,
            properties: properties.into_iter().map(property).collect(),
            filter,
            sort: sort.clone(),
        })
        .collect())
}

/// The type of each of `ids`. With `FEATUREID`, QGIS 3.22 takes the types from it, whatever `TYPENAME` says, and expects a
/// group of `PROPERTYNAME` for each id.
fn types_of(ids: &[String]) -> Vec<String> {
    ids.iter().map(|id| id.rsplit_once('.').map_or(id.as_str(), |(name, _)| name).to_owned()).collect()
}

fn property(name: String) -> Property {
    if name == "*" { Property::All } else { Property::Field(name) }
}
