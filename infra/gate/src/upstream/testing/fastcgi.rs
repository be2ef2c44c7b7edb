//! The `FastCGI` protocol of the server.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::Notify,
};

use super::{Received, Step, flood, hang, linger, steps};

/// Answers the only request on `stream`.
pub(super) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    disconnected: Arc<Notify>,
) -> io::Result<()> {
    let request = read_fastcgi(&mut stream).await?;
    for step in steps(&request) {
        match step {
            Step::Head(lines) => stream.write_all(&stdout(format!("{lines}\n").as_bytes())).await?,
            Step::Data(bytes) => stream.write_all(&stdout(&bytes)).await?,
            Step::Raw(bytes) => stream.write_all(&bytes).await?,
            Step::Flood => flood(&mut stream, &stdout(&vec![b'f'; 100_000]), &disconnected).await,
            Step::Hang => hang(&mut stream, &disconnected).await,
            Step::Cut => return Ok(()),
        }
    }
    stream.write_all(&[record(6, &[]), record(3, &[0; 8])].concat()).await?;
    linger(&mut stream).await
}

/// Reads a request, like libfcgi up to the first empty STDIN.
async fn read_fastcgi(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Received> {
    let (mut parameters, mut request) = (Vec::new(), Received::default());
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header).await?;
        let [1, kind, 0, 1, high, low, padding, _] = header else { panic!("{header:?}") };
        let mut content = vec![0; u16::from_be_bytes([high, low]).into()];
        stream.read_exact(&mut content).await?;
        stream.read_exact(&mut vec![0; padding.into()]).await?;
        match kind {
            1 => assert_eq!(content, [0, 1, 0, 0, 0, 0, 0, 0]),
            4 if content.is_empty() => {
                record_parameters(&parameters, &mut request);
                if request.query.starts_with("do=early") {
                    return Ok(request);
                }
            }
            4 => parameters.extend(content),
            5 if content.is_empty() => return Ok(request),
            5 => request.body.extend(content),
            _ => panic!("{header:?}"),
        }
    }
}

fn record_parameters(mut bytes: &[u8], request: &mut Received) {
    fn length(bytes: &mut &[u8]) -> usize {
        let (length, rest) = match **bytes {
            [short, ref rest @ ..] if short < 0x80 => (short.into(), rest),
            [a, b, c, d, ref rest @ ..] => (u32::from_be_bytes([a & 0x7F, b, c, d]), rest),
            _ => panic!("{bytes:?}"),
        };
        *bytes = rest;
        length.try_into().unwrap()
    }
    while !bytes.is_empty() {
        let (name, value) = (length(&mut bytes), length(&mut bytes));
        let (pair, rest) = bytes.split_at(name + value);
        let (name, value) = pair.split_at(name);
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value).into_owned());
        match &*name {
            "REQUEST_METHOD" => request.method = value,
            "REQUEST_URI" => request.target = value,
            "QUERY_STRING" => request.query = value,
            _ => request.headers.extend([&*name, ": ", &value, "\n"]),
        }
        bytes = rest;
    }
}

pub(super) fn stdout(content: &[u8]) -> Vec<u8> {
    content.chunks(8_184).flat_map(|part| record(6, part)).collect()
}

pub(super) fn stderr() -> Vec<u8> {
    record(7, &vec![b'e'; 20_000])
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let padding = 8 - low % 8;
    [&[1, kind, 0, 1, high, low, padding, 0][..], content, &vec![0; padding.into()]].concat()
}
