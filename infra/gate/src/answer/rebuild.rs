//! Turns an answer of QGIS Server into an answer of the gate.

use std::str::{self, Utf8Error};

use axum::body::Body;
use bytes::BytesMut;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
};

use super::{
    body::{BodyError, MAX_HEAD, prepend, read_chunk, read_rest},
    headers::{select, single},
    html_links, json_links,
    links::Links,
    media::Media,
    refusal::refusal,
    xml_links::{self, Root, XmlLinksError},
};
use pozi_auth::error::with_causes;

/// The longest error that is logged, in bytes: a parser's error may quote the answer.
const MAX_PROBLEM: usize = 500;

/// The interface of QGIS Server that a request uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// WMS, WFS, WCS or WMTS: their JSON is data.
    WebService,
    /// OGC API Features: its JSON contains links.
    Api,
}

/// Why an answer of QGIS Server cannot be passed on. The messages quote nothing of the answer: clients see them.
#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error("QGIS Server failed with status {0}; see QGIS Server's log")]
    Failed(u16),
    #[error(
        "QGIS Server, or the web server in front of it, redirects; set upstream to the address that it redirects to"
    )]
    Redirects,
    #[error(
        "the web server in front of QGIS Server asks for a user name; turn authentication off there for the gate"
    )]
    WantsCredentials,
    #[error(
        "the answer is not from QGIS Server: upstream is another server, or one that replaces error messages (in IIS, \
         set httpErrors existingResponse to PassThrough)"
    )]
    NotQgis,
    #[error("QGIS Server answered with a type of content that the gate does not know")]
    UnknownType,
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("QGIS Server's answer is not valid UTF-8")]
    Utf8(#[from] Utf8Error),
    #[error("QGIS Server's answer is not valid JSON")]
    Json(#[from] serde_json::Error),
    #[error("QGIS Server's answer is not valid XML")]
    Xml(#[from] XmlLinksError),
}

/// Turns QGIS Server's `answer` to a request of `interface` into the client's. Failures, redirects and answers that are
/// not QGIS Server's become 502 with a reason; the log has the cause.
pub async fn rebuild(answer: Response<Body>, interface: Interface, links: &Links) -> Response<Body> {
    try_rebuild(answer, interface, links).await.unwrap_or_else(|error| {
        let mut problem = with_causes(&error);
        problem.truncate(problem.floor_char_boundary(MAX_PROBLEM));
        let reason = error.reason();
        tracing::warn!(target: "pozi::gate", reason, problem, "an answer of QGIS Server cannot be passed on");
        refusal(StatusCode::BAD_GATEWAY, reason, &error.to_string(), None)
    })
}

async fn try_rebuild(
    answer: Response<Body>,
    interface: Interface,
    links: &Links,
) -> Result<Response<Body>, AnswerError> {
    let (parts, body) = answer.into_parts();
    let media = media(parts.status, &parts.headers)?;
    let content = match media {
        None => Content::Unchanged(Body::empty()),
        Some(media) => content(media, body, interface, links).await?,
    };
    let mut headers = select(&parts.headers, media, matches!(content, Content::Unchanged(_)));
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
        Content::Unchanged(body) | Content::Stream(body) => body,
        Content::Document(document) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(document.len()));
            Body::from(document)
        }
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// Returns the kind of the answer; `None` if it has no body.
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
        // QGIS Server's own refusals are XML or JSON.
        Some(Media::Xml | Media::Json) => Ok(media),
        _ if status.is_client_error() => Err(AnswerError::NotQgis),
        Some(_) => Ok(media),
        None => Err(AnswerError::UnknownType),
    }
}

enum Content {
    Unchanged(Body),
    /// QGIS Server's body, after a start that was rewritten.
    Stream(Body),
    Document(String),
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
            Ok(Content::Document(json_links::rewrite(str::from_utf8(&document)?, links)?))
        }
        (Media::Html, _) => {
            let page = read_rest(body, BytesMut::new()).await?;
            Ok(Content::Document(html_links::rewrite(str::from_utf8(&page)?, links)))
        }
        (Media::Json | Media::Text | Media::Image | Media::Download { .. }, _) => {
            Ok(Content::Unchanged(body))
        }
    }
}

