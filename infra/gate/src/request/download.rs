//! Which requests are downloads. Pure, and decided on the parsed request by what the table says that its answer gives.
//!
//! | the answer gives | it is a download |
//! |---|---|
//! | descriptions, legends, pictures and documents of a map | never |
//! | features (GetFeature of WFS, items of OGC API Features) | if they may be more than `max_features_without_download` |
//! | what is at a place (GetFeatureInfo) | if it may be more than that, and more than [`AT_A_PLACE`] features of a layer |
//! | a file (`GetCoverage`, a map as DXF) | always |
//!
//! Only a catalogue with a rule for downloads asks for more than reading.

#[cfg(test)]
mod tests;

use pozi_auth::sites::Access;

use super::{Context, MapRequest};

/// The most features of a layer that a click needs, which is what clients ask for at most. Without a limit, one click on a map
/// of a single pixel, or a filter without a click, gives a whole layer.
pub(super) const AT_A_PLACE: u64 = 100;

/// The formats of pictures and documents, as QGIS expects them. A format that is not here is a file.
const PICTURES: [&str; 9] = [
    "image/png",
    "image/png; mode=8bit",
    "image/png; mode=16bit",
    "image/png; mode=1bit",
    "image/jpeg",
    "image/webp",
    "png",
    "jpg",
    "pdf",
];

/// How much of a catalogue's data an answer may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// What people see on a map, and no feature.
    View,
    /// At most this many features.
    Features(u64),
    /// At most this many features of each layer, at a place on the map.
    Place(u64),
    /// A file.
    File,
}

impl Amount {
    /// How much a map in `format` holds. Without a format, QGIS draws a picture.
    pub(super) fn of_map(format: Option<&str>) -> Self {
        if format.is_none_or(|format| PICTURES.contains(&format)) { Self::View } else { Self::File }
    }

    /// Whether it is a download, if `max_features` are none.
    fn is_download(self, max_features: u64) -> bool {
        match self {
            Self::View => false,
            Self::Features(count) => count > max_features,
            Self::Place(count) => count > max_features.max(AT_A_PLACE),
            Self::File => true,
        }
    }
}

impl MapRequest {
    /// The access that a session must grant, by the catalogue's rule for downloads and the limit of the configuration.
    pub fn access(&self, context: &Context<'_>) -> Access {
        let access = self.operation().access;
        let max_features = context.limits.max_features_without_download;
        if access == Access::Read && self.amount().is_download(max_features) {
            context.catalogue.access_to_download()
        } else {
            access
        }
    }

    fn amount(&self) -> Amount {
        match self {
            Self::Kvp(request) => request.amount(),
            Self::GetFeature(request) => request.amount(),
            // It writes.
            Self::Transaction(_) => Amount::View,
            Self::Features(request) => request.amount(),
        }
    }
}
