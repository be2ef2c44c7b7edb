//! WFS `GetFeature` as XML.
//!
//! QGIS Server reads attributes of the root as request parameters, and elements named `Query` at any depth as queries. Only
//! known attributes and direct `Query` children are allowed, and both are written anew.

mod read;

use super::{
    body::BodyError,
    filter::{Filter, OGC_NAMESPACE},
    gml::{GML_NAMESPACE, SrsName},
    write::Writer,
};

/// The namespace of WFS 1.0 and 1.1.
pub const WFS_NAMESPACE: &str = "http://www.opengis.net/wfs";

/// Maximum number of queries in one request.
pub const MAX_QUERIES: usize = 100;
/// Maximum number of properties, or fields to sort by, in one query.
pub const MAX_PROPERTIES: usize = 500;

/// A `GetFeature`. The attributes of its root are unchecked: the caller checks and replaces them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetFeatureBody {
    /// `version`.
    pub version: Option<String>,
    /// `outputFormat`.
    pub output_format: Option<String>,
    /// `maxFeatures`, else `count`, which QGIS does not read.
    pub max_features: Option<String>,
    /// `startIndex`.
    pub start_index: Option<String>,
    /// `resultType`.
    pub result_type: Option<String>,
    /// The queries in order, at least one.
    pub queries: Vec<Query>,
}

/// One `Query`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The type without prefix.
    pub type_name: String,
    /// The reference system of the answer and of a `BBOX`.
    pub srs_name: Option<SrsName>,
    /// The requested properties; empty for all.
    pub properties: Vec<Property>,
    /// The filter.
    pub filter: Option<Filter>,
    /// The fields to sort by.
    pub sort: Vec<SortField>,
}

/// A requested property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// `*`: all of them. It stands alone.
    All,
    /// The geometry.
    Geometry,
    /// A field, by the client's name for it, and after [`Query::resolve_fields`] by its real name.
    Field(String),
}

/// A field to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortField {
    /// Its name, as in [`Property::Field`].
    pub field: String,
    /// Whether the largest value comes first.
    pub is_descending: bool,
}

impl GetFeatureBody {
    /// Writes the body for QGIS. Attributes must have been checked and fields resolved.
    pub fn write(&self) -> String {
        let parameters = [
            ("version", &self.version),
            ("outputFormat", &self.output_format),
            ("maxFeatures", &self.max_features),
            ("startIndex", &self.start_index),
            ("resultType", &self.result_type),
        ];
        let mut attributes = vec![
            ("xmlns:wfs", WFS_NAMESPACE),
            ("xmlns:ogc", OGC_NAMESPACE),
            ("xmlns:gml", GML_NAMESPACE),
            ("service", "WFS"),
        ];
        attributes.extend(parameters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));
        let mut out = Writer::default();
        out.element("wfs:GetFeature", &attributes, |out| {
            self.queries.iter().for_each(|query| query.write(out));
        });
        out.finish()
    }
}

impl Query {
    /// Replaces the names of fields in properties, filter and sorting by the real names that `resolve` returns, and refuses
    /// those for which it returns `None`. `geometry` is the geometry unless it is a field.
    pub fn resolve_fields(&mut self, resolve: &dyn Fn(&str) -> Option<String>) -> Result<(), BodyError> {
        if let Some(filter) = &mut self.filter {
            let refused = |cause| BodyError::Filter { element: "Query".to_owned(), cause };
            filter.resolve_fields(resolve).map_err(refused)?;
        }
        let mut seen: Vec<Property> = Vec::new();
        for (at, property) in self.properties.iter_mut().enumerate() {
            if let Property::Field(name) = property {
                *property = match resolve(name) {
                    Some(field) => Property::Field(readable(field, "Query", at + 1)?),
                    None if name == "geometry" => Property::Geometry,
                    None => return Err(BodyError::UnknownField { element: "Query", number: at + 1 }),
                };
            }
            if seen.contains(property) {
                return Err(BodyError::DuplicateProperty { element: "Query", number: at + 1 });
            }
            seen.push(property.clone());
        }
        for (at, sort) in self.sort.iter_mut().enumerate() {
            let field =
                resolve(&sort.field).ok_or(BodyError::UnknownField { element: "SortBy", number: at + 1 })?;
            sort.field = readable(field, "SortBy", at + 1)?;
        }
        Ok(())
    }

    fn write(&self, out: &mut Writer) {
        let srs = self.srs_name.as_ref().map(|srs| ("srsName", srs.as_str()));
        let attributes: Vec<_> = [("typeName", self.type_name.as_str())].into_iter().chain(srs).collect();
        out.element("wfs:Query", &attributes, |out| {
            for property in &self.properties {
                out.text_element("wfs:PropertyName", property.as_str());
            }
            if let Some(filter) = &self.filter {
                filter.write_into(out);
            }
            if !self.sort.is_empty() {
                out.element("ogc:SortBy", &[], |out| self.sort.iter().for_each(|sort| sort.write(out)));
            }
        });
    }
}

impl Property {
    /// Its name in a request.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::All => "*",
            Self::Geometry => "geometry",
            Self::Field(name) => name,
        }
    }
}

