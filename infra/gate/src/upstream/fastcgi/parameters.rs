//! The `FastCGI` parameters of a request. QGIS Server takes them for its environment, so they are the gate's own and no others:
//! a variable such as `REQUEST_BODY` or `QGIS_PROJECT_FILE` would change what is asked.

use std::collections::VecDeque;

use bytes::Bytes;

use super::written::Written;
use crate::upstream::{QgisRequest, UpstreamError, public_url::PublicUrl};

/// The records that ask for `request` of `project`.
pub(super) fn write(project: &str, request: QgisRequest) -> Result<VecDeque<Bytes>, UpstreamError> {
    let public = PublicUrl::of(&request.public_url);
    let mut written = Written::new();
    written.add("GATEWAY_INTERFACE", &["CGI/1.1"])?;
    written.add("SERVER_PROTOCOL", &["HTTP/1.1"])?;
    written.add("REQUEST_METHOD", &[request.method.as_str()])?;
    written.add("QUERY_STRING", &[&request.query_with_map(project)])?;
    // QGIS takes the path of an OGC API from here, and the links in its answers (QgsFcgiServerRequest, tried on 3.22).
    written.add("REQUEST_URI", &[public.path, if request.path.is_empty() { "/" } else { &request.path }])?;
    written.add("SCRIPT_NAME", &[public.path])?;
    written.add("SCRIPT_FILENAME", &["qgis_mapserv.fcgi"])?;
    written.add("PATH_INFO", &[&request.path])?;
    written.add("HTTPS", &[if public.is_secure { "on" } else { "off" }])?;
    written.add("HTTP_HOST", &[public.authority])?;
    written.add("SERVER_NAME", &[public.host])?;
    // QGIS writes every port but 80 into its links, also the usual one of https.
    if let Some(port) = public.port {
        written.add("SERVER_PORT", &[port])?;
    }
    if !request.public_url.is_empty() {
        written.add("HTTP_X_QGIS_SERVICE_URL", &[&request.public_url])?;
    }
    if let Some(accept) = request.accept {
        written.add("HTTP_ACCEPT", &[accept])?;
    }
    let Some(body) = request.body else { return Ok(written.finish(Bytes::new())) };
    written.add("CONTENT_TYPE", &[body.content_type])?;
    // By this one, and not by the one of CGI, QGIS 3.22 tells JSON from a form. Tried: without it a body of JSON whose text
    // holds `&MAP=…&` is written into another project.
    written.add("HTTP_CONTENT_TYPE", &[body.content_type])?;
    written.add("CONTENT_LENGTH", &[&body.bytes.len().to_string()])?;
    Ok(written.finish(body.bytes))
}
