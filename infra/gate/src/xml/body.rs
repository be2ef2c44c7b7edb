//! What the bodies of WFS have in common: their root's attributes, and why one is refused.

use super::{
    filter::FilterError,
    names,
    tree::{Element, XmlError},
};
use crate::xml::gml::GmlError;

/// Why a body is not accepted. Texts name elements, attributes and positions, never a client's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not XML within bounds.
    #[error("the body is not read")]
    Xml(#[from] XmlError),
    /// Another root element.
    #[error("the root element must be {expected}, not {found}")]
    Root {
        /// The operation.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// An attribute that is not known there, or has a value that is not accepted.
    #[error("attribute {attribute} of {element} is not accepted")]
    Attribute {
        /// The element.
        element: String,
        /// The attribute.
        attribute: String,
    },
    /// An element or text that does not belong where it stands.
    #[error("{parent} holds an element or text that does not belong there; expected {expected}")]
    Content {
        /// The element around it.
        parent: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// An element that is not accepted at all.
    #[error("{element} is not accepted; expected {expected}")]
    Element {
        /// The element.
        element: String,
        /// What is accepted in its place.
        expected: &'static str,
    },
    /// A type that is missing or not one name.
    #[error("{element} must name one type")]
    TypeName {
        /// The element that names it.
        element: String,
    },
    /// A property that is not one name.
    #[error("{element} must hold one name")]
    PropertyName {
        /// The element that names it.
        element: String,
    },
    /// A property that is no field of the layer.
    #[error("property {number} of {element} is not a field of the layer; DescribeFeatureType lists them")]
    UnknownField {
        /// The element.
        element: &'static str,
        /// Which of its properties, from 1.
        number: usize,
    },
    /// A property that comes twice.
    #[error("property {number} of {element} comes twice")]
    DuplicateProperty {
        /// The element.
        element: &'static str,
        /// Which of its properties, from 1.
        number: usize,
    },
    /// A field whose name QGIS would cut or not find in this place.
    #[error("property {number} of {element} is a field whose name QGIS Server cannot read there; {instead}")]
    UnreadableField {
        /// The element.
        element: &'static str,
        /// Which of its properties, from 1.
        number: usize,
        /// What to do instead.
        instead: &'static str,
    },
    /// A geometry where a text belongs, a text where a geometry belongs, or a geometry to be emptied.
    #[error("property {number} of {element} must be {expected}")]
    Value {
        /// The element.
        element: &'static str,
        /// Which of its properties, from 1.
        number: usize,
        /// What it must hold.
        expected: &'static str,
    },
    /// A filter that is not accepted.
    #[error("the filter of {element} is not accepted")]
    Filter {
        /// The element that holds it.
        element: String,
        /// Why.
        #[source]
        cause: FilterError,
    },
    /// An Update or Delete without a filter, which would reach every row.
    #[error("{element} needs a Filter: without one QGIS Server takes every row")]
    NoFilter {
        /// The element.
        element: String,
    },
    /// A Delete by anything but feature ids.
    #[error(
        "the Filter of a Delete must list feature ids (FeatureId, GmlObjectId): QGIS Server deletes by nothing else"
    )]
    DeleteWithoutIds,
    /// Feature ids of another type.
    #[error("the feature ids in the filter of {element} must be of its type")]
    IdsOfAnotherType {
        /// The element that holds the filter.
        element: String,
    },
    /// A geometry that is not accepted.
    #[error("a geometry in {element} is not accepted")]
    Geometry {
        /// The element that holds it.
        element: String,
        /// Why.
        #[source]
        cause: GmlError,
    },
    /// A transaction of a version that QGIS answers without storing what it says.
    #[error(
        "a Transaction must be of version 1.0.0 or 1.1.0: QGIS Server answers 2.0.0 with 200 and stores nothing"
    )]
    TransactionVersion,
    /// More than is accepted at once.
    #[error("a body may hold at most {most} {what}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// The bound.
        most: usize,
    },
}

/// Checks that the root is `expected` and has no attributes but `known`, `service`, `version`, `handle` and
/// `xsi:schemaLocation`, which may have that prefix alone.
///
/// QGIS takes every other attribute for a request parameter that beats the query, without its prefix: `x:REQUEST` is
/// REQUEST.
pub(super) fn check_root(root: &Element, expected: &'static str, known: &[&str]) -> Result<(), BodyError> {
    if root.name != expected {
        return Err(BodyError::Root { expected, found: root.name.clone() });
    }
    for attribute in root.own_attributes() {
        let is_known = match (attribute.prefix.as_deref(), attribute.name.as_str()) {
            (Some("xsi"), "schemaLocation") | (None, "version" | "handle") => true,
            (None, "service") => attribute.value == "WFS",
            (None, name) => known.contains(&name),
            (Some(_), _) => false,
        };
        if !is_known {
            return Err(BodyError::Attribute {
                element: root.name.clone(),
                attribute: attribute.name.clone(),
            });
        }
    }
    Ok(())
}

/// Checks that an element has no attributes but `known`, without prefix.
pub(super) fn check_attributes(element: &Element, known: &[&str]) -> Result<(), BodyError> {
    match element
        .own_attributes()
        .find(|attribute| attribute.prefix.is_some() || !known.contains(&attribute.name.as_str()))
    {
        None => Ok(()),
        Some(attribute) => {
            Err(BodyError::Attribute { element: element.name.clone(), attribute: attribute.name.clone() })
        }
    }
}

/// The child elements of an element that holds no text beside them.
pub(super) fn children<'a>(
    element: &'a Element,
    expected: &'static str,
) -> Result<impl Iterator<Item = &'a Element> + use<'a>, BodyError> {
    if element.has_loose_text() { Err(content(element, expected)) } else { Ok(element.elements()) }
}

/// An error about what an element holds.
pub(super) fn content(element: &Element, expected: &'static str) -> BodyError {
    BodyError::Content { parent: element.name.clone(), expected }
}

/// The text of an element without attributes.
pub(super) fn plain_text<'a>(element: &'a Element, expected: &'static str) -> Result<&'a str, BodyError> {
    check_attributes(element, &[])?;
    element.text().ok_or_else(|| content(element, expected))
}

/// The property that an element names by its text.
pub(super) fn property_name(element: &Element) -> Result<String, BodyError> {
    names::property_name(plain_text(element, "one name")?)
        .map(str::to_owned)
        .ok_or_else(|| BodyError::PropertyName { element: element.name.clone() })
}

/// The type that an attribute of an element names.
pub(super) fn type_name(element: &Element, attributes: &[&str]) -> Result<String, BodyError> {
    let mut values = attributes.iter().filter_map(|name| element.attribute(name));
    match (values.next().and_then(names::type_name), values.next()) {
        (Some(name), None) => Ok(name.to_owned()),
        _ => Err(BodyError::TypeName { element: element.name.clone() }),
    }
}
