//! The sign-in: the authorization code flow with PKCE, as single-page applications use it at Entra's v2.0 endpoints.

mod authorize;
mod browser;
mod client_credentials;
mod error;
mod memory;
mod pages;
mod redeem;
mod scopes;

use axum::{
    Form, Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use self::{
    authorize::{AuthorizeError, AuthorizeRequest, Context, ResponseMode, Step, is_registered},
    browser::BrowserRequest,
    error::EntraError,
    memory::{Authorization, CodeGrant},
    pages::Parameters,
    redeem::{TokenRequest, redeem},
};
use super::{
    EmulatedEntra, Kind, Registration, TokenSpec, Version,
    outage::{OutageError, apply_behaviour},
    unix_now,
};

pub(super) use memory::Memory;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Pages of the sign-in must not be framed: the person could not see who frames them (clickjacking).
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
);

/// The paths of a tenant, and the root.
pub(super) fn router() -> Router<EmulatedEntra> {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize_by_link).post(authorize_by_form))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/{tenant}/oauth2/v2.0/logout", get(logout))
        .route("/", get(|| async { html(StatusCode::OK, pages::welcome()) }))
}

async fn authorize_by_link(
    State(entra): State<EmulatedEntra>,
    browser: BrowserRequest,
    Query(request): Query<AuthorizeRequest>,
) -> Result<Response, OutageError> {
    authorize(&entra, &browser, &request).await
}

async fn authorize_by_form(
    State(entra): State<EmulatedEntra>,
    browser: BrowserRequest,
    Form(request): Form<AuthorizeRequest>,
) -> Result<Response, OutageError> {
    authorize(&entra, &browser, &request).await
}

async fn authorize(
    entra: &EmulatedEntra,
    browser: &BrowserRequest,
    request: &AuthorizeRequest,
) -> Result<Response, OutageError> {
    apply_behaviour(entra).await?;
    let Some(registration) = entra.client(&browser.tenant, &request.client_id) else {
        let error = error::no_such_client(&request.client_id, &browser.tenant);
        return Ok(html(StatusCode::BAD_REQUEST, pages::error(&error)));
    };
    let signed_in = entra.memory().signed_in(browser.sign_in, registration.tenant_id);
    let client = registration.client_id;
    let next = request.next(&Context {
        registration,
        mistake: entra.mistake(),
        signed_in,
        has_consented: &|person| entra.memory().has_consented(client, person),
    });
    Ok(match next {
        Err(AuthorizeError::Shown(error)) => html(StatusCode::BAD_REQUEST, pages::error(&error)),
        Err(AuthorizeError::Sent(error)) => respond(request, &error_response(request, &error)),
        Ok(Step::Choose(hinted)) => {
            html(StatusCode::OK, pages::choose(registration, &browser.path, &parameters(request), hinted))
        }
        Ok(Step::Consent(person)) => {
            html(StatusCode::OK, pages::consent(registration, &browser.path, &parameters(request), person))
        }
        Ok(Step::Code { person, resource, has_chosen }) => {
            let authorization = Authorization { client, tenant: registration.tenant_id, person, resource };
            let mut response = respond(request, &code_response(entra, registration, request, authorization));
            if has_chosen {
                let id = entra.memory().sign_in(registration.tenant_id, person).to_string();
                let cookie = browser.cookie(&id, "").map(|cookie| (header::SET_COOKIE, cookie));
                response.headers_mut().extend(cookie);
            }
            response
        }
    })
}

/// The response with a code (RFC 6749 §4.1.2). Records the person's consent, if given.
fn code_response(
    entra: &EmulatedEntra,
    registration: &Registration,
    request: &AuthorizeRequest,
    authorization: Authorization,
) -> Parameters {
    let person = authorization.person;
    if request.consents_now() {
        entra.memory().record_consent(authorization.client, person);
    }
    let grant = CodeGrant {
        authorization,
        redirect: request.redirect_uri.clone(),
        challenge: request.challenge(),
        nonce: request.nonce(),
    };
    let mut response = vec![("code".to_owned(), entra.memory().code_for(grant, unix_now()))];
    if request.wants_client_info() {
        let ask = TokenSpec { site: registration.site.clone(), person, version: Version::V2, kind: Kind::Id };
        let id_token = entra.claims(&ask, unix_now()).unwrap_or_default();
        response.push(("client_info".to_owned(), redeem::client_info(&id_token)));
    }
    response.extend(state(request));
    response.push(("session_state".to_owned(), Uuid::new_v4().to_string()));
    response
}

