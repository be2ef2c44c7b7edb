//! The `FastCGI` parameters of a request. QGIS Server reads them like environment variables, so the gate sends its own and
//! no others: a variable such as `REQUEST_BODY` or `QGIS_PROJECT_FILE` would change the request.

use std::collections::VecDeque;

use bytes::Bytes;

use super::writer::RequestWriter;
use crate::upstream::{QgisRequest, UpstreamError, public_url::PublicUrl};

/// Writes `request` for `project` as records.
pub(super) fn write(project: &str, request: QgisRequest) -> Result<VecDeque<Bytes>, UpstreamError> {
    let public = PublicUrl::parse(&request.public_url);
    let mut writer = RequestWriter::new();
    writer.add("GATEWAY_INTERFACE", &["CGI/1.1"])?;
    writer.add("SERVER_PROTOCOL", &["HTTP/1.1"])?;
    writer.add("REQUEST_METHOD", &[request.method.as_str()])?;
    writer.add("QUERY_STRING", &[&request.query_with_map(project)])?;
    // QGIS takes the path of an OGC API and the links in its answers from here (QgsFcgiServerRequest, tested with 3.22).
    writer.add("REQUEST_URI", &[public.path, if request.path.is_empty() { "/" } else { &request.path }])?;
    writer.add("SCRIPT_NAME", &[public.path])?;
    writer.add("SCRIPT_FILENAME", &["qgis_mapserv.fcgi"])?;
    writer.add("PATH_INFO", &[&request.path])?;
    writer.add("HTTPS", &[if public.is_https { "on" } else { "off" }])?;
    writer.add("HTTP_HOST", &[public.authority])?;
    writer.add("SERVER_NAME", &[public.host])?;
    // QGIS writes every port but 80 into its links, even the default port of https.
    if let Some(port) = public.port {
        writer.add("SERVER_PORT", &[port])?;
    }
    if !request.public_url.is_empty() {
        writer.add("HTTP_X_QGIS_SERVICE_URL", &[&request.public_url])?;
    }
    if let Some(accept) = request.accept {
        writer.add("HTTP_ACCEPT", &[accept])?;
    }
    let Some(body) = request.body else { return Ok(writer.finish(Bytes::new())) };
    writer.add("CONTENT_TYPE", &[body.content_type])?;
    // QGIS 3.22 tells JSON from a form by this variable and not by CGI's. Without it, a JSON body whose text contains
    // `&MAP=…&` is written into another project (tested).
    writer.add("HTTP_CONTENT_TYPE", &[body.content_type])?;
    writer.add("CONTENT_LENGTH", &[&body.bytes.len().to_string()])?;
    Ok(writer.finish(body.bytes))
}
