//! What every way to QGIS Server must do: the same questions, and the same answers.

use axum::body::Body;
use bytes::Bytes;
use http::{Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;

use super::{
    FastCgi, HttpServer, MapServer, QgisRequest, UpstreamError,
    testing::{LARGE, Responder, TRAP, asking, posting},
};

const PROJECT: &str = "C:/Pozi/Städte & more.qgz";

/// All of an answer; its body's error where it has one.
async fn whole(answer: Response<Body>) -> Result<Bytes, axum::Error> {
    answer.into_body().collect().await.map(http_body_util::Collected::to_bytes)
}

/// The reason that `server` gives for the answer to `request` not being whole.
async fn reason(server: &impl MapServer, request: QgisRequest) -> &'static str {
    match server.send(PROJECT, request).await {
        Err(error) => error.reason(),
        Ok(answer) => {
            let error = whole(answer).await.unwrap_err();
            UpstreamError::within(&error).expect("an error of ours").reason()
        }
    }
}

async fn text(server: &impl MapServer, request: QgisRequest) -> String {
    let answer = server.send(PROJECT, request).await.unwrap();
    String::from_utf8(whole(answer).await.unwrap().to_vec()).unwrap()
}

/// A responder of each kind, and the way to it.
macro_rules! for_each_server {
    ($responder:ident, $server:ident, $test:block) => {{
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
    }};
}

#[tokio::test]
async fn a_request_arrives_with_its_project_and_nothing_is_lost() {
    for_each_server!(_responder, server, {
        let mut request = posting("echo", 8 * 1024 * 1024);
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
        let empty = QgisRequest { query: String::new(), ..asking("") };
        assert_eq!(empty.query_with_map("a"), "MAP=a");
    });
}

#[tokio::test]
async fn bodies_of_any_size_arrive() {
    for_each_server!(_responder, server, {
        for length in [0, 1, 16 * 1024, 16 * 1024 + 1, 65_528, 65_529, 200_000] {
            let echo = text(&server, posting("echo", length)).await;
            assert!(echo.ends_with(&format!("\n{length} true")), "{length}: {echo}");
        }
    });
}

#[tokio::test]
async fn the_head_ends_before_the_data_whatever_they_hold() {
    for_each_server!(_responder, server, {
        let answer = server.send(PROJECT, asking("trap")).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/xml");
        assert!(!answer.headers().contains_key("x-accel-redirect"));
        assert_eq!(whole(answer).await.unwrap(), TRAP);
    });
}

#[tokio::test]
async fn a_status_is_passed_on_and_a_redirect_is_not_followed() {
    for_each_server!(_responder, server, {
        for (how, status, body) in
            [("missing", 404, "nothing"), ("redirect", 302, "there"), ("empty", 204, "")]
        {
            let answer = server.send(PROJECT, asking(how)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::from_u16(status).unwrap());
            assert!(!answer.headers().contains_key("status"));
            assert_eq!(whole(answer).await.unwrap(), body);
        }
    });
}

#[tokio::test]
async fn large_answers_arrive_also_while_a_large_request_is_not_read() {
    for_each_server!(_responder, server, {
        for request in [asking("large"), posting("early", 8 * 1024 * 1024)] {
            let answer = server.send(PROJECT, request).await.unwrap();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body.len(), LARGE);
            assert_eq!(body.iter().rev().step_by(LARGE / 100).take(3).collect::<Vec<_>>(), [&99, &98, &97]);
        }
    });
}

#[tokio::test]
async fn an_answer_that_was_cut_is_never_whole() {
    for_each_server!(_responder, server, {
        assert_eq!(reason(&server, asking("close")).await, "qgis_died");
        assert_eq!(reason(&server, asking("cut_data")).await, "qgis_cut");
        assert_eq!(reason(&server, asking("cut_long")).await, "qgis_cut");
    });
}

#[tokio::test]
async fn a_head_without_bound_is_rubbish() {
    for_each_server!(_responder, server, {
        assert_eq!(reason(&server, asking("flood_head")).await, "qgis_rubbish");
    });
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_connection() {
    for_each_server!(responder, server, {
        for how in ["flood", "hang_data"] {
            let mut body = server.send(PROJECT, asking(how)).await.unwrap().into_body();
            body.frame().await.unwrap().unwrap();
            drop(body);
            responder.left.notified().await;
        }
        tokio::select! {
            biased;
            _ = server.send(PROJECT, asking("hang_head")) => panic!("an answer"),
            () = async { for _ in 0..100 { tokio::task::yield_now().await } } => (),
        }
        responder.left.notified().await;
    });
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_unreachable_after_some_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = format!("unix:{}/none.sock", folder.path().display());
    let address = |text: &str| text.parse().unwrap();
    for error in [
        FastCgi::new(address(&nowhere)).send(PROJECT, asking("echo")).await.unwrap_err(),
        FastCgi::new(address("127.0.0.1:1")).send(PROJECT, asking("echo")).await.unwrap_err(),
        HttpServer::new("http://127.0.0.1:1/").unwrap().send(PROJECT, asking("echo")).await.unwrap_err(),
    ] {
        assert_eq!(error.reason(), "qgis_unreachable");
        assert!(error.to_string().contains("none.sock") || error.to_string().contains("127.0.0.1:1"));
    }
}

#[tokio::test]
async fn what_is_not_fastcgi_is_rubbish_and_each_fault_is_told_apart() {
    let responder = Responder::fastcgi_unix();
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
        assert_eq!(reason(&server, asking(how)).await, expected, "{how}");
    }
    assert_eq!(text(&server, asking("stderr")).await, "");
}

#[tokio::test]
async fn what_is_not_the_expected_http_is_refused() {
    let responder = Responder::http().await;
    let server = HttpServer::new(&responder.address).unwrap();
    for how in ["http_garbage", "http_chunk", "http_unbounded", "http_gzip", "http_upgrade"] {
        assert_eq!(reason(&server, asking(how)).await, "qgis_rubbish", "{how}");
    }
}
