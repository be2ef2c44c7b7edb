//! The recorded requests, and how the gate parses them.

use std::path::Path;

use http::Method;
use pozi_gate::{
    answer::api_accept,
    catalogue::{Catalogues, Place, segments},
    request::{Context, Incoming, Keys, MapRequest, Parameters, RequestRefusal},
};
use serde_json::Value;

use super::site::{layers, settings};

/// One recorded request.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) client: String,
    pub(crate) purpose: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) content_type: Option<String>,
    pub(crate) accept: Option<String>,
    pub(crate) body: String,
    pub(crate) qgis_status: u64,
}

/// Returns all recorded requests; nothing if they are not beside the repository.
pub(crate) fn recorded() -> Option<Vec<Recorded>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/requests");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("NOT RUN: samples only; there are no recorded requests beside the repository");
        return None;
    };
    let mut all = Vec::new();
    for path in
        files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "json"))
    {
        let text = std::fs::read_to_string(path).unwrap();
        let list: Vec<Value> = serde_json::from_str(&text).unwrap();
        all.extend(list.iter().map(Recorded::of));
    }
    Some(all)
}

impl Recorded {
    /// Returns a GET of `query` at the address of web services.
    pub(crate) fn get(query: &str) -> Self {
        Self {
            client: "shapes".into(),
            purpose: String::new(),
            method: "GET".into(),
            path: "/pozi/ows/demo/".into(),
            query: query.into(),
            content_type: None,
            accept: None,
            body: String::new(),
            qgis_status: 200,
        }
    }

    fn of(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Self {
            client: text("client"),
            purpose: text("purpose"),
            method: text("method"),
            path: text("path"),
            query: text("query"),
            content_type: value["content_type"].as_str().map(str::to_owned),
            accept: value["headers"].as_object().and_then(|headers| {
                let accept = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("accept"));
                accept.and_then(|(_, value)| value.as_str()).map(str::to_owned)
            }),
            body: text("body"),
            qgis_status: value["qgis_status"].as_u64().unwrap_or_default(),
        }
    }

    /// Parses the request like the gate, with known fields; nothing for the check that the server is up.
    pub(crate) fn parse(&self) -> Result<Option<MapRequest>, RequestRefusal> {
        let settings = settings();
        let catalogues = Catalogues::new(&settings);
        let segments = segments(&self.path).ok_or(RequestRefusal::NotFound)?;
        let is_features = segments.iter().any(|segment| segment.starts_with("wfs3"));
        let keys = if is_features { Keys::Features } else { Keys::Ows };
        let mut query = Parameters::read(self.query.as_bytes(), keys)?;
        let map = query.take("MAP");
        let place = catalogues.place(&segments, map.as_deref()).map_err(|_| RequestRefusal::NotFound)?;
        let Place::Catalogue(catalogue, rest) = place else { return Ok(None) };
        let method: Method = self.method.parse().unwrap();
        let accept = Some(api_accept(self.accept.as_deref()));
        let incoming = Incoming { method: &method, rest, query, body: self.body.as_bytes(), accept };
        let context = Context { catalogue, limits: &settings.limits };
        let mut request = MapRequest::parse(incoming, &context)?;
        if request.needs_layers() {
            request.resolve(&layers())?;
        }
        Ok(Some(request))
    }
}
