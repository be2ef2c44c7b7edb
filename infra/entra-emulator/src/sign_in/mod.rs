//! The sign-in: the authorization code flow with PKCE, as single-page applications use Entra's v2.0 endpoints.

mod authorize;
mod memory;
mod pages;
mod place;
mod problem;
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
    authorize::{AuthorizeRequest, Known, ResponseMode, Step, Stop, is_registered},
    memory::{CodeGrant, Sitting},
    pages::Carried,
    place::Place,
    problem::Problem,
    redeem::{TokenRequest, redeem},
};
use super::{
    EmulatedEntra, Kind, Person, Registration, TokenAsk, Version,
    outage::{OutageError, misbehaviour},
    unix_now,
};

pub(super) use memory::Memory;

/// The paths under a tenant.
pub(super) fn router() -> Router<EmulatedEntra> {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", get(asked_by_link).post(asked_by_form))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/{tenant}/oauth2/v2.0/logout", get(logout))
        .route("/", get(|| async { shown(StatusCode::OK, pages::welcome()) }))
}

async fn asked_by_link(
    State(entra): State<EmulatedEntra>,
    place: Place,
    Query(request): Query<AuthorizeRequest>,
) -> Result<Response, OutageError> {
    authorize(&entra, &place, &request).await
}

async fn asked_by_form(
    State(entra): State<EmulatedEntra>,
    place: Place,
    Form(request): Form<AuthorizeRequest>,
) -> Result<Response, OutageError> {
    authorize(&entra, &place, &request).await
}

async fn authorize(
    entra: &EmulatedEntra,
    place: &Place,
    request: &AuthorizeRequest,
) -> Result<Response, OutageError> {
    misbehaviour(entra).await?;
    let Some(registration) = entra.client(&place.tenant, &request.client_id) else {
        let problem = problem::no_such_client(&request.client_id, &place.tenant);
        return Ok(shown(StatusCode::BAD_REQUEST, pages::trouble(&problem)));
    };
    let signed_in = entra.remembered().signed_in(place.signed_in, registration.tenant_id);
    let client = registration.client_id;
    let next = request.next(&Known {
        registration,
        mistake: entra.mistake(),
        signed_in,
        has_consented: &|person| entra.remembered().has_consented(client, person),
    });
    Ok(match next {
        Err(Stop::OnThePage(problem)) => shown(StatusCode::BAD_REQUEST, pages::trouble(&problem)),
        Err(Stop::AtTheClient(problem)) => answered(request, &refusal(request, &problem)),
        Ok(Step::Choose(hinted)) => {
            shown(StatusCode::OK, pages::choose(registration, &place.path, &carried(request), hinted))
        }
        Ok(Step::Consent(person)) => {
            shown(StatusCode::OK, pages::consent(registration, &place.path, &carried(request), person))
        }
        Ok(Step::Code { person, resource, has_chosen }) => {
            let sitting = Sitting { client, tenant: registration.tenant_id, person, resource };
            let response = answered(request, &with_code(entra, registration, request, sitting));
            if has_chosen {
                signed_in_by_cookie(entra, place, registration, person, response)
            } else {
                response
            }
        }
    })
}

/// What a code answers with (RFC 6749 §4.1.2). Consent that came along is remembered.
fn with_code(
    entra: &EmulatedEntra,
    registration: &Registration,
    request: &AuthorizeRequest,
    sitting: Sitting,
) -> Carried {
    let person = sitting.person;
    if request.consents_now() {
        entra.remembered().consents(sitting.client, person);
    }
    let grant = CodeGrant {
        sitting,
        redirect: request.redirect_uri.clone(),
        challenge: request.challenge(),
        nonce: request.nonce(),
    };
    let mut answer = vec![("code".to_owned(), entra.remembered().code_for(grant, unix_now()))];
    if request.wants_client_info() {
        let ask = TokenAsk { site: registration.site.clone(), person, version: Version::V2, kind: Kind::Id };
        let id_token = entra.claims(&ask, unix_now()).unwrap_or_default();
        answer.push(("client_info".to_owned(), redeem::client_info(&id_token)));
    }
    answer.extend(state(request));
    answer.push(("session_state".to_owned(), Uuid::new_v4().to_string()));
    answer
}

