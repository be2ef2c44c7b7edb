//! What a CGI program writes (RFC 3875 §6): headers, an empty line, a body. Only the picture is taken out of it; no header
//! goes any further.

use super::view::View;

/// More than any headers have.
const MOST_HEADERS: usize = 8 * 1024;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const END: &[u8] = b"\0\0\0\0IEND\xaeB`\x82";

/// Why an output is not the picture that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPicture {
    /// The headers do not end.
    #[error("no end of headers")]
    Headers,
    /// `Status` is there and not 200, or there twice.
    #[error("another status than 200")]
    Status,
    /// `Content-Type` is missing, there twice, or another. QGIS Server tells its errors as XML.
    #[error("another content type than image/png")]
    Type,
    /// No PNG, or one that breaks off.
    #[error("not a whole PNG")]
    Broken,
    /// A PNG of another size.
    #[error("a picture of another size")]
    Size,
}

/// The PNG in `output`, which is of the size of `view` and whole.
pub(super) fn picture<'a>(output: &'a [u8], view: &View) -> Result<&'a [u8], NoPicture> {
    let (headers, body) = split(output).ok_or(NoPicture::Headers)?;
    let values = |name: &str| {
        let lines = headers.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(own, _)| own.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    };
    let (statuses, types): (Vec<&str>, Vec<&str>) = (values("status"), values("content-type"));
    match statuses[..] {
        [] => (),
        [status] if status.split(' ').next() == Some("200") => (),
        _ => return Err(NoPicture::Status),
    }
    if types != ["image/png"] {
        return Err(NoPicture::Type);
    }
    if !body.starts_with(SIGNATURE) || !body.ends_with(END) {
        return Err(NoPicture::Broken);
    }
    // Signature, length and name of the first chunk, then the size (PNG §11.2.1).
    let size = [view.width.to_be_bytes(), view.height.to_be_bytes()].concat();
    if body.get(16..24) == Some(&size) { Ok(body) } else { Err(NoPicture::Size) }
}

fn split(output: &[u8]) -> Option<(String, &[u8])> {
    let head = &output[..output.len().min(MOST_HEADERS)];
    let ends = ["\n\n", "\r\n\r\n"].map(|mark| {
        let at = head.windows(mark.len()).position(|window| window == mark.as_bytes())?;
        Some((at, at + mark.len()))
    });
    let (end, begin) = ends.into_iter().flatten().min()?;
    Some((String::from_utf8_lossy(&head[..end]).into_owned(), &output[begin..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let header = [b"\0\0\0\rIHDR".as_slice(), &width.to_be_bytes(), &height.to_be_bytes()].concat();
        [SIGNATURE, &header, b"\x08\x06\0\0\0crc.", END].concat()
    }

    fn of(headers: &str, body: &[u8]) -> Result<usize, NoPicture> {
        let output = [headers.as_bytes(), body].concat();
        picture(&output, &View { width: 3, height: 2, ..View::default() }).map(<[u8]>::len)
    }

    #[test]
    fn a_whole_picture_is_taken_whatever_else_the_headers_say() {
        let body = png(3, 2);
        for headers in [
            "Content-Type: image/png\n\n",
            "Content-Length: 7\r\ncontent-type:image/png\r\nServer: QGIS\r\n\r\n",
            "Status: 200 OK\nContent-Type: image/png\nSet-Cookie: a=b\nLocation: http://a.example/\n\n",
            "no header at all\n: \nContent-Type: image/png \n\n",
        ] {
            assert_eq!(of(headers, &body), Ok(body.len()), "{headers}");
        }
    }

    #[test]
    fn everything_else_is_no_picture() {
        let body = png(3, 2);
        let headers = "Content-Type: image/png\n\n";
        let long = format!("X: {}\nContent-Type: image/png\n\n", "x".repeat(MOST_HEADERS));
        for (headers, body, problem) in [
            ("", &b""[..], NoPicture::Headers),
            ("Content-Type: image/png\n", &body, NoPicture::Headers),
            (&long, &body, NoPicture::Headers),
            ("Status: 500\nContent-Type: image/png\n\n", &body, NoPicture::Status),
            ("Status: 2000\nContent-Type: image/png\n\n", &body, NoPicture::Status),
            ("Status: 200\nStatus: 404\nContent-Type: image/png\n\n", &body, NoPicture::Status),
            ("\n\n", &body, NoPicture::Type),
            ("Content-Type: text/xml\n\n", &body, NoPicture::Type),
            ("Content-Type: image/png\nContent-Type: text/html\n\n", &body, NoPicture::Type),
            ("Content-Type: image/png, text/html\n\n", &body, NoPicture::Type),
            ("X: y\n\nContent-Type: image/png\n\n", &body, NoPicture::Type),
            (headers, b"", NoPicture::Broken),
            (headers, &body[..body.len() - 1], NoPicture::Broken),
            (headers, &body[1..], NoPicture::Broken),
            (headers, &[SIGNATURE, END].concat(), NoPicture::Size),
            (headers, &png(2, 3), NoPicture::Size),
        ] {
            assert_eq!(of(headers, body), Err(problem), "{headers}");
        }
    }
}
