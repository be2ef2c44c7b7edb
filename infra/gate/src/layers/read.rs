//! What documents of QGIS Server and the project file say about layers, joined. [The table of layers](super) says what
//! each of them names and hides.

mod join;
mod settings;
mod table;

use std::collections::BTreeMap;

use serde::Deserialize;

use self::{
    settings::WmsLayer,
    table::{Published, WfsType},
};
use super::{Layers, elements::XmlError, project::ProjectFile};

/// The most bytes of one document.
pub const MOST_DOCUMENT: usize = 32 * 1024 * 1024;

/// Answers of QGIS Server about one project.
#[derive(Debug, Clone, Copy)]
pub struct Documents<'a> {
    /// WMS `GetProjectSettings`.
    pub settings: &'a [u8],
    /// WFS `DescribeFeatureType` of all types.
    pub schema: &'a [u8],
    /// `/wfs3/collections.json`.
    pub collections: &'a [u8],
}

/// For a type name, an answer to WFS `GetFeature` in `GeoJSON` with at most one feature.
pub type Samples = BTreeMap<String, Vec<u8>>;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// The layers.
    pub layers: Layers,
    /// Type names of which a sample would tell more, first those with fields that cannot be told without it.
    pub wanted: Vec<String>,
}

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not the XML that was asked for.
    #[error("the answer to {operation} is not as expected")]
    Xml {
        /// What was asked.
        operation: &'static str,
        /// What is wrong with it.
        #[source]
        cause: XmlError,
    },
    /// It is not the JSON that was asked for.
    #[error("the answer to {operation} is not as expected")]
    Json {
        /// What was asked.
        operation: &'static str,
        /// What is wrong with it.
        #[source]
        cause: serde_json::Error,
    },
}

/// Joins the documents. `project` is the project file, where the gate can read it: without it no field is known to be a
/// column of its layer's table.
pub fn read(
    documents: Documents<'_>,
    samples: &Samples,
    project: Option<&ProjectFile>,
) -> Result<Read, ReadError> {
    let wms = settings::read(documents.settings)?;
    let types = table::read(documents.schema)?;
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
        .map_err(|cause| ReadError::Json { operation: "OGC API Features /collections", cause })?;
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
        reason = "only the names are wanted, and serde reads sets from lists"
    )]
    properties: BTreeMap<String, serde::de::IgnoredAny>,
}

/// The names of the first feature's properties; nothing where there is no feature.
fn keys(sample: &[u8]) -> Result<Option<Vec<String>>, ReadError> {
    let read: Sample = serde_json::from_slice(sample)
        .map_err(|cause| ReadError::Json { operation: "WFS GetFeature", cause })?;
    Ok(read.features.into_iter().next().map(|feature| feature.properties.into_keys().collect()))
}