/// The error response (RFC 6749 §4.1.2.1).
fn error_response(request: &AuthorizeRequest, error: &EntraError) -> Parameters {
    let mut response = vec![
        ("error".to_owned(), error.error.to_owned()),
        ("error_description".to_owned(), error.description()),
        ("error_uri".to_owned(), format!("https://login.microsoftonline.com/error?code={}", error.code)),
    ];
    response.extend(state(request));
    response
}

fn state(request: &AuthorizeRequest) -> Option<(String, String)> {
    (!request.state.is_empty()).then(|| ("state".to_owned(), request.state.clone()))
}

/// Sends the response to the redirect URI, which must have been checked.
fn respond(request: &AuthorizeRequest, response: &Parameters) -> Response {
    let uri = &request.redirect_uri;
    let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(response).finish();
    match request.response_mode() {
        ResponseMode::FormPost => html(StatusCode::OK, pages::form_post(uri, response)),
        ResponseMode::Fragment => redirect(&format!("{uri}#{pairs}")),
        ResponseMode::Query => {
            redirect(&format!("{uri}{}{pairs}", if uri.contains('?') { '&' } else { '?' }))
        }
    }
}

fn redirect(address: &str) -> Response {
    // An address that is not a valid header value cannot be registered either.
    let Ok(address) = HeaderValue::from_str(address) else { return StatusCode::BAD_REQUEST.into_response() };
    (StatusCode::FOUND, [(header::LOCATION, address), (header::CACHE_CONTROL, NO_STORE)]).into_response()
}

fn html(status: StatusCode, page: maud::Markup) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, NO_STORE),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (status, headers, page.into_string()).into_response()
}

/// The request's parameters, for a form that sends them again.
fn parameters(request: &AuthorizeRequest) -> Parameters {
    let Ok(Value::Object(members)) = serde_json::to_value(request) else { return Vec::new() };
    let texts = members.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    texts.filter(|(_, value)| !value.is_empty()).collect()
}

