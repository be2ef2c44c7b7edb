//! An answer of QGIS Server becomes an answer of the gate.

use std::str;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
};

use super::{
    body::{BodyError, MAX_HEAD, behind, read_piece, read_rest},
    headers::{chosen, single},
    html_links, json_links,
    links::Links,
    media::Media,
    refused::refusal,
    xml_links::{self, Root},
};

/// Which of QGIS Server's interfaces was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// WMS, WFS, WCS or WMTS: their JSON is data.
    WebService,
    /// OGC API Features: its JSON has links.
    Api,
}

/// Why an answer of QGIS Server is none that a client can be given. Nothing of the answer is in it.
#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error("QGIS Server failed with status {0}; its own log says why")]
    Failed(u16),
    #[error(
        "QGIS Server, or the server before it, answers with a redirect; upstream must be its final address"
    )]
    Redirects,
    #[error(
        "the server before QGIS Server wants a user's name; switch authentication off there for the gate"
    )]
    WantsCredentials,
    #[error(
        "the answer is not QGIS Server's: upstream is another server, or one that replaces messages (in IIS, set \
         httpErrors existingResponse to PassThrough)"
    )]
    NotOfQgis,
    #[error("QGIS Server answered with a type of content that the gate does not know")]
    UnknownType,
    #[error("QGIS Server's answer is too large; ask for fewer features")]
    TooLarge,
    #[error("QGIS Server's answer was cut: it ended or was stopped while it answered")]
    Cut,
    #[error("QGIS Server's answer cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The client's answer, made of QGIS Server's `answer` to a request of `interface`. What is none of QGIS Server's, a
/// failure of it and a redirect become 502 with a reason.
pub async fn rebuild(answer: Response<Body>, interface: Interface, links: &Links) -> Response<Body> {
    match rebuilt(answer, interface, links).await {
        Ok(answer) => answer,
        Err(error) => refusal(StatusCode::BAD_GATEWAY, error.reason(), &error.to_string(), None),
    }
}

async fn rebuilt(
    answer: Response<Body>,
    interface: Interface,
    links: &Links,
) -> Result<Response<Body>, AnswerError> {
    let (parts, body) = answer.into_parts();
    let media = media(parts.status, &parts.headers)?;
    let content = match media {
        None => Content::Same(Body::empty()),
        Some(media) => content(media, body, interface, links).await?,
    };
    let mut headers = chosen(&parts.headers, media, matches!(content, Content::Same(_)));
    if parts.status == StatusCode::CREATED {
        headers.extend(location(&parts.headers, links).map(|location| (LOCATION, location)));
    }
    if media.is_none() {
        headers.remove(CONTENT_LENGTH);
    }
    if parts.status.is_client_error() {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let body = match content {
        Content::Same(body) | Content::Stream(body) => body,
        Content::Whole(document) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(document.len()));
            Body::from(document)
        }
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// The kind of the answer, nothing where it has no body; or why it is no answer.
fn media(status: StatusCode, headers: &HeaderMap) -> Result<Option<Media>, AnswerError> {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            return Err(AnswerError::WantsCredentials);
        }
        _ if status.is_success() || status.is_client_error() => {}
        _ if status.is_redirection() => return Err(AnswerError::Redirects),
        _ => return Err(AnswerError::Failed(status.as_u16())),
    }
    let is_empty = single(headers, &CONTENT_LENGTH).is_some_and(|length| length == "0");
    let media = match single(headers, &CONTENT_TYPE).map(Media::of) {
        Some(media) => media,
        None if status.is_success() && (is_empty || status == StatusCode::NO_CONTENT) => return Ok(None),
        None => None,
    };
    match media {
        // Whatever QGIS Server refuses, it refuses in XML or JSON.
        Some(Media::Xml | Media::Json) => Ok(media),
        _ if status.is_client_error() => Err(AnswerError::NotOfQgis),
        Some(_) => Ok(media),
        None => Err(AnswerError::UnknownType),
    }
}

/// A body for the client.
enum Content {
    /// QGIS Server's.
    Same(Body),
    /// QGIS Server's behind a beginning of ours.
    Stream(Body),
    /// Ours.
    Whole(String),
}

