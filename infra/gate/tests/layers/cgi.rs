//! QGIS Server as a plain CGI program: one process for each request.

use std::{io, path::Path, process::Stdio, time::Duration};

use axum::body::Body;
use http::{Response, StatusCode};
use pozi_gate::upstream::{MapServer, QgisRequest, UpstreamError};
use tokio::{io::AsyncWriteExt, process::Command};

pub(crate) const PROGRAM: &str = "/usr/lib/cgi-bin/qgis_mapserv.fcgi";

/// Asks about the project file of its own, whatever the gate calls it.
pub(crate) struct Cgi {
    project: String,
    runtime: tempfile::TempDir,
}

struct Call<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    accept: &'a str,
    content_type: &'a str,
    body: Vec<u8>,
}

impl Cgi {
    pub(crate) fn asking(project: &Path) -> Self {
        Self { project: project.to_str().unwrap().to_owned(), runtime: tempfile::tempdir().unwrap() }
    }

    /// The whole answer to a GET.
    pub(crate) async fn get(&self, query: &str) -> io::Result<String> {
        let call = Call { method: "GET", path: "", query, accept: "", content_type: "", body: Vec::new() };
        Ok(String::from_utf8_lossy(&self.call(call).await?).into_owned())
    }

    /// The whole answer to a POST.
    pub(crate) async fn post(&self, query: &str, content_type: &str, body: Vec<u8>) -> io::Result<String> {
        let call = Call { method: "POST", path: "", query, accept: "", content_type, body };
        Ok(String::from_utf8_lossy(&self.call(call).await?).into_owned())
    }

    async fn call(&self, call: Call<'_>) -> io::Result<Vec<u8>> {
        let query = format!("{}&MAP={}", call.query, self.project);
        let mut running = Command::new("sh")
            .args(["-c", "ulimit -v 4000000; exec \"$0\"", PROGRAM])
            .envs([
                ("QT_QPA_PLATFORM", "offscreen"),
                ("SCRIPT_NAME", "/ows"),
                ("SERVER_NAME", "localhost"),
                ("SERVER_PORT", "80"),
                ("REQUEST_METHOD", call.method),
                ("PATH_INFO", call.path),
                ("HTTP_ACCEPT", call.accept),
                ("CONTENT_TYPE", call.content_type),
            ])
            .env("XDG_RUNTIME_DIR", self.runtime.path())
            .env("REQUEST_URI", format!("/ows{}?{query}", call.path))
            .env("QUERY_STRING", query)
            .env("CONTENT_LENGTH", call.body.len().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut input = running.stdin.take().unwrap();
        // A program that ends without having read its input is no fault of the input.
        let _ = input.write_all(&call.body).await;
        drop(input);
        let patience = Duration::from_mins(1);
        let output = tokio::time::timeout(patience, running.wait_with_output()).await;
        Ok(output.map_err(|_| io::ErrorKind::TimedOut)??.stdout)
    }
}

impl MapServer for Cgi {
    async fn send(&self, _project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let call = Call {
            method: request.method.as_str(),
            path: &request.path,
            query: &request.query,
            accept: request.accept.unwrap_or_default(),
            content_type: request.body.as_ref().map_or("", |body| body.content_type),
            body: request.body.as_ref().map(|body| body.bytes.to_vec()).unwrap_or_default(),
        };
        let cut = |cause| UpstreamError::Unreachable { address: PROGRAM.to_owned(), cause };
        let answer = self.call(call).await.map_err(cut)?;
        let end = answer
            .windows(2)
            .position(|two| two == b"\n\n")
            .ok_or_else(|| cut(io::ErrorKind::UnexpectedEof.into()))?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.lines().find_map(|line| line.strip_prefix("Status:")?.trim().parse::<u16>().ok());
        let status = StatusCode::from_u16(status.unwrap_or(200)).unwrap();
        Ok(Response::builder().status(status).body(Body::from(answer[end + 2..].to_vec())).unwrap())
    }
}
