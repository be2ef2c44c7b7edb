//! WFS `DescribeFeatureType` as XML.

use super::{
    body::{BodyError, check_root, plain_text},
    names::type_name,
    structure::{children, content},
    tree::Element,
};

/// Maximum number of types in one request.
pub const MAX_TYPES: usize = 200;

/// A `DescribeFeatureType`. The caller sends it to QGIS as a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DescribeFeatureTypeBody {
    /// The version, unchecked.
    pub version: Option<String>,
    /// The output format, unchecked.
    pub output_format: Option<String>,
    /// Distinct types without prefix; empty for all.
    pub type_names: Vec<String>,
}

impl DescribeFeatureTypeBody {
    /// Parses the root element of a body.
    pub fn from_element(root: &Element) -> Result<Self, BodyError> {
        check_root(root, "DescribeFeatureType", &["outputFormat"])?;
        let expected = "TypeName";
        let mut type_names: Vec<String> = Vec::new();
        for (number, child) in children(root, expected)?.enumerate() {
            if number == MAX_TYPES {
                return Err(BodyError::TooMany { what: "types", max: MAX_TYPES });
            }
            if child.name != expected {
                return Err(content(root, expected).into());
            }
            let name = type_name(plain_text(child, "one name")?)
                .filter(|name| type_names.iter().all(|before| before != name))
                .ok_or_else(|| BodyError::TypeName(child.name.clone()))?;
            type_names.push(name.to_owned());
        }
        Ok(Self {
            version: root.attribute("version").map(str::to_owned),
            output_format: root.attribute("outputFormat").map(str::to_owned),
            type_names,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DescribeFeatureTypeBody, BodyError> {
        DescribeFeatureTypeBody::from_element(&Element::parse(text.as_bytes(), 9999)?)
    }

    #[test]
    fn removes_the_prefix_of_types() {
        let body = read("<wfs:DescribeFeatureType service='WFS' version='1.1.0' outputFormat='XMLSCHEMA'><wfs:TypeName>qgs:zones</wfs:TypeName><TypeName> assets </TypeName></wfs:DescribeFeatureType>").unwrap();
        assert_eq!(body.type_names, ["zones", "assets"]);
        assert_eq!(body.output_format.as_deref(), Some("XMLSCHEMA"));
        assert_eq!(read("<DescribeFeatureType/>").unwrap(), DescribeFeatureTypeBody::default());
    }

    #[test]
    fn refuses_anything_else() {
        for bad in [
            "<GetFeature/>",
            "<DescribeFeatureType service='WMS'/>",
            "<DescribeFeatureType REQUEST='GetFeature'/>",
            "<DescribeFeatureType x:version='1.1.0'/>",
            "<DescribeFeatureType>zones</DescribeFeatureType>",
            "<DescribeFeatureType><Query/></DescribeFeatureType>",
            "<DescribeFeatureType><TypeName a='1'>zones</TypeName></DescribeFeatureType>",
            "<DescribeFeatureType><TypeName>a,b</TypeName></DescribeFeatureType>",
            "<DescribeFeatureType><TypeName>a</TypeName><TypeName>x:a</TypeName></DescribeFeatureType>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
