//! Writes GetFeature for QGIS Server, as a query or as XML.

use super::GetFeature;
use crate::{
    request::{
        query_writer::{QueryWriter, xml_request},
        value::Value,
    },
    upstream::QgisRequest,
    xml::{
        get_feature::{GetFeatureBody, Query},
        gml::SrsName,
    },
};

impl GetFeature {
    /// Writes the request for QGIS Server.
    pub fn write(&self) -> QgisRequest {
        if self.is_xml { self.write_xml() } else { self.write_query() }
    }

    fn write_query(&self) -> QgisRequest {
        let mut query = QueryWriter::new("WFS", "GetFeature");
        for (key, value) in &self.plain {
            query.add(key, value);
        }
        if let Some(max) = self.max_features {
            query.add("MAXFEATURES", &max.to_string());
        }
        if self.ids.is_empty() {
            let types: Vec<_> = self.queries.iter().map(|query| query.type_name.as_str()).collect();
            query.add("TYPENAME", &types.join(","));
        } else {
            query.add("FEATUREID", &self.ids.join(","));
        }
        if let Some(expression) = &self.expression {
            query.add("EXP_FILTER", &expression.to_string());
        }
        // As many groups as the client wrote: QGIS compares their number with that of the types.
        let groups: Vec<Vec<_>> = self
            .queries
            .iter()
            .map(|query| query.properties.iter().map(|property| property.as_str().to_owned()).collect())
            .collect();
        let count =
            groups.iter().rposition(|group: &Vec<String>| !group.is_empty()).map_or(0, |last| last + 1);
        if let Some(groups) = groups.get(..count).filter(|groups| !groups.is_empty()) {
            query.add("PROPERTYNAME", &Value::Properties(groups.to_vec()).to_text());
        }
        if let [Query { sort, .. }] = &self.queries[..]
            && !sort.is_empty()
        {
            query.add("SORTBY", &Value::Sort(sort.clone()).to_text());
        }
        query.into_request()
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
            max_features: self.max_features.map(|max| max.to_string()),
            start_index: plain("STARTINDEX"),
            result_type: plain("RESULTTYPE"),
            queries: self.queries.iter().map(with_srs).collect(),
        };
        xml_request(body.write())
    }
}