async fn content(
    media: Media,
    body: Body,
    interface: Interface,
    links: &Links,
) -> Result<Content, AnswerError> {
    match (media, interface) {
        (Media::Xml, _) => xml(body, links).await,
        (Media::Json, Interface::Api) => {
            let document = read_rest(body, BytesMut::new()).await?;
            json_links::rewrite(text(&document)?, links).map(Content::Whole).map_err(AnswerError::unreadable)
        }
        (Media::Html, _) => {
            let page = read_rest(body, BytesMut::new()).await?;
            Ok(Content::Whole(html_links::rewrite(text(&page)?, links)))
        }
        (Media::Json | Media::Text | Media::Image | Media::Download { .. }, _) => Ok(Content::Same(body)),
    }
}

/// Features stream behind their root element; everything else is a document, which is read whole.
async fn xml(mut body: Body, links: &Links) -> Result<Content, AnswerError> {
    let mut head = BytesMut::new();
    while head.len() < MAX_HEAD && read_piece(&mut body, &mut head).await? {
        let (known, rest) = characters(&head);
        match xml_links::root(known, links).map_err(AnswerError::unreadable)? {
            Root::Incomplete => {}
            Root::Document => break,
            Root::Data { head: written } => {
                let mut beginning = written.into_bytes();
                beginning.extend_from_slice(rest);
                return Ok(Content::Stream(behind(beginning, body)));
            }
        }
    }
    let document = read_rest(body, head).await?;
    xml_links::rewrite(text(&document)?, links).map(Content::Whole).map_err(AnswerError::unreadable)
}

/// The whole characters at the beginning of `bytes`, and what stands behind them.
fn characters(bytes: &[u8]) -> (&str, &[u8]) {
    let end = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let (known, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    (str::from_utf8(known).unwrap_or_default(), rest)
}

fn text(document: &Bytes) -> Result<&str, AnswerError> {
    str::from_utf8(document).map_err(AnswerError::unreadable)
}

/// Where a new feature is. QGIS 3.22 writes `…/items?MAP=project/3`.
fn location(found: &HeaderMap, links: &Links) -> Option<HeaderValue> {
    let found = str::from_utf8(single(found, &LOCATION)?.as_bytes()).ok()?;
    let (path, id) = found.rsplit_once('/')?;
    let is_id =
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@_.:-".contains(&byte));
    let link = match path.split_once('?') {
        Some((items, _)) if is_id && items.ends_with("/items") => format!("{items}/{id}"),
        _ => found.to_owned(),
    };
    HeaderValue::from_str(&links.endpoint(&link)).ok()
}

impl AnswerError {
    fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreadable(cause.into())
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Failed(_) => "qgis_failed",
            Self::Redirects => "qgis_redirects",
            Self::WantsCredentials => "qgis_wants_credentials",
            Self::NotOfQgis => "not_of_qgis",
            Self::UnknownType => "unknown_type",
            Self::TooLarge => "answer_too_large",
            Self::Cut => "answer_cut",
            Self::Unreadable(_) => "answer_unreadable",
        }
    }
}

