//! The kinds of content that QGIS Server answers with.

use http::HeaderValue;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// Capabilities, features, messages.
    Xml,
    /// Features, legends, the documents of OGC API Features.
    Json,
    /// Feature information, the pages of OGC API Features.
    Html,
    /// Feature information as text; style sheets and scripts of the pages.
    Text,
    /// A map, legend or tile.
    Image,
    /// A file to be saved: coverage, print.
    Download { disposition: &'static str },
}

impl Media {
    /// Returns the kind that `content_type` stands for; `None` for types that QGIS Server does not send.
    pub(super) fn of(content_type: &HeaderValue) -> Option<Self> {
        let text = content_type.to_str().ok()?.to_ascii_lowercase();
        let essence = text.split(';').next().unwrap_or_default().trim();
        Some(match essence {
            "image/tiff" => Self::Download { disposition: r#"attachment; filename="coverage.tif""# },
            "image/svg+xml" | "image/svg" => {
                Self::Download { disposition: r#"attachment; filename="map.svg""# }
            }
            "application/pdf" => Self::Download { disposition: r#"attachment; filename="map.pdf""# },
            "application/dxf" => Self::Download { disposition: r#"attachment; filename="map.dxf""# },
            "text/html" => Self::Html,
            "text/plain" | "text/css" | "text/javascript" | "application/javascript" => Self::Text,
            "text/xml" | "application/xml" => Self::Xml,
            "application/json" | "application/vnd.geo+json" | "text/json" => Self::Json,
            _ if essence.starts_with("image/") => Self::Image,
            _ if essence.ends_with("+json") => Self::Json,
            _ if essence.ends_with("+xml") || essence.starts_with("application/vnd.ogc.") => Self::Xml,
            _ => return None,
        })
    }

    /// Whether it is text that compresses well.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Xml | Self::Json | Self::Html | Self::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_type_that_qgis_sends() {
        for (content_type, kind) in [
            ("text/xml; charset=utf-8", Some(Media::Xml)),
            ("text/xml; subtype=gml/3.1.1; charset=utf-8", Some(Media::Xml)),
            ("application/vnd.ogc.gml; charset=utf-8", Some(Media::Xml)),
            ("application/vnd.oai.openapi+json;version=3.0", Some(Media::Json)),
            ("application/vnd.geo+json; charset=utf-8", Some(Media::Json)),
            ("application/geo+json", Some(Media::Json)),
            ("Text/HTML", Some(Media::Html)),
            ("image/png; mode=8bit", Some(Media::Image)),
            ("application/octet-stream", None),
            ("application/zip", None),
            ("", None),
        ] {
            assert_eq!(Media::of(&HeaderValue::from_static(content_type)), kind, "{content_type}");
        }
    }
}
