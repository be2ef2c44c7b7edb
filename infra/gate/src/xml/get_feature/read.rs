//! Reads `GetFeature` and its queries.

use super::{GetFeatureBody, MAX_PROPERTIES, MAX_QUERIES, Property, Query, SortField};
use crate::xml::{
    body::{BodyError, check_root, plain_text, property_name, read_filter, type_name},
    gml::SrsName,
    structure::{attribute, check_attributes, children, content},
    tree::Element,
};

impl GetFeatureBody {
    /// Parses the root element of a body.
    pub fn from_element(root: &Element) -> Result<Self, BodyError> {
        let known = ["outputFormat", "maxFeatures", "count", "startIndex", "resultType"];
        check_root(root, "GetFeature", &known)?;
        let expected = "Query";
        let mut queries = Vec::new();
        for child in children(root, expected)? {
            if child.name != expected {
                return Err(content(root, expected).into());
            }
            if queries.len() == MAX_QUERIES {
                return Err(BodyError::TooMany { what: "queries", max: MAX_QUERIES });
            }
            queries.push(Query::from_element(child)?);
        }
        if queries.is_empty() {
            return Err(content(root, expected).into());
        }
        let value = |name| root.attribute(name).map(str::to_owned);
        Ok(Self {
            version: value("version"),
            output_format: value("outputFormat"),
            max_features: value("maxFeatures").or_else(|| value("count")),
            start_index: value("startIndex"),
            result_type: value("resultType"),
            queries,
        })
    }
}

impl Query {
    fn from_element(element: &Element) -> Result<Self, BodyError> {
        check_attributes(element, &["typeName", "typeNames", "srsName", "handle"])?;
        let srs_name = match element.attribute("srsName") {
            None => None,
            Some(name) => Some(SrsName::parse(name).ok_or_else(|| attribute(element, "srsName"))?),
        };
        let mut query = Self {
            type_name: type_name(element, &["typeName", "typeNames"])?,
            srs_name,
            properties: Vec::new(),
            filter: None,
            sort: Vec::new(),
        };
        let expected = "PropertyName, at most one Filter, at most one SortBy";
        for child in children(element, expected)? {
            match child.name.as_str() {
                "PropertyName" => query.properties.push(property(child)?),
                "Filter" if query.filter.is_none() => {
                    query.filter = Some(read_filter(child, element, &query.type_name)?);
                }
                "SortBy" if query.sort.is_empty() => query.sort = sort_by(child)?,
                _ => return Err(content(element, expected).into()),
            }
        }
        let is_all = query.properties.contains(&Property::All);
        match query.properties.len() {
            many if many > MAX_PROPERTIES => {
                Err(BodyError::TooMany { what: "properties", max: MAX_PROPERTIES })
            }
            many if many > 1 && is_all => Err(content(element, "PropertyName * alone").into()),
            _ => Ok(query),
        }
    }
}

fn property(element: &Element) -> Result<Property, BodyError> {
    match plain_text(element, "one name")?.trim() {
        "*" => Ok(Property::All),
        _ => Ok(Property::Field(property_name(element)?)),
    }
}

fn sort_by(element: &Element) -> Result<Vec<SortField>, BodyError> {
    check_attributes(element, &[])?;
    let expected = "one or more SortProperty";
    let fields: Vec<_> = children(element, expected)?
        .map(|child| {
            if child.name == "SortProperty" {
                sort_field(child)
            } else {
                Err(content(element, expected).into())
            }
        })
        .collect::<Result<_, _>>()?;
    match fields.len() {
        0 => Err(content(element, expected).into()),
        many if many > MAX_PROPERTIES => {
            Err(BodyError::TooMany { what: "fields to sort by", max: MAX_PROPERTIES })
        }
        _ => Ok(fields),
    }
}

fn sort_field(element: &Element) -> Result<SortField, BodyError> {
    check_attributes(element, &[])?;
    let expected = "PropertyName and optionally SortOrder";
    let parts: Vec<_> = children(element, expected)?.collect();
    let (property, order) = match parts.as_slice() {
        [property] => (*property, "ASC"),
        [property, order] if order.name == "SortOrder" => {
            (*property, plain_text(order, "ASC or DESC")?.trim())
        }
        _ => return Err(content(element, expected).into()),
    };
    if !matches!(property.name.as_str(), "PropertyName" | "ValueReference") {
        return Err(content(element, expected).into());
    }
    let is_descending = match order.to_ascii_uppercase().as_str() {
        "ASC" | "A" => false,
        "DESC" | "D" => true,
        _ => return Err(content(element, "SortOrder ASC or DESC").into()),
    };
    Ok(SortField { field: property_name(property)?, is_descending })
}