impl SortField {
    /// QGIS evaluates the name as an expression. In quotes it can only be a field, spaces included.
    fn write(&self, out: &mut Writer) {
        out.element("ogc:SortProperty", &[], |out| {
            out.text_element("ogc:PropertyName", &format!("\"{}\"", self.field.replace('"', "\"\"")));
            out.text_element("ogc:SortOrder", if self.is_descending { "DESC" } else { "ASC" });
        });
    }
}

/// Refuses names that QGIS misreads: it splits them at colons and slashes, even in quotes, and trims white space.
fn readable(field: String, element: &'static str, number: usize) -> Result<String, BodyError> {
    if field.contains([':', '/']) || field.trim() != field {
        let instead = "leave it out, or send the request as parameters";
        return Err(BodyError::UnreadableField { element, number, instead });
    }
    Ok(field)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::{structure::StructureError, tree::Element};

    fn read(text: &str) -> Result<GetFeatureBody, BodyError> {
        GetFeatureBody::from_element(&Element::parse(text.as_bytes(), 1 << 20)?)
    }

    fn resolve(name: &str) -> Option<String> {
        match name {
            "name" => Some("name".to_owned()),
            "Zone_Code" => Some("Zone Code".to_owned()),
            "odd" => Some("a/b".to_owned()),
            _ => None,
        }
    }

    const ROOT: &str = "<wfs:GetFeature xmlns:wfs=\"http://www.opengis.net/wfs\" xmlns:ogc=\"http://www.opengis.net/ogc\" xmlns:gml=\"http://www.opengis.net/gml\" service=\"WFS\"";

    #[test]
    fn writes_a_body_in_one_form() {
        let mut body = read(
            "<GetFeature xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='1.1.0' outputFormat='GeoJSON' count='5' maxFeatures='10' startIndex='1' handle='x'
               xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b'>
             <Query typeName='qgs:zones' srsName='EPSG:3857'><PropertyName>qgs:name</PropertyName><PropertyName>zones/Zone_Code</PropertyName><PropertyName>geometry</PropertyName>
               <Filter><PropertyIsNull><PropertyName>Zone_Code</PropertyName></PropertyIsNull></Filter>
               <SortBy><SortProperty><PropertyName>Zone_Code</PropertyName><SortOrder>desc</SortOrder></SortProperty><SortProperty><PropertyName>name</PropertyName></SortProperty></SortBy></Query>
             <Query typeNames='assets'><PropertyName>*</PropertyName></Query></GetFeature>",
        )
        .unwrap();
        assert_eq!(body.max_features.as_deref(), Some("10"));
        for query in &mut body.queries {
            query.resolve_fields(&resolve).unwrap();
        }
        assert_eq!(
            body.write(),
            format!(
                "{ROOT} version=\"1.1.0\" outputFormat=\"GeoJSON\" maxFeatures=\"10\" startIndex=\"1\"><wfs:Query typeName=\"zones\" srsName=\"EPSG:3857\">\
             <wfs:PropertyName>name</wfs:PropertyName><wfs:PropertyName>Zone Code</wfs:PropertyName><wfs:PropertyName>geometry</wfs:PropertyName>\
             <ogc:Filter><ogc:PropertyIsNull><ogc:PropertyName>Zone Code</ogc:PropertyName></ogc:PropertyIsNull></ogc:Filter>\
             <ogc:SortBy><ogc:SortProperty><ogc:PropertyName>\"Zone Code\"</ogc:PropertyName><ogc:SortOrder>DESC</ogc:SortOrder></ogc:SortProperty>\
             <ogc:SortProperty><ogc:PropertyName>\"name\"</ogc:PropertyName><ogc:SortOrder>ASC</ogc:SortOrder></ogc:SortProperty></ogc:SortBy></wfs:Query>\
             <wfs:Query typeName=\"assets\"><wfs:PropertyName>*</wfs:PropertyName></wfs:Query></wfs:GetFeature>"
            )
        );
    }

    #[test]
    fn reads_count_without_max_features() {
        let body =
            read("<GetFeature count='5' resultType='hits'><Query typeName='a'/></GetFeature>").unwrap();
        assert_eq!((body.max_features.as_deref(), body.result_type.as_deref()), (Some("5"), Some("hits")));
    }

    #[test]
    fn refuses_root_attributes_that_qgis_would_read_as_parameters() {
        for attribute in [
            "REQUEST",
            "MAP",
            "map",
            "FILTER",
            "EXP_FILTER",
            "BBOX",
            "FEATUREID",
            "typeName",
            "x:version",
            "x:maxFeatures",
            "gml:schemaLocation",
            "xsi:type",
            "FILE_NAME",
        ] {
            let refused = BodyError::Structure(StructureError::Attribute {
                element: "GetFeature".to_owned(),
                attribute: attribute.rsplit(':').next().unwrap().to_owned(),
            });
            assert_eq!(
                read(&format!("<GetFeature {attribute}='a'><Query typeName='a'/></GetFeature>")),
                Err(refused)
            );
        }
        assert!(read("<GetFeature service='WMS'><Query typeName='a'/></GetFeature>").is_err());
    }

    #[test]
    fn accepts_only_direct_and_plain_queries() {
        let in_query = |inner: &str| format!("<GetFeature><Query typeName='a'>{inner}</Query></GetFeature>");
        let sort = |inner: &str| in_query(&format!("<SortBy>{inner}</SortBy>"));
        for bad in [
            "<Transaction/>".to_owned(),
            "<GetFeature/>".to_owned(),
            "<GetFeature>text</GetFeature>".to_owned(),
            "<GetFeature><a><Query typeName='a'/></a></GetFeature>".to_owned(),
            "<GetFeature><Query typeName='a'/><Insert/></GetFeature>".to_owned(),
            "<GetFeature><Query/></GetFeature>".to_owned(),
            "<GetFeature><Query typeName='a,b'/></GetFeature>".to_owned(),
            "<GetFeature><Query typeName='a' typeNames='b'/></GetFeature>".to_owned(),
            "<GetFeature><Query typeNames='a b'/></GetFeature>".to_owned(),
            "<GetFeature><Query typeName='a' srsName='PROJ:x'/></GetFeature>".to_owned(),
            "<GetFeature><Query typeName='a' onclick='x'/></GetFeature>".to_owned(),
            in_query("<Query typeName='b'/>"),
            in_query("<PropertyName><Query typeName='b'/></PropertyName>"),
            in_query("<PropertyName/>"),
            in_query("<PropertyName>a,b</PropertyName>"),
            in_query("<PropertyName>*</PropertyName><PropertyName>a</PropertyName>"),
            in_query("<Filter/>"),
            in_query("<Filter><FeatureId fid='b.1'/></Filter>"),
            in_query("<Filter><FeatureId fid='a.1'/></Filter><Filter><FeatureId fid='a.1'/></Filter>"),
            sort(""),
            sort("<a/>"),
            sort("<SortProperty/>"),
            sort("<SortProperty><SortOrder>ASC</SortOrder></SortProperty>"),
            sort("<SortProperty><Function name='env'/></SortProperty>"),
            sort("<SortProperty><PropertyName>a</PropertyName><SortOrder>UP</SortOrder></SortProperty>"),
            sort("<SortProperty><PropertyName>\"a\"</PropertyName></SortProperty>"),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn refuses_unknown_repeated_and_unreadable_fields() {
        let resolved = |inner: &str| {
            let mut body =
                read(&format!("<GetFeature><Query typeName='a'>{inner}</Query></GetFeature>")).unwrap();
            body.queries[0].resolve_fields(&resolve)
        };
        let property = |name: &str| format!("<PropertyName>{name}</PropertyName>");
        let sort = |name: &str| format!("<SortBy><SortProperty>{}</SortProperty></SortBy>", property(name));
        assert_eq!(
            resolved(&(property("name") + &property("hush"))),
            Err(BodyError::UnknownField { element: "Query", number: 2 })
        );
        assert_eq!(
            resolved(&(property("name") + &property("x:name"))),
            Err(BodyError::DuplicateProperty { element: "Query", number: 2 })
        );
        assert!(matches!(resolved(&property("odd")), Err(BodyError::UnreadableField { .. })));
        assert_eq!(resolved(&sort("0-num")), Err(BodyError::UnknownField { element: "SortBy", number: 1 }));
        assert_eq!(
            resolved(&sort("geometry")),
            Err(BodyError::UnknownField { element: "SortBy", number: 1 })
        );
        assert!(matches!(resolved(&sort("odd")), Err(BodyError::UnreadableField { .. })));
        let filter = "<Filter><PropertyIsNull><PropertyName>hush</PropertyName></PropertyIsNull></Filter>";
        assert!(matches!(resolved(filter), Err(BodyError::Filter { .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(<|>|/|GetFeature|Query|SortBy|SortProperty|PropertyName| typeName='a'|Filter|a){0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn bodies_survive_a_round_trip(
            names in prop::collection::btree_set("[a-zé][a-zé _&<]{0,6}[a-z]", 0..4),
            max in prop::option::of("[0-9]{1,4}"),
            is_descending: bool,
        ) {
            let body = GetFeatureBody {
                version: Some("1.1.0".to_owned()),
                max_features: max,
                queries: vec![Query {
                    type_name: "zones".to_owned(),
                    srs_name: SrsName::parse("EPSG:3857"),
                    properties: names.iter().filter(|name| !name.contains('<')).map(|name| Property::Field(name.clone())).collect(),
                    filter: Filter::from_text("<FeatureId fid='zones.1'/>").ok(),
                    sort: Vec::new(),
                }],
                ..GetFeatureBody::default()
            };
            prop_assert_eq!(read(&body.write()), Ok(body.clone()));
            let mut sorted = body;
            sorted.queries[0].sort = vec![SortField { field: "na\"me".to_owned(), is_descending }];
            prop_assert!(sorted.write().contains("<ogc:PropertyName>\"na\"\"me\"</ogc:PropertyName>"));
        }
    }
}