impl From<BodyError> for AnswerError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Cut(_) => Self::Cut,
            BodyError::TooLarge => Self::TooLarge,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        pin::Pin,
        task::{Context, Poll},
    };

    use http_body::Frame;
    use http_body_util::BodyExt as _;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::{super::links::tests::links, *};

    fn answer(status: u16, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
        let answer = Response::builder().status(status).header("server", "QGIS").header("etag", "\"a\"");
        let answer = if content_type.is_empty() { answer } else { answer.header(CONTENT_TYPE, content_type) };
        answer.body(body.into()).unwrap()
    }

    /// A body that comes in pieces as they are sent.
    struct Fed(UnboundedReceiver<io::Result<Bytes>>);

    impl http_body::Body for Fed {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
        }
    }

    fn fed() -> (UnboundedSender<io::Result<Bytes>>, Body) {
        let (sender, pieces) = unbounded_channel();
        (sender, Body::new(Fed(pieces)))
    }

    async fn text_of(answer: Response<Body>) -> (u16, String) {
        let status = answer.status().as_u16();
        (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_is_no_answer_of_qgis_is_502_with_a_reason() {
        for (status, content_type, reason) in [
            (500, "text/xml", "qgis_failed"),
            (503, "text/html", "qgis_failed"),
            (302, "text/html", "qgis_redirects"),
            (304, "", "qgis_redirects"),
            (401, "text/html", "qgis_wants_credentials"),
            (404, "text/html", "not_of_qgis"),
            (400, "", "not_of_qgis"),
            (200, "application/zip", "unknown_type"),
            (200, "", "unknown_type"),
            (200, "text/xml", "answer_unreadable"),
        ] {
            let rebuilt = rebuild(
                answer(status, content_type, "C:/Pozi/Demo Maps.qgs <"),
                Interface::WebService,
                &links(),
            )
            .await;
            assert!(!rebuilt.headers().contains_key("etag"));
            let (found, text) = text_of(rebuilt).await;
            assert_eq!(found, 502, "{status} {content_type}");
            assert!(text.contains(&format!(r#""reason":"{reason}""#)) && !text.contains("Pozi"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_refusal_of_qgis_keeps_its_text() {
        for (status, content_type, text) in [
            (
                400,
                "text/xml; charset=utf-8",
                "<ServiceExceptionReport><ServiceException>no layer</ServiceException></ServiceExceptionReport>",
            ),
            (404, "application/json", r#"[{"code":"x","description":"no collection"}]"#),
            (403, "application/json", r#"[{"code":"x","description":"forbidden"}]"#),
        ] {
            let rebuilt = rebuild(answer(status, content_type, text), Interface::Api, &links()).await;
            assert_eq!(rebuilt.headers()[CONTENT_LENGTH], text.len().to_string());
            assert_eq!(rebuilt.headers()[CACHE_CONTROL], "no-store");
            assert_eq!(text_of(rebuilt).await, (status, text.to_owned()));
        }
    }

    #[tokio::test]
    async fn pictures_and_the_json_of_web_services_pass_as_they_are() {
        for content_type in ["image/png", "application/geo+json", "text/plain"] {
            let data = r#"{"href":"http://localhost/?MAP=x" "#;
            let rebuilt = rebuild(answer(200, content_type, data), Interface::WebService, &links()).await;
            assert!(rebuilt.headers().contains_key("etag") && !rebuilt.headers().contains_key("server"));
            assert_eq!(text_of(rebuilt).await, (200, data.to_owned()));
        }
    }

    const ROOT: &str = r#"<wfs:FeatureCollection xsi:schemaLocation="http://www.qgis.org/gml http://localhost?MAP=x&amp;SERVICE=WFS">"#;

    #[tokio::test]
    async fn features_stream_in_pieces_of_any_size() {
        let document = format!("{ROOT}<qgs:a>Bäume ß</qgs:a></wfs:FeatureCollection>");
        for size in 1..60 {
            let (sender, body) = fed();
            for piece in document.as_bytes().chunks(size) {
                sender.send(Ok(Bytes::copy_from_slice(piece))).unwrap();
            }
            drop(sender);
            let rebuilt = rebuild(answer(200, "text/xml", body), Interface::WebService, &links()).await;
            let written =
                document.replace("http://localhost?MAP=x&amp;", "https://council.example/pozi/ows/roads/?");
            assert_eq!(text_of(rebuilt).await, (200, written), "{size}");
        }
    }

    #[tokio::test]
    async fn features_are_sent_before_the_last_has_come_and_a_cut_stays_one() {
        let (sender, body) = fed();
        sender.send(Ok(Bytes::from_static(ROOT.as_bytes()))).unwrap();
        let rebuilt = rebuild(answer(200, "text/xml", body), Interface::WebService, &links()).await;
        assert_eq!(rebuilt.status(), 200);
        let mut body = rebuilt.into_body();
        assert!(body.frame().await.unwrap().unwrap().into_data().unwrap().ends_with(b"SERVICE=WFS\">"));
        sender.send(Err(io::Error::other("cut"))).unwrap();
        assert!(body.frame().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn a_document_is_read_up_to_a_bound_and_no_further() {
        let (sender, body) = fed();
        for _ in 0..40 {
            sender.send(Ok(Bytes::from(vec![b' '; 1 << 20]))).unwrap();
        }
        let rebuilt = rebuild(answer(200, "text/xml", body), Interface::WebService, &links()).await;
        let (status, text) = text_of(rebuilt).await;
        assert!(status == 502 && text.contains("answer_too_large"), "{status} {text}");
        assert!(sender.is_closed());
    }

    #[tokio::test]
    async fn a_new_feature_has_its_address() {
        let mut created = answer(201, "", Body::empty());
        created.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let location = "http://localhost/wfs3/collections/Road Lines/items?MAP=C:/Pozi/Demo Maps.qgs/3";
        created.headers_mut().insert(LOCATION, HeaderValue::from_static(location));
        let rebuilt = rebuild(created, Interface::Api, &links()).await;
        assert_eq!(rebuilt.status(), 201);
        assert_eq!(
            rebuilt.headers()[LOCATION],
            "https://council.example/pozi/ows/roads/wfs3/collections/Road%20Lines/items/3"
        );
    }
}
