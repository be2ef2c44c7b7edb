//! What is checked before the token: paths, methods, content types, sizes, parameters and preflights.

use axum::body::Body;
use entra_emulator::TokenSpec;
use http::{Method, Request, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full, Limited};
use pozi_auth::oauth::GRANT_TYPE;
use pozi_tests::{World, exchange_form, form_request};

use super::{assert_invalid, assert_refused};

const FORM: &str = "application/x-www-form-urlencoded";
const TOKEN: &str = "/oauth2/token";

fn request(method: &str, path: &str, content_type: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = content_type.into_iter().fold(request, |request, kind| request.header(CONTENT_TYPE, kind));
    request.body(body.into()).unwrap()
}

/// RFC 6749 §3.2, §5.1, §5.2; RFC 8693 §2.1; RFC 9110 §9.3.2, §15.5.6, §15.5.16; RFC 9111 §5.2.2.5.
#[tokio::test]
async fn only_a_form_posted_to_the_token_endpoint_is_accepted() {
    let world = World::new().await;
    let good = exchange_form(&world.token(&TokenSpec::default()), &[]);
    for (method, path, content_type, status, reason) in [
        ("POST", TOKEN, Some("application/json"), 415, "unsupported_media_type"),
        ("POST", TOKEN, Some("multipart/form-data; boundary=x"), 415, "unsupported_media_type"),
        ("POST", TOKEN, Some("application/x-www-form-urlencodedx"), 415, "unsupported_media_type"),
        ("POST", TOKEN, Some(""), 415, "unsupported_media_type"),
        ("POST", TOKEN, None, 415, "unsupported_media_type"),
        ("GET", TOKEN, Some(FORM), 405, "method_not_allowed"),
        ("PUT", TOKEN, Some(FORM), 405, "method_not_allowed"),
        ("DELETE", TOKEN, None, 405, "method_not_allowed"),
        ("POST", "/.well-known/jwks.json", Some(FORM), 405, "method_not_allowed"),
        ("POST", "/", Some(FORM), 404, "not_found"),
        ("POST", "/oauth2/token/", Some(FORM), 404, "not_found"),
        ("POST", "/oauth2//token", Some(FORM), 404, "not_found"),
        ("POST", "/OAuth2/Token", Some(FORM), 404, "not_found"),
        ("GET", "/oauth2/token/../../etc/passwd", None, 404, "not_found"),
    ] {
        let answer = world.send(request(method, path, content_type, good.clone())).await;
        assert_refused(&answer, (status, "invalid_request", reason));
        let allow = if path == TOKEN { "POST" } else { "GET,HEAD" };
        assert_eq!(answer.header("allow"), if status == 405 { allow } else { "" }, "{method} {path}");
    }
    let head = world.send(request("HEAD", TOKEN, None, "")).await;
    assert_eq!((head.status.as_u16(), head.header("allow"), head.body.len()), (405, "POST", 0));
    for content_type in
        [FORM, "Application/X-WWW-Form-URLEncoded", "application/x-www-form-urlencoded;charset=UTF-8"]
    {
        let answer = world.send(request("POST", TOKEN, Some(content_type), good.clone())).await;
        assert_eq!(answer.status, 200, "{content_type}: {}", answer.json);
    }
}

/// RFC 9110 §15.5.14.
#[tokio::test]
async fn a_body_over_the_limit_is_refused_whatever_its_content_length() {
    const LIMIT: usize = 64 * 1024;
    let world = World::new().await;
    let good = exchange_form(&world.token(&TokenSpec::default()), &[("padding", "")]);
    let padded = |length: usize| format!("{good}{}", "x".repeat(length - good.len()));
    assert_eq!(world.send(form_request(&padded(LIMIT), &[])).await.status, 200);
    let too_long = padded(LIMIT + 1);
    let length = too_long.len().to_string();
    let with_length = form_request(&too_long, &[("content-length", &length)]);
    let without_length = form_request(&too_long, &[]);
    let with_wrong_length = form_request(&too_long, &[("content-length", "12")]);
    let without_body = form_request("", &[("content-length", "99999999999")]);
    for request in [with_length, without_length, with_wrong_length, without_body] {
        assert_refused(&world.send(request).await, (413, "invalid_request", "body_too_large"));
    }
}

