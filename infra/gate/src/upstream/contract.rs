//! Tests that every kind of connection to QGIS Server must pass.

use axum::body::Body;
use bytes::Bytes;
use http::{Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;

use super::{
    FastCgi, HttpServer, MapServer, QgisRequest,
    testing::{LARGE, Responder, TRAP, get, post, upstream_error},
};

const PROJECT: &str = "C:/Pozi/Städte & more.qgz";

/// Reads the whole body of an answer.
async fn whole(answer: Response<Body>) -> Result<Bytes, axum::Error> {
    answer.into_body().collect().await.map(http_body_util::Collected::to_bytes)
}

/// Returns the reason why the answer of `server` to `request` is incomplete.
async fn reason(server: &impl MapServer, request: QgisRequest) -> &'static str {
    match server.send(PROJECT, request).await {
        Err(error) => error.reason(),
        Ok(answer) => {
            let error = whole(answer).await.unwrap_err();
            upstream_error(&error).expect("an upstream error").reason()
        }
    }
}

async fn text(server: &impl MapServer, request: QgisRequest) -> String {
    let answer = server.send(PROJECT, request).await.unwrap();
    String::from_utf8(whole(answer).await.unwrap().to_vec()).unwrap()
}

/// Runs a test with each kind of responder and a connection to it.
macro_rules! for_each_server {
    ($responder:ident, $server:ident, $test:block) => {
        // Windows has no Unix sockets to test.
        #[cfg(unix)]
        {
            let $responder = Responder::fastcgi_unix();
            let $server = FastCgi::new($responder.address.parse().unwrap());
            $test
        }
        {
            let $responder = Responder::fastcgi_tcp().await;
            let $server = FastCgi::new($responder.address.parse().unwrap());
            $test
        }
        {
            let $responder = Responder::http().await;
            let $server = HttpServer::new(&$responder.address).unwrap();
            $test
        }
    };
}

/// RFC 9110 §7.6.3.
#[tokio::test]
async fn a_request_arrives_complete_and_with_its_project() {
    for_each_server!(_responder, server, {
        let mut request = post("echo", 8 * 1024 * 1024);
        request.path = "/wfs3/collections".into();
        request.accept = Some("application/geo+json");
        let echo = text(&server, request).await;
        assert!(echo.starts_with("POST /"), "{echo}");
        assert!(echo.contains("/wfs3/collections\n"), "{echo}");
        assert!(echo.contains("\ndo=echo&MAP=C%3A%2FPozi%2FSt%C3%A4dte%20%26%20more.qgz\n"), "{echo}");
        assert!(echo.ends_with("\n8388608 true"), "{echo}");
        let headers = echo.to_lowercase().replace('_', "-");
        for header in [
            "content-type: text/xml",
            "content-length: 8388608",
            "accept: application/geo+json",
            "x-qgis-service-url: https://gis.example/pozi/ows/planning/",
        ] {
            assert!(headers.contains(header), "{header}: {headers}");
        }
        for header in ["\nvia:", "\nhttp-via:"] {
            assert!(!headers.contains(header), "{header}: {headers}");
        }
        let empty = QgisRequest { query: String::new(), ..get("") };
        assert_eq!(empty.query_with_map("a"), "MAP=a");
    });
}

#[tokio::test]
async fn bodies_of_any_size_arrive() {
    for_each_server!(_responder, server, {
        for length in [0, 1, 16 * 1024, 16 * 1024 + 1, 65_528, 65_529, 200_000] {
            let echo = text(&server, post("echo", length)).await;
            assert!(echo.ends_with(&format!("\n{length} true")), "{length}: {echo}");
        }
    });
}

#[tokio::test]
async fn data_is_never_read_as_headers() {
    for_each_server!(_responder, server, {
        let answer = server.send(PROJECT, get("trap")).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/xml");
        assert!(!answer.headers().contains_key("x-accel-redirect"));
        assert_eq!(whole(answer).await.unwrap(), TRAP);
    });
}

