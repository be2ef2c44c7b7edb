//! The rows of the table: operations, the access that they need, and the closed list of their parameters.

use pozi_auth::sites::Access;

use super::kind::Kind;

/// A service of QGIS Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Web Map Service 1.1.1 and 1.3.0.
    Wms,
    /// Web Feature Service 1.0.0 and 1.1.0.
    Wfs,
    /// Web Map Tile Service 1.0.0.
    Wmts,
    /// Web Coverage Service 1.0.0.
    Wcs,
    /// OGC API Features, which has paths in place of `SERVICE` and `REQUEST`.
    Features,
}

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its service.
    pub service: Service,
    /// Its name, as QGIS expects it.
    pub name: &'static str,
    /// Other names for it.
    pub also: &'static [&'static str],
    /// The access that a session must grant, unless it is a download.
    pub access: Access,
    /// What its answer gives of the catalogue's data, which decides whether it is a download.
    pub gives: Gives,
    /// Its parameters, in groups that operations share.
    pub parameters: &'static [&'static [Parameter]],
}

/// What an answer gives of a catalogue's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// None: a description, a legend, or the answer to a write.
    Nothing,
    /// A picture or a document of a map, or a file if its format is that of one.
    Map,
    /// What is at a place on the map.
    Place,
    /// Features.
    Features,
    /// A file.
    File,
}

/// One parameter of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name as QGIS expects it, in capitals. `MAPn:` stands for the numbered maps of a print layout.
    pub name: &'static str,
    /// Other names for it.
    pub also: &'static [&'static str],
    /// What its value may be.
    pub kind: Kind,
}

impl Service {
    /// The service that the value of `SERVICE` names, in any case.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Wms, Self::Wfs, Self::Wmts, Self::Wcs]
            .into_iter()
            .find(|service| service.name().eq_ignore_ascii_case(name))
    }

    /// Its name as QGIS expects it, in capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wms => "WMS",
            Self::Wfs => "WFS",
            Self::Wmts => "WMTS",
            Self::Wcs => "WCS",
            Self::Features => "OGC API Features",
        }
    }
}

impl Operation {
    /// All its parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().copied().flatten()
    }

    /// The parameter that `key`, in capitals, names.
    pub fn parameter(&self, key: &str) -> Option<&'static Parameter> {
        self.parameters().find(|parameter| parameter.name == key || parameter.also.contains(&key))
    }
}