async fn token(
    State(entra): State<EmulatedEntra>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(request): Form<TokenRequest>,
) -> Result<Response, OutageError> {
    apply_behaviour(&entra).await?;
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let (status, body) = match redeem(&entra, &tenant, &request, origin, unix_now()) {
        Ok(tokens) => (StatusCode::OK, tokens),
        // RFC 6749 §5.2: the client could not prove who it is.
        Err(error) if error.is_of_the_client() => (StatusCode::UNAUTHORIZED, error.body()),
        Err(error) => (StatusCode::BAD_REQUEST, error.body()),
    };
    Ok((status, [(header::CACHE_CONTROL, NO_STORE)], Json(body)).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LogoutRequest {
    post_logout_redirect_uri: String,
    state: String,
}

/// Ends the sign-in in this browser (OpenID Connect RP-Initiated Logout §2).
async fn logout(
    State(entra): State<EmulatedEntra>,
    browser: BrowserRequest,
    Query(request): Query<LogoutRequest>,
) -> Result<Response, OutageError> {
    apply_behaviour(&entra).await?;
    if let Some(id) = browser.sign_in {
        entra.memory().sign_out(id);
    }
    let uri = &request.post_logout_redirect_uri;
    let mut registrations = entra.registrations().iter();
    let is_known = registrations.any(|registration| is_registered(uri, registration));
    let mut response = if !is_known {
        html(StatusCode::OK, pages::signed_out())
    } else if request.state.is_empty() {
        redirect(uri)
    } else {
        let pairs =
            form_urlencoded::Serializer::new(String::new()).append_pair("state", &request.state).finish();
        redirect(&format!("{uri}?{pairs}"))
    };
    let expired = browser.cookie("", "; Max-Age=0").map(|cookie| (header::SET_COOKIE, cookie));
    response.headers_mut().extend(expired);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::{Method, Request},
    };
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use tower::ServiceExt as _;

    use super::{
        super::{
            Mistake, over_https,
            tests::{emulated, riverbend},
        },
        *,
    };

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const REDIRECT: &str = "http://localhost:8080/redirect.html";
    const PAGE: Option<&str> = Some("http://localhost:8080");

    /// A browser at the emulated Entra, with its cookie.
    struct Browser {
        router: Router,
        cookie: String,
    }

    struct Answer {
        status: StatusCode,
        headers: HeaderMap,
        body: String,
    }

    impl Browser {
        fn at(entra: &EmulatedEntra) -> Self {
            Self { router: over_https(entra.router()), cookie: String::new() }
        }

        async fn send(&mut self, method: Method, path: &str, origin: Option<&str>, form: String) -> Answer {
            let mut request =
                Request::builder().method(method).uri(path).header(header::COOKIE, &self.cookie);
            if !form.is_empty() {
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            }
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            let response =
                self.router.clone().oneshot(request.body(Body::from(form)).unwrap()).await.unwrap();
            let (head, body) = response.into_parts();
            if let Some(cookie) = head.headers.get(header::SET_COOKIE) {
                self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            }
            let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().into()).unwrap();
            Answer { status: head.status, headers: head.headers, body }
        }

        async fn authorize(&mut self, more: &[(&str, &str)]) -> Answer {
            let path = format!("{}?{}", path("authorize"), authorization(more));
            self.send(Method::GET, &path, None, String::new()).await
        }

        async fn picks(&mut self, more: &[(&str, &str)]) -> Answer {
            self.send(Method::POST, &path("authorize"), None, authorization(more)).await
        }

        async fn redeems(&mut self, origin: Option<&str>, more: &[(&str, &str)]) -> (StatusCode, Value) {
            let client = riverbend().client_id.to_string();
            let form = form(&[("client_id", &client), ("redirect_uri", REDIRECT)], more);
            let answer = self.send(Method::POST, &path("token"), origin, form).await;
            (answer.status, serde_json::from_str(&answer.body).unwrap())
        }

        /// The reader's code.
        async fn code(&mut self) -> String {
            self.picks(&[("picked_person", "reader")]).await.sent("code")
        }
    }

    impl Answer {
        /// A parameter of the response that is sent to the client.
        fn sent(&self, name: &str) -> String {
            assert_eq!(self.status, StatusCode::FOUND, "{}", self.body);
            let address = self.headers[header::LOCATION].to_str().unwrap();
            let pairs = address.strip_prefix(&format!("{REDIRECT}#")).unwrap();
            let mut pairs = form_urlencoded::parse(pairs.as_bytes());
            pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        }
    }

    fn path(endpoint: &str) -> String {
        format!("/{}/oauth2/v2.0/{endpoint}", riverbend().tenant_id)
    }

    /// Later pairs replace earlier ones of the same name.
    fn form(own: &[(&str, &str)], more: &[(&str, &str)]) -> String {
        let kept = own.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).extend_pairs(more).finish()
    }

    fn authorization(more: &[(&str, &str)]) -> String {
        let registration = riverbend();
        let own = [
            ("client_id", registration.client_id.to_string()),
            ("response_type", "code".to_owned()),
            ("response_mode", "fragment".to_owned()),
            ("redirect_uri", REDIRECT.to_owned()),
            (
                "scope",
                format!("openid profile offline_access {}/user_impersonation", registration.app_id_uri),
            ),
            ("code_challenge", CHALLENGE.to_owned()),
            ("code_challenge_method", "S256".to_owned()),
            ("state", "s t&a=te".to_owned()),
            ("nonce", "once".to_owned()),
            ("client_info", "1".to_owned()),
        ];
        form(&own.each_ref().map(|(name, value)| (*name, value.as_str())), more)
    }

    fn redeeming(code: &str) -> [(&str, &str); 3] {
        [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)]
    }

    fn part(token: &Value, index: usize) -> Value {
        let part = token.as_str().unwrap().split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_person_signs_in_and_the_page_gets_tokens() {
        let mut browser = Browser::at(&emulated());
        let page = browser.authorize(&[]).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("Rhea Reader") && page.body.contains(CHALLENGE));
        let answer = browser.picks(&[("picked_person", "editor")]).await;
        assert_eq!(answer.sent("state"), "s t&a=te");
        assert!(!answer.sent("client_info").is_empty());
        let code = answer.sent("code");
        let (status, tokens) = browser.redeems(PAGE, &redeeming(&code)).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        let (access, id) = (part(&tokens["access_token"], 1), part(&tokens["id_token"], 1));
        assert_eq!(access["unique_name"], "edgar.editor@example.com");
        assert_eq!((&access["aud"], &access["ver"]), (&riverbend().app_id_uri.into(), &"1.0".into()));
        assert_eq!((&id["nonce"], &id["ver"]), (&"once".into(), &"2.0".into()));
        assert_eq!(id["oid"], access["oid"]);
        let lives = access["exp"].as_u64().unwrap() - access["iat"].as_u64().unwrap();
        assert_eq!(tokens["expires_in"], lives);
    }

    #[tokio::test]
    async fn silent_sign_in_works_until_the_person_signs_out() {
        let mut browser = Browser::at(&emulated());
        let silent = [("prompt", "none")];
        assert_eq!(browser.authorize(&silent).await.sent("error"), "login_required");
        browser.code().await;
        assert!(!browser.authorize(&silent).await.sent("code").is_empty());
        let logout = format!("{}?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080%2F", path("logout"));
        let cookie = browser.cookie.clone();
        let answer = browser.send(Method::GET, &logout, None, String::new()).await;
        assert_eq!(answer.headers[header::LOCATION], "http://localhost:8080/");
        // The sign-in itself has ended, not only the cookie.
        browser.cookie = cookie;
        assert_eq!(browser.authorize(&silent).await.sent("error"), "login_required");
    }

    #[tokio::test]
    async fn a_sign_out_does_not_redirect_to_an_unregistered_uri() {
        let mut browser = Browser::at(&emulated());
        let logout = format!("{}?post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F", path("logout"));
        let answer = browser.send(Method::GET, &logout, None, String::new()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("You signed out"));
    }

    #[tokio::test]
    async fn a_refresh_token_gives_new_tokens_for_graph_too() {
        let mut browser = Browser::at(&emulated());
        let code = browser.code().await;
        let (_, tokens) = browser.redeems(PAGE, &redeeming(&code)).await;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let by = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let (status, renewed) = browser.redeems(PAGE, &by).await;
        assert_eq!(status, StatusCode::OK, "{renewed}");
        assert_eq!(part(&renewed["access_token"], 1)["aud"], riverbend().app_id_uri);
        let (_, graph) = browser.redeems(PAGE, &[by[0], by[1], ("scope", "openid User.Read")]).await;
        assert!(part(&graph["access_token"], 0)["nonce"].is_string());
        assert_eq!(part(&graph["access_token"], 1)["aud"], "https://graph.microsoft.com");
        let unknown = [by[0], ("refresh_token", "1.r")];
        let (status, refused) = browser.redeems(PAGE, &unknown).await;
        assert_eq!((status, &refused["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
    }

    #[tokio::test]
    async fn a_code_is_only_for_the_client_that_requested_it() {
        let mut browser = Browser::at(&emulated());
        for (spoiled, number) in [
            (("code_verifier", "another"), 501_481),
            (("redirect_uri", "http://localhost:8080/"), 50_011),
            (("client_id", "c3890382-ecc1-4cf0-adc1-1b349bbd71ee"), 700_016),
            (("code", "1.another"), 54_005),
            (("grant_type", "password"), 70_003),
        ] {
            let code = browser.code().await;
            let kept: Vec<_> = redeeming(&code).into_iter().filter(|(name, _)| *name != spoiled.0).collect();
            let (status, refused) = browser.redeems(PAGE, &[kept, vec![spoiled]].concat()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
            assert_eq!(refused["error_codes"], serde_json::json!([number]), "{refused}");
        }
        let code = browser.code().await;
        assert_eq!(browser.redeems(PAGE, &redeeming(&code)).await.0, StatusCode::OK);
        let (_, again) = browser.redeems(PAGE, &redeeming(&code)).await;
        assert_eq!(again["error"], "invalid_grant");
    }

    #[tokio::test]
    async fn each_mistake_of_an_administrator_gives_entras_error() {
        let entra = emulated();
        let mut browser = Browser::at(&entra);
        for (mistake, error) in
            [(Mistake::ScopeMissing, "invalid_client"), (Mistake::ResourceElsewhere, "invalid_resource")]
        {
            entra.set_mistake(Some(mistake));
            let answer = browser.authorize(&[]).await;
            assert_eq!(answer.sent("error"), error);
            let number = format!("AADSTS{}: ", mistake.code());
            assert!(answer.sent("error_description").starts_with(&number));
        }
        for mistake in [Mistake::RedirectMissing, Mistake::AssignmentRequired] {
            entra.set_mistake(Some(mistake));
            let answer = browser.picks(&[("picked_person", "reader")]).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert!(answer.body.contains(&format!("AADSTS{}: ", mistake.code())), "{}", answer.body);
            assert!(answer.body.contains(mistake.setting().split('→').next().unwrap()), "{}", answer.body);
        }
        entra.set_mistake(Some(Mistake::RedirectNotSpa));
        for (origin, number) in [(PAGE, 9_002_326), (None, 7_000_218)] {
            let code = browser.code().await;
            let (_, refused) = browser.redeems(origin, &redeeming(&code)).await;
            assert_eq!(refused["error_codes"], serde_json::json!([number]), "{refused}");
        }
        entra.set_mistake(None);
        let code = browser.code().await;
        let (_, refused) = browser.redeems(None, &redeeming(&code)).await;
        assert_eq!(refused["error_codes"], serde_json::json!([9_002_327]), "{refused}");
        let code = browser.code().await;
        entra.set_mistake(Some(Mistake::AssignmentRequired));
        let (_, refused) = browser.redeems(PAGE, &redeeming(&code)).await;
        assert_eq!(
            (&refused["error"], &refused["error_codes"][0]),
            (&"invalid_grant".into(), &50_105.into())
        );
    }

    #[tokio::test]
    async fn consent_is_asked_once() {
        let entra = emulated();
        entra.set_mistake(Some(Mistake::ConsentMissing));
        let mut browser = Browser::at(&entra);
        let page = browser.picks(&[("picked_person", "reader")]).await;
        assert!(page.body.contains("Permissions requested"), "{}", page.body);
        let no = browser.picks(&[("picked_person", "reader"), ("picked_consent", "no")]).await;
        assert_eq!(no.sent("error"), "access_denied");
        let yes = browser.picks(&[("picked_person", "reader"), ("picked_consent", "yes")]).await;
        assert!(!yes.sent("code").is_empty());
        assert!(!browser.authorize(&[("prompt", "none")]).await.sent("code").is_empty());
    }

    #[tokio::test]
    async fn pages_of_any_origin_may_read_token_responses() {
        let mut browser = Browser::at(&emulated());
        let answer = browser.send(Method::POST, &path("token"), PAGE, "client_id=x".to_owned()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let code = browser.code().await;
        assert!(browser.cookie.starts_with("emulated-entra-https="));
        assert!(!code.is_empty());
    }

    #[tokio::test]
    async fn tokens_have_the_lifetime_that_was_set() {
        let entra = emulated();
        entra.set_token_lifetime(Some(std::time::Duration::from_secs(20)));
        let mut browser = Browser::at(&entra);
        let code = browser.code().await;
        let (_, tokens) = browser.redeems(PAGE, &redeeming(&code)).await;
        assert_eq!(tokens["expires_in"], 20);
    }

    #[tokio::test]
    async fn a_directory_that_is_down_signs_nobody_in() {
        let entra = emulated();
        entra.behave(super::super::Behaviour::Down);
        let mut browser = Browser::at(&entra);
        assert_eq!(browser.authorize(&[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
        let answer = browser.send(Method::POST, &path("token"), PAGE, "client_id=x".to_owned()).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    }
}
