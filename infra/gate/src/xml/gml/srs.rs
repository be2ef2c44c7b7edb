//! Names of reference systems.

/// The name of a reference system in a form that QGIS resolves without a network or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrsName(String);

/// The forms, up to the code.
const FORMS: [&str; 9] = [
    "EPSG:",
    "urn:ogc:def:crs:EPSG::",
    "urn:x-ogc:def:crs:EPSG:",
    "http://www.opengis.net/gml/srs/epsg.xml#",
    "http://www.opengis.net/def/crs/EPSG/0/",
    "https://www.opengis.net/def/crs/EPSG/0/",
    "urn:ogc:def:crs:OGC::CRS",
    "urn:ogc:def:crs:OGC:1.3:CRS",
    "http://www.opengis.net/def/crs/OGC/1.3/CRS",
];

impl SrsName {
    /// Parses `EPSG:n`, `urn:ogc:def:crs:EPSG::n`, the `http` forms, and `CRS84` as a URN or URL; `None` for others. The
    /// form is kept, because QGIS takes the order of axes from it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let code = FORMS.iter().find_map(|form| text.strip_prefix(form)).or_else(|| versioned(text))?;
        let is_code = (1..=7).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The code in a URN that names a version of the EPSG dataset, as in `urn:ogc:def:crs:EPSG:6.9:4326`.
fn versioned(text: &str) -> Option<&str> {
    let (version, code) = text.strip_prefix("urn:ogc:def:crs:EPSG:")?.split_once(':')?;
    let is_version = version.len() <= 8 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_version.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_known_forms() {
        for good in [
            "EPSG:3857",
            " EPSG:3857 ",
            "urn:ogc:def:crs:EPSG::3857",
            "urn:ogc:def:crs:EPSG:6.9:4326",
            "urn:x-ogc:def:crs:EPSG:4326",
            "http://www.opengis.net/gml/srs/epsg.xml#4326",
            "http://www.opengis.net/def/crs/EPSG/0/4326",
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
        ] {
            assert_eq!(SrsName::parse(good).unwrap().as_str(), good.trim());
        }
    }

    #[test]
    fn refuses_other_forms() {
        for bad in [
            "",
            "EPSG:",
            "epsg:3857",
            "EPSG:38 57",
            "EPSG:12345678",
            "EPSG:38a7",
            "PROJ:+proj=longlat",
            "USER:100000",
            "WKT:GEOGCS[]",
            "http://www.opengis.example/def/crs/EPSG/0/4326",
            "urn:ogc:def:crs:EPSG:a:1",
        ] {
            assert!(SrsName::parse(bad).is_none(), "{bad}");
        }
    }
}
