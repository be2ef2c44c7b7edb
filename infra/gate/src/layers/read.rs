//! Joins what QGIS Server's documents and the project file say about layers. [The module above](super) lists what each of
//! them names and hides.

mod join;
mod schema;
mod settings;

use std::collections::BTreeMap;

use serde::Deserialize;

use self::{
    schema::{WfsField, WfsType},
    settings::WmsLayer,
};
use super::{Layers, elements::XmlError, project::ProjectFile};

/// The largest document, in bytes.
pub const MAX_DOCUMENT: usize = 32 * 1024 * 1024;

/// QGIS Server's answers about one project.
#[derive(Debug, Clone, Copy)]
pub struct Documents<'a> {
    /// WMS `GetProjectSettings`.
    pub settings: &'a [u8],
    /// WFS `DescribeFeatureType` for all types.
    pub schema: &'a [u8],
    /// `/wfs3/collections.json`.
    pub collections: &'a [u8],
}

/// For each type name, an answer to WFS `GetFeature` in `GeoJSON` with at most one feature.
pub type Samples = BTreeMap<String, Vec<u8>>;

/// The layers, and the samples that would help.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JoinedLayers {
    /// The layers.
    pub layers: Layers,
    /// The type names for which a sample would add information. Those with ambiguous fields come first.
    pub wanted: Vec<String>,
}

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not the expected XML.
    #[error("the answer to {operation} is not the expected XML")]
    Xml {
        /// The operation.
        operation: &'static str,
        /// The parser's error.
        source: XmlError,
    },
    /// It is not the expected JSON.
    #[error("the answer to {operation} is not the expected JSON")]
    Json {
        /// The operation.
        operation: &'static str,
        /// The parser's error.
        source: serde_json::Error,
    },
}

/// Joins the documents with the project file, if the gate can read it. Without it no field is known to be a column of its
/// layer's table.
pub fn read(
    documents: Documents<'_>,
    samples: &Samples,
    project: Option<&ProjectFile>,
) -> Result<JoinedLayers, ReadError> {
    let wms = settings::read(documents.settings)?;
    let types = schema::read(documents.schema)?;
    let collections = collections(documents.collections)?;
    let keys =
        samples.iter().map(|(name, sample)| Ok((name.clone(), keys(sample)?))).collect::<Result<_, _>>()?;
    Ok(join::Join { wms, types, collections, samples: keys, project }.layers())
}

#[derive(Deserialize)]
struct Collections {
    collections: Vec<Collection>,
}

#[derive(Deserialize)]
struct Collection {
    id: String,
}

fn collections(document: &[u8]) -> Result<Vec<String>, ReadError> {
    let read: Collections = serde_json::from_slice(document)
        .map_err(|source| ReadError::Json { operation: "OGC API Features /collections", source })?;
    Ok(read.collections.into_iter().map(|collection| collection.id).collect())
}

#[derive(Deserialize)]
struct Sample {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    #[expect(
        clippy::zero_sized_map_values,
        reason = "only the names matter, and serde reads a set only from a list"
    )]
    properties: BTreeMap<String, serde::de::IgnoredAny>,
}

/// Returns the names of the first feature's properties; `None` if there is no feature.
fn keys(sample: &[u8]) -> Result<Option<Vec<String>>, ReadError> {
    let read: Sample = serde_json::from_slice(sample)
        .map_err(|source| ReadError::Json { operation: "WFS GetFeature", source })?;
    Ok(read.features.into_iter().next().map(|feature| feature.properties.into_keys().collect()))
}
