//! What WFS bodies have in common: the attributes of their root, and the reasons for refusing one.

use super::{
    filter::{Filter, FilterError},
    gml::GmlError,
    names,
    structure::{StructureError, attribute, check_attributes, content},
    tree::{Element, XmlError},
};

/// Why a body is refused. Texts name elements, attributes and positions, never a client's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// XML that is not well-formed or too large.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// An attribute or content that is not allowed.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// Another root element.
    #[error("the root element must be {expected}, not {found}")]
    Root {
        /// The operation.
        expected: &'static str,
        /// The root element's name.
        found: String,
    },
    /// An element that is not allowed anywhere.
    #[error("{element} is not allowed; expected {expected}")]
    Element {
        /// The element.
        element: String,
        /// What is allowed in its place.
        expected: &'static str,
    },
    /// A missing type, or several.
    #[error("{0} must name exactly one type")]
    TypeName(String),
    /// A property that is not one name.
    #[error("{0} must hold the name of one property")]
    PropertyName(String),
    /// A property that is not a field of the layer.
    #[error(
        "property {number} of {element} is not a field of the layer; DescribeFeatureType lists its fields"
    )]
    UnknownField {
        /// The element.
        element: &'static str,
        /// The number of the property, from 1.
        number: usize,
    },
    /// A repeated property.
    #[error("property {number} of {element} is repeated")]
    DuplicateProperty {
        /// The element.
        element: &'static str,
        /// The number of the property, from 1.
        number: usize,
    },
    /// A field whose name QGIS would cut, or not find, in this place.
    #[error("QGIS Server cannot read the name of property {number} of {element} there; {instead}")]
    UnreadableField {
        /// The element.
        element: &'static str,
        /// The number of the property, from 1.
        number: usize,
        /// What to do instead.
        instead: &'static str,
    },
    /// A geometry in place of a text, a text in place of a geometry, or an empty geometry.
    #[error("property {number} of {element} must be {expected}")]
    Value {
        /// The element.
        element: &'static str,
        /// The number of the property, from 1.
        number: usize,
        /// What it must hold.
        expected: &'static str,
    },
    /// A filter that is refused.
    #[error("the filter of {element} is refused: {cause}")]
    Filter {
        /// The element that holds it.
        element: String,
        /// Why.
        #[source]
        cause: FilterError,
    },
    /// An Update or Delete without a filter, which would reach every row.
    #[error("{0} needs a Filter; without one, QGIS Server would take every row")]
    NoFilter(String),
    /// A Delete by anything but feature ids.
    #[error(
        "the Filter of a Delete must list feature ids (FeatureId or GmlObjectId); QGIS Server deletes by nothing else"
    )]
    DeleteWithoutIds,
    /// Feature ids of another type.
    #[error("the feature ids in the Filter of {0} must belong to its type")]
    IdsOfAnotherType(String),
    /// A geometry that is refused.
    #[error("the geometry in {element} is refused: {cause}")]
    Geometry {
        /// The element that holds it.
        element: String,
        /// Why.
        #[source]
        cause: GmlError,
    },
    /// A transaction of a version that QGIS answers without storing anything.
    #[error(
        "a Transaction must have version 1.0.0 or 1.1.0; QGIS Server answers 2.0.0 with 200 and stores nothing"
    )]
    TransactionVersion,
    /// Too many elements of a kind.
    #[error("a body may hold at most {max} {what}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// Checks that the root is `expected` and has no attributes other than `known`, `service`, `version`, `handle` and
/// `xsi:schemaLocation`. Only the last may have a prefix.
///
/// QGIS reads any other attribute, without its prefix, as a parameter that overrides the query: `x:REQUEST` is REQUEST.
pub(super) fn check_root(root: &Element, expected: &'static str, known: &[&str]) -> Result<(), BodyError> {
    if root.name != expected {
        return Err(BodyError::Root { expected, found: root.name.clone() });
    }
    for found in root.own_attributes() {
        let is_known = match (found.prefix.as_deref(), found.name.as_str()) {
            (Some("xsi"), "schemaLocation") | (None, "version" | "handle") => true,
            (None, "service") => found.value == "WFS",
            (None, name) => known.contains(&name),
            (Some(_), _) => false,
        };
        if !is_known {
            return Err(attribute(root, &found.name).into());
        }
    }
    Ok(())
}

/// The text of an element without attributes.
pub(super) fn plain_text<'a>(element: &'a Element, expected: &'static str) -> Result<&'a str, BodyError> {
    check_attributes(element, &[])?;
    Ok(element.text().ok_or_else(|| content(element, expected))?)
}

/// The property that the text of an element names.
pub(super) fn property_name(element: &Element) -> Result<String, BodyError> {
    names::property_name(plain_text(element, "one name")?)
        .map(str::to_owned)
        .ok_or_else(|| BodyError::PropertyName(element.name.clone()))
}

/// The type that one of `attributes` names.
pub(super) fn type_name(element: &Element, attributes: &[&str]) -> Result<String, BodyError> {
    let mut values = attributes.iter().filter_map(|name| element.attribute(name));
    match (values.next().and_then(names::type_name), values.next()) {
        (Some(name), None) => Ok(name.to_owned()),
        _ => Err(BodyError::TypeName(element.name.clone())),
    }
}

/// Reads a `Filter` inside `parent`. Its feature ids must be of the type `type_name`.
pub(super) fn read_filter(filter: &Element, parent: &Element, type_name: &str) -> Result<Filter, BodyError> {
    let filter = Filter::from_element(filter)
        .map_err(|cause| BodyError::Filter { element: parent.name.clone(), cause })?;
    if filter.id_types().any(|name| name != type_name) {
        return Err(BodyError::IdsOfAnotherType(parent.name.clone()));
    }
    Ok(filter)
}
