//! The HTTP/1.1 protocol of the server.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    sync::Notify,
};

use super::{Received, Step, flood, hang, linger, steps};

/// Answers the requests on `stream`.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    disconnected: Arc<Notify>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_http(&mut stream).await? {
        for step in steps(&request) {
            match step {
                Step::Head(lines) => stream.write_all(http_head(&lines).as_bytes()).await?,
                Step::Data(bytes) if request.query.starts_with("do=echo") => stream.write_all(&bytes).await?,
                Step::Data(bytes) if request.query.starts_with("do=cut_long") => {
                    stream.write_all(&bytes).await?;
                }
                Step::Data(bytes) => stream.write_all(&chunk(&bytes)).await?,
                Step::Flood => flood(&mut stream, &chunk(&vec![b'f'; 100_000]), &disconnected).await,
                Step::Raw(bytes) => stream.write_all(&bytes).await?,
                Step::Hang => hang(&mut stream, &disconnected).await,
                Step::Cut => return Ok(()),
            }
        }
        if !request.query.starts_with("do=echo") && !request.query.starts_with("do=empty") {
            stream.write_all(b"0\r\n\r\n").await?;
        }
        if request.query.starts_with("do=early") {
            return linger(&mut stream).await;
        }
    }
    Ok(())
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Turns the head of a CGI answer into one of HTTP, like a web server.
fn http_head(lines: &str) -> String {
    let status = lines.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let others: String =
        lines.lines().filter(|line| !line.starts_with("Status:")).flat_map(|line| [line, "\r\n"]).collect();
    let has_length = lines.contains("Content-Length") || status.starts_with("204");
    let framing = if has_length { "" } else { "Transfer-Encoding: chunked\r\n" };
    format!("HTTP/1.1 {status}\r\n{others}{framing}\r\n")
}

async fn read_http(stream: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Option<Received>> {
    let (mut request, mut line) = (Received::default(), String::new());
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    request.method = words.next().unwrap().into();
    let (target, query) = words.next().unwrap().split_once('?').unwrap();
    (request.target, request.query) = (target.into(), query.into());
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        if line == "\r\n" {
            break;
        }
        if let Some(digits) = line.to_lowercase().strip_prefix("content-length:") {
            length = digits.trim().parse().unwrap();
        }
        request.headers += &line;
    }
    if !request.query.starts_with("do=early") {
        request.body = vec![0; length];
        stream.read_exact(&mut request.body).await?;
    }
    Ok(Some(request))
}
