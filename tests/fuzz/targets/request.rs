//! Requests to the gate: nothing panics, and a request that was written is read and written the same again. The first byte
//! chooses a query, a body, or a path of OGC API Features.
#![no_main]

use std::{borrow::Cow, sync::LazyLock};

use http::Method;
use libfuzzer_sys::fuzz_target;
use pozi_auth::sites::Site;
use pozi_gate::{
    catalogue::segments,
    request::{Context, Incoming, Keys, MapRequest, Parameters},
    settings::Limits,
};

static SITE: LazyLock<Site> = LazyLock::new(|| {
    Site::parse(include_str!("../../../infra/gate/tests/site.toml"))
    .expect("the target's own site file is valid")
});

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    match first % 3 {
        0 => {
            if let Some(request) = parsed(&Method::GET, &[], rest, &[]) {
                let written = request.write();
                if written.method == Method::GET {
                    let again = parsed(&Method::GET, &[], written.query.as_bytes(), &[])
                        .expect("a written request is valid");
                    assert_eq!(again.write(), written);
                }
            }
        }
        1 => {
            if let Some(request) = parsed(&Method::POST, &[], b"", rest)
                && !request.needs_layers()
            {
                let written = request.write();
                let body = written.body.as_ref().map_or(&b""[..], |body| &body.bytes);
                let again = parsed(&written.method, &[], written.query.as_bytes(), body)
                    .expect("a written request is valid");
                assert_eq!(again.write(), written);
            }
        }
        _ => {
            let text = String::from_utf8_lossy(rest);
            let (path, query) = text.split_once('?').unwrap_or((&text, ""));
            if let Some(path) = segments(path)
                && let Some(request) = parsed(&Method::GET, &path, query.as_bytes(), &[])
            {
                let _ = request.write();
            }
        }
    }
});

fn parsed(method: &Method, rest: &[Cow<'_, str>], query: &[u8], body: &[u8]) -> Option<MapRequest> {
    let keys = if rest.is_empty() { Keys::Ows } else { Keys::Features };
    let query = Parameters::read(query, keys).ok()?;
    let incoming = Incoming { method, rest, query, body, accept: None };
    MapRequest::parse(incoming, &Context { catalogue: &SITE.catalogues[0], limits: &Limits::default() }).ok()
}