/// Streams features after their root element; reads any other document whole.
async fn xml(mut body: Body, links: &Links) -> Result<Content, AnswerError> {
    let mut head = BytesMut::new();
    while head.len() < MAX_HEAD && read_chunk(&mut body, &mut head).await? {
        let (known, rest) = split_characters(&head);
        match xml_links::root(known, links)? {
            Root::Incomplete => {}
            Root::Document => break,
            Root::Data { head: rewritten } => {
                let mut start = rewritten.into_bytes();
                start.extend_from_slice(rest);
                return Ok(Content::Stream(prepend(start, body)));
            }
        }
    }
    let document = read_rest(body, head).await?;
    Ok(Content::Document(xml_links::rewrite(str::from_utf8(&document)?, links)?))
}

/// Splits `bytes` after the last complete character.
fn split_characters(bytes: &[u8]) -> (&str, &[u8]) {
    let end = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let (known, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    (str::from_utf8(known).unwrap_or_default(), rest)
}

/// Returns the address of a new feature. QGIS 3.22 writes `…/items?MAP=project/3`.
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
    fn reason(&self) -> &'static str {
        match self {
            Self::Failed(_) => "qgis_failed",
            Self::Redirects => "qgis_redirects",
            Self::WantsCredentials => "qgis_wants_credentials",
            Self::NotQgis => "not_of_qgis",
            Self::UnknownType => "unknown_type",
            Self::Body(BodyError::TooLarge) => "answer_too_large",
            Self::Body(BodyError::Cut(_)) => "answer_cut",
            Self::Utf8(_) | Self::Json(_) | Self::Xml(_) => "answer_unreadable",
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

    use bytes::Bytes;
    use http_body::Frame;
    use http_body_util::BodyExt as _;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::{super::links::tests::links, *};

    fn answer(status: u16, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
        let answer = Response::builder().status(status).header("server", "QGIS").header("etag", "\"a\"");
        let answer = if content_type.is_empty() { answer } else { answer.header(CONTENT_TYPE, content_type) };
        answer.body(body.into()).unwrap()
    }

    /// A body of the chunks that a test sends.
    struct ChannelBody(UnboundedReceiver<io::Result<Bytes>>);

    impl http_body::Body for ChannelBody {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
        }
    }

    fn channel_body() -> (UnboundedSender<io::Result<Bytes>>, Body) {
        let (sender, chunks) = unbounded_channel();
        (sender, Body::new(ChannelBody(chunks)))
    }

    async fn text_of(answer: Response<Body>) -> (u16, String) {
        let status = answer.status().as_u16();
        (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn anything_but_a_qgis_answer_is_502_with_a_reason() {
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
    async fn images_and_json_of_web_services_pass_unchanged() {
        for content_type in ["image/png", "application/geo+json", "text/plain"] {
            let data = r#"{"href":"http://localhost/?MAP=x" "#;
            let rebuilt = rebuild(answer(200, content_type, data), Interface::WebService, &links()).await;
            assert!(rebuilt.headers().contains_key("etag") && !rebuilt.headers().contains_key("server"));
            assert_eq!(text_of(rebuilt).await, (200, data.to_owned()));
        }
    }

    const ROOT: &str = r#"<wfs:FeatureCollection xsi:schemaLocation="http://www.qgis.org/gml http://localhost?MAP=x&amp;SERVICE=WFS">"#;

    #[tokio::test]
    async fn streams_features_in_chunks_of_any_size() {
        let document = format!("{ROOT}<qgs:a>Bäume ß</qgs:a></wfs:FeatureCollection>");
        for size in 1..60 {
            let (sender, body) = channel_body();
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
    async fn features_are_sent_as_they_arrive_and_a_cut_is_passed_on() {
        let (sender, body) = channel_body();
        sender.send(Ok(Bytes::from_static(ROOT.as_bytes()))).unwrap();
        let rebuilt = rebuild(answer(200, "text/xml", body), Interface::WebService, &links()).await;
        assert_eq!(rebuilt.status(), 200);
        let mut body = rebuilt.into_body();
        assert!(body.frame().await.unwrap().unwrap().into_data().unwrap().ends_with(b"SERVICE=WFS\">"));
        sender.send(Err(io::Error::other("cut"))).unwrap();
        assert!(body.frame().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn reads_no_more_of_a_document_than_the_limit() {
        let (sender, body) = channel_body();
        for _ in 0..40 {
            sender.send(Ok(Bytes::from(vec![b' '; 1 << 20]))).unwrap();
        }
        let rebuilt = rebuild(answer(200, "text/xml", body), Interface::WebService, &links()).await;
        let (status, text) = text_of(rebuilt).await;
        assert!(status == 502 && text.contains("answer_too_large"), "{status} {text}");
        assert!(sender.is_closed());
    }

    #[tokio::test]
    async fn location_of_a_new_feature_is_rewritten() {
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