#[tokio::test]
async fn passes_on_the_status_and_follows_no_redirect() {
    for_each_server!(_responder, server, {
        for (how, status, body) in
            [("missing", 404, "nothing"), ("redirect", 302, "there"), ("empty", 204, "")]
        {
            let answer = server.send(PROJECT, get(how)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::from_u16(status).unwrap());
            assert!(!answer.headers().contains_key("status"));
            assert_eq!(whole(answer).await.unwrap(), body);
        }
    });
}

#[tokio::test]
async fn large_answers_arrive_while_a_large_request_is_unread() {
    for_each_server!(_responder, server, {
        for request in [get("large"), post("early", 8 * 1024 * 1024)] {
            let answer = server.send(PROJECT, request).await.unwrap();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body.len(), LARGE);
            assert_eq!(body.iter().rev().step_by(LARGE / 100).take(3).collect::<Vec<_>>(), [&99, &98, &97]);
        }
    });
}

#[tokio::test]
async fn an_answer_that_was_cut_short_is_never_complete() {
    for_each_server!(_responder, server, {
        assert_eq!(reason(&server, get("close")).await, "qgis_died");
        assert_eq!(reason(&server, get("cut_data")).await, "qgis_cut");
        assert_eq!(reason(&server, get("cut_long")).await, "qgis_cut");
    });
}

#[tokio::test]
async fn refuses_an_endless_head() {
    for_each_server!(_responder, server, {
        assert_eq!(reason(&server, get("flood_head")).await, "qgis_rubbish");
    });
}

#[tokio::test]
async fn a_client_that_disconnects_ends_the_connection() {
    for_each_server!(responder, server, {
        for how in ["flood", "hang_data"] {
            let mut body = server.send(PROJECT, get(how)).await.unwrap().into_body();
            body.frame().await.unwrap().unwrap();
            drop(body);
            responder.disconnected.notified().await;
        }
        tokio::select! {
            biased;
            _ = server.send(PROJECT, get("hang_head")) => panic!("unexpected answer"),
            () = async { for _ in 0..100 { tokio::task::yield_now().await } } => (),
        }
        responder.disconnected.notified().await;
    });
}

#[tokio::test(start_paused = true)]
async fn a_missing_server_is_unreachable_after_some_attempts() {
    let fastcgi = |address: String| FastCgi::new(address.parse().unwrap());
    let tcp = fastcgi("127.0.0.1:1".to_owned()).send(PROJECT, get("echo")).await.unwrap_err();
    let http = HttpServer::new("http://127.0.0.1:1/").unwrap().send(PROJECT, get("echo")).await.unwrap_err();
    let unreachable = [(tcp, "127.0.0.1:1"), (http, "127.0.0.1:1")];
    #[cfg(unix)]
    let unreachable = {
        let folder = tempfile::tempdir().unwrap();
        let socket = fastcgi(format!("unix:{}/none.sock", folder.path().display()));
        let unix = socket.send(PROJECT, get("echo")).await.unwrap_err();
        unreachable.into_iter().chain([(unix, "none.sock")])
    };
    for (error, address) in unreachable {
        assert_eq!(error.reason(), "qgis_unreachable");
        assert!(error.to_string().contains(address), "{error}");
    }
}

#[tokio::test]
async fn each_fastcgi_failure_has_its_own_reason() {
    let responder = Responder::fastcgi_tcp().await;
    let server = FastCgi::new(responder.address.parse().unwrap());
    for (how, expected) in [
        ("garbage", "qgis_rubbish"),
        ("wrong_id", "qgis_rubbish"),
        ("flood_stderr", "qgis_rubbish"),
        ("overloaded", "qgis_refused"),
        ("cut_head", "qgis_cut"),
        ("end_in_head", "qgis_cut"),
        ("short", "qgis_rubbish"),
        ("long", "qgis_rubbish"),
    ] {
        assert_eq!(reason(&server, get(how)).await, expected, "{how}");
    }
    assert_eq!(text(&server, get("stderr")).await, "");
}

#[tokio::test]
async fn refuses_unexpected_http() {
    let responder = Responder::http().await;
    let server = HttpServer::new(&responder.address).unwrap();
    for how in ["http_garbage", "http_chunk", "http_unbounded", "http_gzip", "http_upgrade"] {
        assert_eq!(reason(&server, get(how)).await, "qgis_rubbish", "{how}");
    }
}