/// What a refusal answers with (RFC 6749 §4.1.2.1).
fn refusal(request: &AuthorizeRequest, problem: &Problem) -> Carried {
    let mut answer = vec![
        ("error".to_owned(), problem.error.to_owned()),
        ("error_description".to_owned(), problem.description()),
        ("error_uri".to_owned(), format!("https://login.microsoftonline.com/error?code={}", problem.code)),
    ];
    answer.extend(state(request));
    answer
}

fn state(request: &AuthorizeRequest) -> Option<(String, String)> {
    (!request.state.is_empty()).then(|| ("state".to_owned(), request.state.clone()))
}

/// Sends the answer to the redirect URI, which has been checked.
fn answered(request: &AuthorizeRequest, answer: &Carried) -> Response {
    let redirect = &request.redirect_uri;
    let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    match request.response_mode() {
        ResponseMode::FormPost => shown(StatusCode::OK, pages::posting(redirect, answer)),
        ResponseMode::Fragment => led_to(&format!("{redirect}#{pairs}")),
        ResponseMode::Query => {
            led_to(&format!("{redirect}{}{pairs}", if redirect.contains('?') { '&' } else { '?' }))
        }
    }
}

fn led_to(address: &str) -> Response {
    // What no header can hold was no registered address either.
    let Ok(address) = HeaderValue::from_str(address) else { return StatusCode::BAD_REQUEST.into_response() };
    (StatusCode::FOUND, [(header::LOCATION, address), (header::CACHE_CONTROL, NO_STORE)]).into_response()
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// No page of the sign-in may be shown in a frame: who is asked there cannot see by whom.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
);

fn shown(status: StatusCode, page: maud::Markup) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, NO_STORE),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (status, headers, page.into_string()).into_response()
}

/// The request as the fields of a form that sends it again.
fn carried(request: &AuthorizeRequest) -> Carried {
    let Ok(Value::Object(members)) = serde_json::to_value(request) else { return Vec::new() };
    let texts = members.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    texts.filter(|(_, value)| !value.is_empty()).collect()
}

