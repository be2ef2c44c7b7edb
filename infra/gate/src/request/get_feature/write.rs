//! GetFeature for QGIS Server: as a query, or as XML.

use http::Method;

use super::GetFeature;
use crate::{
    request::{
        value::{SortKey, Value},
        written::{Written, request},
    },
    upstream::{QgisBody, QgisRequest},
    xml::get_feature::{GetFeatureBody, Property, Query, SortField},
    xml::gml::SrsName,
};

impl GetFeature {
    /// The request for QGIS Server.
    pub fn write(&self) -> QgisRequest {
        if self.is_xml { self.write_xml() } else { self.write_query() }
    }

    fn write_query(&self) -> QgisRequest {
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
        // As many groups as the client wrote, which QGIS compares with the number of types.
        let groups: Vec<Vec<_>> =
            self.queries.iter().map(|query| query.properties.iter().map(named).collect()).collect();
        let given =
            groups.iter().rposition(|group: &Vec<String>| !group.is_empty()).map_or(0, |last| last + 1);
        if let Some(groups) = groups.get(..given).filter(|groups| !groups.is_empty()) {
            written.add("PROPERTYNAME", &Value::Properties(groups.to_vec()).written());
        }
        if let [Query { sort, .. }] = &self.queries[..]
            && !sort.is_empty()
        {
            let key = |key: &SortField| SortKey { field: key.field.clone(), descending: key.is_descending };
            written.add("SORTBY", &Value::Sort(sort.iter().map(key).collect()).written());
        }
        written.into_request(Method::GET)
    }

    fn write_xml(&self) -> QgisRequest {
        let plain =
            |key: &str| self.plain.iter().find(|(own, _)| *own == key).map(|(_, value)| value.clone());
        let srs_name = plain("SRSNAME").and_then(|name| SrsName::parse(&name));
        let with_srs = |query: &Query| Query {
            srs_name: query.srs_name.clone().or_else(|| srs_name.clone()),
            ..query.clone()
        };
        let body = GetFeatureBody {
            version: plain("VERSION"),
            output_format: plain("OUTPUTFORMAT"),
            max_features: self.max_features.map(|most| most.to_string()),
            start_index: plain("STARTINDEX"),
            result_type: plain("RESULTTYPE"),
            queries: self.queries.iter().map(with_srs).collect(),
        };
        let body = QgisBody { content_type: "text/xml", bytes: body.write().into() };
        QgisRequest { query: "SERVICE=WFS".into(), body: Some(body), ..request(Method::POST, String::new()) }
    }
}

fn named(property: &Property) -> String {
    match property {
        Property::All => "*".to_owned(),
        Property::Geometry => "geometry".to_owned(),
        Property::Field(name) => name.clone(),
    }
}
