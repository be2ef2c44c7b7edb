//! The path to an element of QGIS Server's XML, which decides what its attributes contain.

/// Groups of layers nest, but no answer of QGIS Server is deeper than this.
const MAX_DEPTH: usize = 256;

/// Roots whose content is data, which passes unchanged. Only their own attributes contain links of QGIS Server.
const DATA: [&str; 2] = ["FeatureCollection", "GetFeatureInfoResponse"];

/// Roots whose text may name files next to the project.
const MESSAGES: [&str; 4] =
    ["ServiceExceptionReport", "ServerException", "ExceptionReport", "StyledLayerDescriptor"];

/// What an attribute contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttributeKind {
    /// The address of a service, which is QGIS Server's own whatever its host.
    Endpoint,
    /// A link, either QGIS Server's own or one that an author wrote.
    Link,
    /// Pairs of namespace and location (XML Schema 1 §4.3.2).
    SchemaLocations,
    Text,
}

/// The open elements by local name, from the root to the current one.
#[derive(Debug, Default)]
pub(super) struct ElementPath(Vec<String>);

impl ElementPath {
    /// Enters an element; returns false if it is too deep.
    pub(super) fn enter(&mut self, element: &str) -> bool {
        self.0.push(element.to_owned());
        self.0.len() <= MAX_DEPTH
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the current element is the root, and everything below it is data.
    pub(super) fn is_data(&self) -> bool {
        matches!(self.0.as_slice(), [root] if is_data_root(root))
    }

    /// Whether the document is a message or a style.
    pub(super) fn is_message(&self) -> bool {
        self.0.first().is_some_and(|root| MESSAGES.contains(&root.as_str()))
    }

    /// Whether the text of the current element is a link (WFS 1.0.0 §12.3.2).
    pub(super) fn is_link(&self) -> bool {
        self.0.last().is_some_and(|element| ["OnlineResource", "MetadataURL"].contains(&element.as_str()))
    }

    /// Returns what the attribute `name` of the current element contains.
    pub(super) fn attribute(&self, name: &str) -> AttributeKind {
        match local(name) {
            "schemaLocation" if name.contains(':') => AttributeKind::SchemaLocations,
            "href" | "onlineResource" | "template" if self.is_endpoint() => AttributeKind::Endpoint,
            "href" | "onlineResource" | "template" | "schemaLocation" => AttributeKind::Link,
            _ => AttributeKind::Text,
        }
    }

    /// WMS, WCS: `HTTP/Get/OnlineResource`; WFS, WMTS: `HTTP/Get`; `DescribeLayer`: `LayerDescription/OnlineResource`;
    /// a context document: `Server/OnlineResource`.
    fn is_endpoint(&self) -> bool {
        let mut innermost = self.0.iter().rev().map(String::as_str);
        matches!(
            (innermost.next(), innermost.next(), innermost.next()),
            (Some("Get" | "Post"), Some("HTTP"), _)
                | (Some("OnlineResource"), Some("Get" | "Post"), Some("HTTP"))
                | (Some("OnlineResource"), Some("LayerDescription" | "Server"), _)
        )
    }
}

/// Whether everything below a root with this local name is data.
pub(super) fn is_data_root(root: &str) -> bool {
    DATA.contains(&root)
}

/// Returns `name` without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}