/// A cookie that silent sign-in, in a frame of another site's page, gets too.
fn signed_in_by_cookie(
    entra: &EmulatedEntra,
    place: &Place,
    registration: &Registration,
    person: Person,
    mut response: Response,
) -> Response {
    let name = entra.remembered().sign_in(registration.tenant_id, person);
    response
        .headers_mut()
        .extend(place.cookie(&name.to_string(), "").map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

async fn token(
    State(entra): State<EmulatedEntra>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(request): Form<TokenRequest>,
) -> Result<Response, OutageError> {
    misbehaviour(&entra).await?;
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let (status, body) = match redeem(&entra, &tenant, &request, origin, unix_now()) {
        Ok(tokens) => (StatusCode::OK, tokens),
        Err(problem) => (StatusCode::BAD_REQUEST, problem.body()),
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
    place: Place,
    Query(request): Query<LogoutRequest>,
) -> Result<Response, OutageError> {
    misbehaviour(&entra).await?;
    if let Some(name) = place.signed_in {
        entra.remembered().sign_out(name);
    }
    let redirect = &request.post_logout_redirect_uri;
    let mut registrations = entra.registrations().iter();
    let is_known = registrations.any(|registration| is_registered(redirect, registration));
    let mut response = if is_known {
        let pairs =
            form_urlencoded::Serializer::new(String::new()).append_pair("state", &request.state).finish();
        led_to(&if request.state.is_empty() { redirect.clone() } else { format!("{redirect}?{pairs}") })
    } else {
        shown(StatusCode::OK, pages::signed_out())
    };
    let forgotten = place.cookie("", "; Max-Age=0");
    response.headers_mut().extend(forgotten.map(|cookie| (header::SET_COOKIE, cookie)));
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

    /// A browser at the emulated Entra.
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
            self.picks(&[("picked_person", "reader")]).await.of_client("code")
        }
    }

    impl Answer {
        /// A parameter of the answer that goes to the client.
        fn of_client(&self, name: &str) -> String {
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
        assert_eq!(answer.of_client("state"), "s t&a=te");
        assert!(!answer.of_client("client_info").is_empty());
        let code = answer.of_client("code");
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
    async fn who_is_signed_in_gets_on_in_silence_until_they_sign_out() {
        let mut browser = Browser::at(&emulated());
        let silent = [("prompt", "none")];
        assert_eq!(browser.authorize(&silent).await.of_client("error"), "login_required");
        browser.code().await;
        assert!(!browser.authorize(&silent).await.of_client("code").is_empty());
        let logout = format!("{}?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080%2F", path("logout"));
        let cookie = browser.cookie.clone();
        let answer = browser.send(Method::GET, &logout, None, String::new()).await;
        assert_eq!(answer.headers[header::LOCATION], "http://localhost:8080/");
        // Not only the cookie is gone.
        browser.cookie = cookie;
        assert_eq!(browser.authorize(&silent).await.of_client("error"), "login_required");
    }

    #[tokio::test]
    async fn a_sign_out_leads_nowhere_else() {
        let mut browser = Browser::at(&emulated());
        let logout = format!("{}?post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F", path("logout"));
        let answer = browser.send(Method::GET, &logout, None, String::new()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("You signed out"));
    }

    #[tokio::test]
    async fn a_refresh_token_renews_and_turns_to_graph() {
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
        assert_eq!(part(&graph["access_token"], 1)["aud"], "00000003-0000-0000-c000-000000000000");
        let unknown = [by[0], ("refresh_token", "1.r")];
        let (status, refused) = browser.redeems(PAGE, &unknown).await;
        assert_eq!((status, &refused["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
    }

    #[tokio::test]
    async fn a_code_is_only_for_who_asked_for_it() {
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
    async fn which_errors_administrators_meet_and_where() {
        let entra = emulated();
        let mut browser = Browser::at(&entra);
        for (mistake, error) in
            [(Mistake::ScopeMissing, "invalid_client"), (Mistake::ResourceElsewhere, "invalid_resource")]
        {
            entra.err(Some(mistake));
            let answer = browser.authorize(&[]).await;
            assert_eq!(answer.of_client("error"), error);
            let number = format!("AADSTS{}: ", mistake.code());
            assert!(answer.of_client("error_description").starts_with(&number));
        }
        for mistake in [Mistake::RedirectMissing, Mistake::AssignmentRequired] {
            entra.err(Some(mistake));
            let answer = browser.picks(&[("picked_person", "reader")]).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert!(answer.body.contains(&format!("AADSTS{}: ", mistake.code())), "{}", answer.body);
        }
        entra.err(Some(Mistake::RedirectNotSpa));
        for (origin, number) in [(PAGE, 9_002_326), (None, 7_000_218)] {
            let code = browser.code().await;
            let (_, refused) = browser.redeems(origin, &redeeming(&code)).await;
            assert_eq!(refused["error_codes"], serde_json::json!([number]), "{refused}");
        }
        entra.err(None);
        let code = browser.code().await;
        let (_, refused) = browser.redeems(None, &redeeming(&code)).await;
        assert_eq!(refused["error_codes"], serde_json::json!([9_002_327]), "{refused}");
        let code = browser.code().await;
        entra.err(Some(Mistake::AssignmentRequired));
        let (_, refused) = browser.redeems(PAGE, &redeeming(&code)).await;
        assert_eq!(
            (&refused["error"], &refused["error_codes"][0]),
            (&"invalid_grant".into(), &50_105.into())
        );
    }

    #[tokio::test]
    async fn consent_is_asked_once() {
        let entra = emulated();
        entra.err(Some(Mistake::ConsentMissing));
        let mut browser = Browser::at(&entra);
        let page = browser.picks(&[("picked_person", "reader")]).await;
        assert!(page.body.contains("Permissions requested"), "{}", page.body);
        let no = browser.picks(&[("picked_person", "reader"), ("picked_consent", "no")]).await;
        assert_eq!(no.of_client("error"), "access_denied");
        let yes = browser.picks(&[("picked_person", "reader"), ("picked_consent", "yes")]).await;
        assert!(!yes.of_client("code").is_empty());
        assert!(!browser.authorize(&[("prompt", "none")]).await.of_client("code").is_empty());
    }

    #[tokio::test]
    async fn pages_of_any_origin_may_read_what_the_token_endpoint_says() {
        let mut browser = Browser::at(&emulated());
        let answer = browser.send(Method::POST, &path("token"), PAGE, "client_id=x".to_owned()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let code = browser.code().await;
        assert!(browser.cookie.starts_with("emulated-entra-https="));
        assert!(!code.is_empty());
    }

    #[tokio::test]
    async fn brief_tokens_end_soon() {
        let entra = emulated();
        entra.issue_for(Some(std::time::Duration::from_secs(20)));
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
