//! The directory over HTTP: metadata and keys at Entra's paths, tokens of sample people without a sign-in, and levers that
//! simulate faults.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Behaviour, EmulatedEntra, Kind, Mistake, Person, TokenSpec, UnknownNameError, Version,
    base::Base,
    graph,
    metadata::openid_configuration,
    outage::{OutageError, apply_behaviour, known_tenant},
    sign_in, unix_now,
};

pub(super) fn router(entra: EmulatedEntra) -> Router {
    let metadata =
        |version| get(move |entra, base, tenant| async move { metadata(version, entra, base, tenant).await });
    let key_set = |version| get(move |entra, tenant| async move { key_set(version, entra, tenant).await });
    Router::new()
        .route("/{tenant}/.well-known/openid-configuration", metadata(Version::V1))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", metadata(Version::V2))
        .route("/{tenant}/discovery/keys", key_set(Version::V1))
        .route("/{tenant}/discovery/v2.0/keys", key_set(Version::V2))
        .merge(sign_in::router())
        .merge(graph::router())
        .route("/token", get(token))
        .route("/people", get(people))
        .route("/levers", get(levers))
        .route("/levers/{lever}", post(pull_lever))
        .route("/mistakes/{mistake}", post(make_mistake))
        .with_state(entra)
}

async fn metadata(
    version: Version,
    State(entra): State<EmulatedEntra>,
    Base(base): Base,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, OutageError> {
    apply_behaviour(&entra).await?;
    let tenant = known_tenant(&entra, &tenant)?;
    Ok(Json(openid_configuration(version, &base, &tenant)))
}

async fn key_set(
    version: Version,
    State(entra): State<EmulatedEntra>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, OutageError> {
    entra.count_key_set_fetch();
    apply_behaviour(&entra).await?;
    known_tenant(&entra, &tenant)?;
    Ok(Json(entra.key_set(version)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenQuery {
    #[serde(default)]
    site: String,
    person: Option<String>,
    version: Option<String>,
    kind: Option<String>,
}

async fn token(
    State(entra): State<EmulatedEntra>,
    Query(query): Query<TokenQuery>,
) -> Result<String, (StatusCode, String)> {
    let invalid = |error: UnknownNameError| (StatusCode::BAD_REQUEST, error.to_string());
    if entra.registration(&query.site).is_none() {
        let sites = entra.registrations().iter().map(|registration| registration.site.as_str());
        return Err(not_found(&UnknownNameError::new("site", &query.site, sites)));
    }
    let ask = TokenSpec {
        site: query.site,
        person: query
            .person
            .map_or(Ok(Person::default()), |person| person.parse())
            .map_err(|error| not_found(&error))?,
        version: query.version.map_or(Ok(Version::default()), |version| version.parse()).map_err(invalid)?,
        kind: query.kind.map_or(Ok(Kind::default()), |kind| kind.parse()).map_err(invalid)?,
    };
    entra.token(&ask, unix_now()).ok_or_else(|| {
        let text = "An app that signs in as itself gets no ID token. Use kind=access.";
        (StatusCode::BAD_REQUEST, text.to_owned())
    })
}

fn not_found(error: &UnknownNameError) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, error.to_string())
}

async fn people(State(entra): State<EmulatedEntra>) -> Json<Value> {
    let people = entra.registrations().iter().flat_map(|registration| {
        Person::ALL
            .map(|person| json!({"site": registration.site, "person": person.name(), "what": person.what()}))
    });
    Json(people.collect())
}

/// The levers and the mistake that are in force, by name.
async fn levers(State(entra): State<EmulatedEntra>) -> Json<Value> {
    let behaviour = match entra.behaviour() {
        Behaviour::Well => None,
        Behaviour::Slow(_) => Some("slow"),
        Behaviour::Throttled(_) => Some("throttled"),
        Behaviour::Down => Some("down"),
        Behaviour::Rubbish => Some("rubbish"),
    };
    let brief = entra.token_lifetime().map(|_| "brief");
    let mistake = entra.mistake().map_or_else(|| "none".to_owned(), |mistake| mistake.to_string());
    Json(json!({"levers": behaviour.into_iter().chain(brief).collect::<Value>(), "mistake": mistake}))
}

#[derive(Debug, Deserialize)]
struct LeverQuery {
    seconds: Option<f64>,
}

impl LeverQuery {
    fn duration(&self) -> Result<Duration, (StatusCode, String)> {
        Duration::try_from_secs_f64(self.seconds.unwrap_or(5.0)).map_err(|error| {
            (StatusCode::BAD_REQUEST, format!("`seconds` is not a valid duration: {error}."))
        })
    }
}

async fn make_mistake(
    State(entra): State<EmulatedEntra>,
    Path(mistake): Path<String>,
) -> Result<String, (StatusCode, String)> {
    if mistake == "none" {
        entra.set_mistake(None);
        return Ok("The registrations are correct.".to_owned());
    }
    let mistake: Mistake = mistake.parse().map_err(|error| not_found(&error))?;
    entra.set_mistake(Some(mistake));
    Ok(mistake.what().to_owned())
}

async fn pull_lever(
    State(entra): State<EmulatedEntra>,
    Path(lever): Path<String>,
    Query(query): Query<LeverQuery>,
) -> Result<String, (StatusCode, String)> {
    let behaviour = match lever.as_str() {
        "roll" => {
            entra.roll_keys();
            return Ok(format!("The tenant signs with the new key {}.", entra.key_id()));
        }
        "brief" => {
            let lifetime = query.duration()?;
            entra.set_token_lifetime(Some(lifetime));
            return Ok(format!("New access tokens expire after {} s.", lifetime.as_secs()));
        }
        "well" => {
            entra.set_token_lifetime(None);
            Behaviour::Well
        }
        "down" => Behaviour::Down,
        "rubbish" => Behaviour::Rubbish,
        "slow" => Behaviour::Slow(query.duration()?),
        "throttled" => Behaviour::Throttled(query.duration()?),
        _ => {
            let known = ["roll", "well", "down", "rubbish", "slow", "throttled", "brief"];
            return Err(not_found(&UnknownNameError::new("lever", &lever, known)));
        }
    };
    entra.behave(behaviour);
    Ok(sentence(behaviour))
}

fn sentence(behaviour: Behaviour) -> String {
    match behaviour {
        Behaviour::Well => "The tenant responds normally.".to_owned(),
        Behaviour::Slow(delay) => format!("The tenant responds after {} s.", delay.as_secs_f64()),
        Behaviour::Throttled(wait) => {
            format!("The tenant asks to wait {} s (status 429).", wait.as_secs())
        }
        Behaviour::Down => "The tenant responds with status 503.".to_owned(),
        Behaviour::Rubbish => "The tenant responds with an HTML page.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::{
        body::{Body, to_bytes},
        http::{Method, Request, header},
    };
    use tower::ServiceExt as _;

    use super::super::tests::{emulated, riverbend};
    use super::*;

    async fn ask(router: &Router, method: Method, path: &str) -> (StatusCode, String, String) {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:4000");
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let kind = response.headers().get(header::CONTENT_TYPE).unwrap().to_str().unwrap().to_owned();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn look(router: &Router, path: &str) -> (StatusCode, String, String) {
        ask(router, Method::GET, path).await
    }

    async fn json_at(router: &Router, path: &str) -> Value {
        let (status, kind, body) = look(router, path).await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/json"), "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    fn keys_path() -> String {
        format!("/{}/discovery/v2.0/keys", riverbend().tenant_id)
    }

    #[tokio::test]
    async fn metadata_leads_to_the_key_set_wherever_the_directory_is_nested() {
        let entra = emulated();
        let tenant = riverbend().tenant_id;
        for prefix in ["", "/login"] {
            let router =
                if prefix.is_empty() { entra.router() } else { Router::new().nest(prefix, entra.router()) };
            for (version, path) in [
                (Version::V1, format!("{prefix}/{tenant}/.well-known/openid-configuration")),
                (Version::V2, format!("{prefix}/{tenant}/v2.0/.well-known/openid-configuration")),
            ] {
                let document = json_at(&router, &path).await;
                assert_eq!(document["issuer"], version.issuer(&tenant.to_string()));
                let keys = document["jwks_uri"].as_str().unwrap();
                let keys = keys.strip_prefix("http://localhost:4000").unwrap();
                assert!(keys.starts_with(prefix));
                assert_eq!(json_at(&router, keys).await, entra.key_set(version));
            }
        }
    }

    #[tokio::test]
    async fn the_key_sets_are_also_under_the_tenant() {
        let entra = emulated();
        let tenant = riverbend().tenant_id;
        let v1 = json_at(&entra.router(), &format!("/{tenant}/discovery/keys")).await;
        assert_eq!(v1, entra.key_set(Version::V1));
        let v2 = json_at(&entra.router(), &keys_path()).await;
        assert_eq!(v2, entra.key_set(Version::V2));
        assert_eq!(entra.key_set_fetches(), 2);
    }

    #[tokio::test]
    async fn an_unknown_tenant_is_refused_as_by_entra() {
        let entra = emulated();
        for tenant in ["00000000-0000-0000-0000-00000000ffff", "example.com"] {
            for path in ["discovery/keys", "v2.0/.well-known/openid-configuration"] {
                let (status, kind, body) = look(&entra.router(), &format!("/{tenant}/{path}")).await;
                assert_eq!((status, kind.as_str()), (StatusCode::BAD_REQUEST, "application/json"));
                let body: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(body["error"], "invalid_tenant");
                let description = body["error_description"].as_str().unwrap();
                assert!(description.starts_with(&format!("AADSTS90002: Tenant '{tenant}' not found.")));
            }
        }
        assert_eq!(entra.key_set_fetches(), 2);
    }

    #[tokio::test]
    async fn a_directory_that_is_down_responds_with_503_and_counts_fetches() {
        let entra = emulated();
        entra.behave(Behaviour::Down);
        let (status, ..) = look(&entra.router(), &keys_path()).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let path = format!("/{}/.well-known/openid-configuration", riverbend().tenant_id);
        assert_eq!(look(&entra.router(), &path).await.0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(entra.key_set_fetches(), 1);

        entra.behave(Behaviour::Well);
        json_at(&entra.router(), &keys_path()).await;
        assert_eq!(entra.key_set_fetches(), 2);
    }

    #[tokio::test]
    async fn rubbish_is_html_with_status_200() {
        let entra = emulated();
        entra.behave(Behaviour::Rubbish);
        let (status, kind, body) = look(&entra.router(), &keys_path()).await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/html; charset=utf-8"));
        assert!(serde_json::from_str::<Value>(&body).is_err());
    }

    #[tokio::test]
    async fn a_slow_directory_responds_normally_but_late() {
        let entra = emulated();
        entra.behave(Behaviour::Slow(Duration::from_millis(50)));
        let asked = Instant::now();
        json_at(&entra.router(), &keys_path()).await;
        assert!(asked.elapsed() >= Duration::from_millis(50));
    }

    #[tokio::test]
    async fn a_requested_token_is_issued_as_text() {
        let router = emulated().router();
        for path in [
            "/token",
            "/token?site=hilltop&person=app-only&version=2&kind=access",
            "/token?kind=id",
            "/token?kind=graph",
        ] {
            let (status, kind, body) = look(&router, path).await;
            assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/plain; charset=utf-8"), "{body}");
            assert_eq!(body.split('.').count(), 3);
            assert_eq!(body.trim(), body);
        }
    }

    #[tokio::test]
    async fn an_unknown_parameter_value_is_refused_with_the_known_ones() {
        let router = emulated().router();
        for (query, status, sentence) in [
            ("site=lakeside", 404, "Unknown site `lakeside`. Known: riverbend, hilltop."),
            (
                "person=root",
                404,
                "Unknown person `root`. Known: reader, editor, no-groups, guest, overage, app-only.",
            ),
            ("version=3", 400, "Unknown version `3`. Known: 1, 2."),
            ("kind=saml", 400, "Unknown kind `saml`. Known: access, id, graph."),
            (
                "person=app-only&kind=id",
                400,
                "An app that signs in as itself gets no ID token. Use kind=access.",
            ),
        ] {
            let (actual, _, body) = look(&router, &format!("/token?{query}")).await;
            assert_eq!((actual.as_u16(), body.as_str()), (status, sentence));
        }
        let (actual, _, body) = look(&router, "/token?persona=reader").await;
        assert_eq!(actual, StatusCode::BAD_REQUEST);
        assert!(body.contains("`site`, `person`, `version`, `kind`"), "{body}");
    }

    #[tokio::test]
    async fn the_people_are_listed_for_every_site() {
        let people = json_at(&emulated().router(), "/people").await;
        let people = people.as_array().unwrap();
        assert_eq!(people.len(), 2 * Person::ALL.len());
        assert_eq!(people[0]["site"], "riverbend");
        assert_eq!(people[0]["person"], "reader");
        assert!(people.iter().all(|person| person["what"].as_str().unwrap().ends_with('.')));
    }

    #[tokio::test]
    async fn levers_report_the_new_behaviour() {
        let entra = emulated();
        let router = entra.router();
        for (path, behaviour, sentence) in [
            ("down", Behaviour::Down, "The tenant responds with status 503."),
            ("rubbish", Behaviour::Rubbish, "The tenant responds with an HTML page."),
            ("slow", Behaviour::Slow(Duration::from_secs(5)), "The tenant responds after 5 s."),
            (
                "slow?seconds=0.25",
                Behaviour::Slow(Duration::from_millis(250)),
                "The tenant responds after 0.25 s.",
            ),
            (
                "throttled?seconds=17",
                Behaviour::Throttled(Duration::from_secs(17)),
                "The tenant asks to wait 17 s (status 429).",
            ),
            ("well", Behaviour::Well, "The tenant responds normally."),
        ] {
            let (status, _, body) = ask(&router, Method::POST, &format!("/levers/{path}")).await;
            assert_eq!((status, body.as_str()), (StatusCode::OK, sentence));
            assert_eq!(entra.behaviour(), behaviour);
        }

        let former = entra.key_id();
        let (status, _, body) = ask(&router, Method::POST, "/levers/roll").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body, format!("The tenant signs with the new key {}.", entra.key_id()));
        assert_ne!(entra.key_id(), former);
    }

    #[tokio::test]
    async fn the_levers_and_the_mistake_in_force_can_be_read() {
        let router = emulated().router();
        for (path, levers, mistake) in [
            ("levers/roll", json!([]), "none"),
            ("levers/slow", json!(["slow"]), "none"),
            ("levers/brief?seconds=20", json!(["slow", "brief"]), "none"),
            ("levers/rubbish", json!(["rubbish", "brief"]), "none"),
            ("mistakes/scope-missing", json!(["rubbish", "brief"]), "scope-missing"),
            ("levers/down", json!(["down", "brief"]), "scope-missing"),
            ("levers/well", json!([]), "scope-missing"),
            ("mistakes/none", json!([]), "none"),
        ] {
            ask(&router, Method::POST, &format!("/{path}")).await;
            let expected = json!({"levers": levers, "mistake": mistake});
            assert_eq!(json_at(&router, "/levers").await, expected, "after {path}");
        }
    }

    #[tokio::test]
    async fn a_lever_that_does_not_exist_changes_nothing() {
        let entra = emulated();
        let router = entra.router();
        let (status, _, body) = ask(&router, Method::POST, "/levers/sleep").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(body, "Unknown lever `sleep`. Known: roll, well, down, rubbish, slow, throttled, brief.");
        let (status, ..) = ask(&router, Method::POST, "/levers/slow?seconds=-1").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(entra.behaviour(), Behaviour::Well);
    }
}