#[tokio::test]
async fn an_incomplete_body_is_refused() {
    let world = World::new().await;
    let broken = Limited::new(Full::from("grant_type=x"), 4)
        .map_err(|_| std::io::Error::other("the connection broke"));
    let answer = world.send(request("POST", TOKEN, Some(FORM), Body::new(broken))).await;
    assert_invalid(&answer, "body_unreadable");
}

type Parameters<'a> = &'a [(&'a str, &'a str)];

/// Returns a form for an exchange in which `changes` replace the parameters of the same names.
fn form(world: &World, changes: Parameters<'_>) -> String {
    let token = world.token(&TokenSpec::default());
    let usual = [
        ("grant_type", GRANT_TYPE),
        ("subject_token", token.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    let kept = usual.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).extend_pairs(changes).finish()
}

/// RFC 6749 §3.2, §5.2; RFC 8693 §2.1, §3; RFC 8707 §2; RFC 9700 §2.4; RFC 10017 §6.3.3.1, §7.3.
#[tokio::test]
async fn every_invalid_parameter_has_its_own_refusal() {
    let world = World::new().await;
    let large = "x".repeat(16 * 1024 + 1);
    let saml = "urn:ietf:params:oauth:token-type:saml2";
    let cases: [(Parameters<'_>, &str, &str); 24] = [
        (&[("grant_type", "")], "invalid_request", "missing_parameter"),
        (&[("subject_token", "")], "invalid_request", "missing_parameter"),
        (&[("subject_token_type", "")], "invalid_request", "missing_parameter"),
        (&[("grant_type", "client_credentials")], "unsupported_grant_type", "unsupported_grant_type"),
        (&[("grant_type", "password")], "unsupported_grant_type", "unsupported_grant_type"),
        (
            &[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")],
            "unsupported_grant_type",
            "unsupported_grant_type",
        ),
        (&[("subject_token_type", saml)], "invalid_request", "unsupported_subject_token_type"),
        (
            &[("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")],
            "invalid_request",
            "unsupported_subject_token_type",
        ),
        (&[("requested_token_type", saml)], "invalid_request", "unsupported_requested_token_type"),
        (
            &[("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")],
            "invalid_request",
            "unsupported_requested_token_type",
        ),
        (&[("actor_token", "x")], "invalid_request", "actor_token_not_supported"),
        (&[("actor_token_type", "x")], "invalid_request", "actor_token_not_supported"),
        (&[("subject_token", &large)], "invalid_request", "token_too_large"),
        (&[("grant_type", GRANT_TYPE), ("grant_type", GRANT_TYPE)], "invalid_request", "repeated_parameter"),
        (&[("subject_token", "a.b.c"), ("subject_token", "a.b.c")], "invalid_request", "repeated_parameter"),
        (&[("scope", "planning:read"), ("scope", "heritage:read")], "invalid_request", "repeated_parameter"),
        (&[("unheard_of", "1"), ("unheard_of", "2")], "invalid_request", "repeated_parameter"),
        (&[("scope", "planning")], "invalid_scope", "malformed_scope"),
        (&[("scope", "planning:admin")], "invalid_scope", "malformed_scope"),
        (&[("scope", "Planning:read")], "invalid_scope", "malformed_scope"),
        (&[("scope", " ")], "invalid_scope", "empty_scope"),
        (&[("resource", "riverbend")], "invalid_target", "malformed_resource"),
        (&[("resource", "/pozi/")], "invalid_target", "malformed_resource"),
        (
            &[("resource", "https://poziserver-riverbend.example/pozi/#map")],
            "invalid_target",
            "malformed_resource",
        ),
    ];
    for (changes, error, reason) in cases {
        assert_refused(&world.post(&form(&world, changes), &[]).await, (400, error, reason));
    }
    assert_refused(&world.post("", &[]).await, (400, "invalid_request", "missing_parameter"));
    let many = |count| form(&world, &vec![("x", ""); count]);
    assert_eq!(world.post(&many(97), &[]).await.status, 200, "100 parameters");
    assert_invalid(&world.post(&many(98), &[]).await, "too_many_parameters");
    let harmless = [("client_id", "spa"), ("actor_token", ""), ("scope", ""), ("unheard_of", "é %")];
    assert_eq!(world.post(&form(&world, &harmless), &[]).await.status, 200);
}

/// Each of these is the site's external URL to a browser's parser.
/// RFC 8693 §2.1; RFC 8707 §2.
#[tokio::test]
async fn a_resource_is_an_absolute_uri_to_the_letter() {
    let world = World::new().await;
    for resource in [
        " https://poziserver-riverbend.example/pozi/",
        "https:poziserver-riverbend.example/pozi/",
        "https:/poziserver-riverbend.example/pozi/",
        "https:\\\\poziserver-riverbend.example\\pozi\\",
        "https://ｐoziserver-riverbend.example/pozi/",
        "https://poziserver-riverbend.example/po\nzi/",
        "https://poziserver-riverbend.example/pozi/#",
    ] {
        let answer = world.post(&form(&world, &[("resource", resource)]), &[]).await;
        assert_refused(&answer, (400, "invalid_target", "malformed_resource"));
        let answer = world.post(&form(&world, &[("audience", resource)]), &[]).await;
        assert_refused(&answer, (400, "invalid_target", "unknown_target"));
    }
}

/// RFC 8693 §2.1, §3.
#[tokio::test]
async fn an_entra_token_is_accepted_under_either_token_type() {
    let world = World::new().await;
    for kind in ["access_token", "jwt"] {
        let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
        let answer = world.post(&form(&world, &[("subject_token_type", &kind)]), &[]).await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.json);
    }
}

/// RFC 9700 §2.6; RFC 10017 §6.3.3.4.
#[tokio::test]
async fn a_preflight_has_the_same_answer_on_every_path() {
    let world = World::new().await;
    for path in [TOKEN, "/.well-known/jwks.json", "/nowhere"] {
        for origin in ["https://riverbend.enterprise.example", "https://evil.example", "null"] {
            let preflight = Request::options(path)
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type,x-anything");
            let answer = world.send(preflight.body(Body::empty()).unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            // Authorization must be named: the wildcard does not cover it (Fetch §4.9).
            assert_eq!(answer.header("access-control-allow-headers"), "*,authorization");
            assert_eq!(answer.header("access-control-max-age"), "7200");
            assert!(
                answer.header("access-control-allow-methods").split(',').any(|method| method == Method::POST)
            );
            assert_eq!(answer.header("access-control-allow-credentials"), "");
        }
    }
}

/// Browsers are sent to an authorization endpoint and never read it with scripts.
/// RFC 9700 §2.6.
#[tokio::test]
async fn the_authorization_endpoint_takes_no_request_of_another_origin() {
    let world = World::new().await;
    let path = "/oauth2/authorize";
    for (method, more) in
        [("GET", None), ("POST", None), ("OPTIONS", Some(("access-control-request-method", "POST")))]
    {
        let mut request = request(method, path, None, "");
        let origin = ("origin", "https://riverbend.enterprise.example");
        for (name, value) in [Some(origin), more].into_iter().flatten() {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let answer = world.send(request).await;
        let names = answer.headers.keys().map(http::HeaderName::as_str);
        let cors: Vec<_> = names.filter(|name| name.starts_with("access-control-")).collect();
        assert!(cors.is_empty(), "{method}: {cors:?}");
    }
    let answer = world.get(&format!("{path}?response_type=code"), &[]).await;
    assert_eq!(answer.refusal(), ("unsupported_response_type", "no_authorization_endpoint"));
}
