//! Checks elements against closed lists of attributes and children.

use super::tree::{Attribute, Element};

/// An attribute or content that is not in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// An attribute that is unknown, or has a value that is not allowed.
    #[error("attribute {attribute} of {element} is unknown or has a value that is not allowed")]
    Attribute {
        /// The element.
        element: String,
        /// The attribute.
        attribute: String,
    },
    /// An element or text that is not allowed where it stands.
    #[error("{parent} holds an element or text that is not allowed there; expected {expected}")]
    Content {
        /// The element around it.
        parent: String,
        /// What is allowed there.
        expected: &'static str,
    },
}

pub(super) fn attribute(element: &Element, name: &str) -> StructureError {
    StructureError::Attribute { element: element.name.clone(), attribute: name.to_owned() }
}

pub(super) fn content(element: &Element, expected: &'static str) -> StructureError {
    StructureError::Content { parent: element.name.clone(), expected }
}

/// Checks that an element has only attributes of `known`, without prefix.
pub(super) fn check_attributes(element: &Element, known: &[&str]) -> Result<(), StructureError> {
    let unknown = |found: &&Attribute| found.prefix.is_some() || !known.contains(&found.name.as_str());
    element.own_attributes().find(unknown).map_or(Ok(()), |found| Err(attribute(element, &found.name)))
}

/// The child elements of an element that holds no text beside them.
pub(super) fn children<'a>(
    element: &'a Element,
    expected: &'static str,
) -> Result<impl Iterator<Item = &'a Element> + use<'a>, StructureError> {
    if element.has_loose_text() { Err(content(element, expected)) } else { Ok(element.elements()) }
}

/// The child elements of an element that must have `N` of them.
pub(super) fn exactly<'a, const N: usize>(
    element: &'a Element,
    expected: &'static str,
) -> Result<[&'a Element; N], StructureError> {
    let children: Vec<_> = children(element, expected)?.collect();
    children.try_into().map_err(|_| content(element, expected))
}
