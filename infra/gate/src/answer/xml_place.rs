//! What an attribute of QGIS Server's XML is for, by where it stands.

/// Elements deeper than this are no answer of QGIS Server: groups of layers nest, but not so far.
const MAX_DEPTH: usize = 256;

/// Roots whose content is data, which is passed as it is. Only their own attributes hold links of QGIS Server.
const DATA: [&str; 2] = ["FeatureCollection", "GetFeatureInfoResponse"];

/// Roots whose text may name files beside the project.
const MESSAGES: [&str; 4] =
    ["ServiceExceptionReport", "ServerException", "ExceptionReport", "StyledLayerDescriptor"];

/// Use of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// The address of a service: QGIS Server's own, whatever its host.
    Endpoint,
    /// A link: QGIS Server's own or an author's.
    Link,
    /// Pairs of namespace and location (XML Schema 1 §4.3.2).
    SchemaLocations,
    /// Nothing of these.
    Text,
}

/// The elements around the present one, by local name.
#[derive(Debug, Default)]
pub(super) struct Place {
    open: Vec<String>,
}

impl Place {
    /// Goes into an element. False where it is too deep.
    pub(super) fn enter(&mut self, element: &str) -> bool {
        self.open.push(element.to_owned());
        self.open.len() <= MAX_DEPTH
    }

    /// Leaves the present element.
    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    /// Whether the present element is the root, and all below it data.
    pub(super) fn is_data(&self) -> bool {
        self.open.len() == 1 && self.open.first().is_some_and(|root| is_data_root(root))
    }

    /// Whether this is a message or a style.
    pub(super) fn is_message(&self) -> bool {
        self.open.first().is_some_and(|root| MESSAGES.contains(&root.as_str()))
    }

    /// Whether the text of the present element is a link (WFS 1.0.0 §12.3.2).
    pub(super) fn is_link(&self) -> bool {
        self.open.last().is_some_and(|element| ["OnlineResource", "MetadataURL"].contains(&element.as_str()))
    }

    /// What the attribute `name` of the present element is for.
    pub(super) fn use_of(&self, name: &str) -> Use {
        match local(name) {
            "schemaLocation" if name.contains(':') => Use::SchemaLocations,
            "href" | "onlineResource" | "template" if self.is_endpoint() => Use::Endpoint,
            "href" | "onlineResource" | "template" | "schemaLocation" => Use::Link,
            _ => Use::Text,
        }
    }

    /// WMS, WCS: `HTTP/Get/OnlineResource`; WFS, WMTS: `HTTP/Get`; `DescribeLayer`: `LayerDescription/OnlineResource`;
    /// a context document: `Server/OnlineResource`.
    fn is_endpoint(&self) -> bool {
        let mut around = self.open.iter().rev().map(String::as_str);
        matches!(
            (around.next(), around.next(), around.next()),
            (Some("Get" | "Post"), Some("HTTP"), _)
                | (Some("OnlineResource"), Some("Get" | "Post"), Some("HTTP"))
                | (Some("OnlineResource"), Some("LayerDescription" | "Server"), _)
        )
    }
}

/// Whether everything below a root of that local name is data.
pub(super) fn is_data_root(root: &str) -> bool {
    DATA.contains(&root)
}

/// The name without a prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}
