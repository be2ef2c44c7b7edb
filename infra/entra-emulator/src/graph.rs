//! Four calls of Microsoft Graph, below `/graph`: who a token speaks of, of which tenant, and which of some groups a person
//! is in.
//!
//! Sources: <https://learn.microsoft.com/graph/api/user-get>, <https://learn.microsoft.com/graph/api/organization-list>,
//! <https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups>,
//! <https://learn.microsoft.com/graph/errors>.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    EmulatedEntra, Person, Registration,
    claims::object_id,
    graph_token::{Caller, GraphError, person_with},
    outage::{OutageError, apply_behaviour},
    unix_now,
};

/// The most groups that one call may ask about.
const MAX_GROUPS: usize = 20;

const CONTEXT: &str = "https://graph.microsoft.com/v1.0/$metadata";

pub(super) fn router() -> Router<EmulatedEntra> {
    Router::new()
        .route("/graph/v1.0/me", get(me))
        .route("/graph/v1.0/organization", get(organization))
        .route("/graph/v1.0/me/checkMemberGroups", post(check_own_groups))
        .route("/graph/v1.0/users/{person}/checkMemberGroups", post(check_groups_of))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    group_ids: Vec<String>,
}

/// As with `$select=id`, which is all that anyone here asks for.
async fn me(State(entra): State<EmulatedEntra>, headers: HeaderMap) -> Result<Response, OutageError> {
    apply_behaviour(&entra).await?;
    Ok(answer(caller(&entra, &headers).and_then(|caller| {
        let (registration, person) = caller.person(&entra)?;
        let id = object_id(registration, person).to_string();
        Ok(json!({ "@odata.context": format!("{CONTEXT}#users(id)/$entity"), "id": id }))
    })))
}

async fn organization(
    State(entra): State<EmulatedEntra>,
    headers: HeaderMap,
) -> Result<Response, OutageError> {
    apply_behaviour(&entra).await?;
    Ok(answer(caller(&entra, &headers).and_then(|caller| {
        let id = caller.tenant_of_person()?.to_string();
        Ok(json!({ "@odata.context": format!("{CONTEXT}#organization(id)"), "value": [{ "id": id }] }))
    })))
}

async fn check_own_groups(
    State(entra): State<EmulatedEntra>,
    headers: HeaderMap,
    Json(question): Json<Question>,
) -> Result<Response, OutageError> {
    apply_behaviour(&entra).await?;
    Ok(answer(caller(&entra, &headers).and_then(|caller| {
        let (registration, person) = caller.person(&entra)?;
        check(&entra, registration, person, question)
    })))
}

/// For an app, about the people of its tenant; and for an administrator: any text that is no JWT is accepted as their token, since
/// the directory has no administrator who could get one.
async fn check_groups_of(
    State(entra): State<EmulatedEntra>,
    Path(person): Path<String>,
    headers: HeaderMap,
    Json(question): Json<Question>,
) -> Result<Response, OutageError> {
    apply_behaviour(&entra).await?;
    Ok(answer(bearer(&headers).and_then(|token| {
        let is_jwt = token.contains('.');
        let app = is_jwt.then(|| Caller::of(token, &entra, unix_now())?.tenant_of_everybody()).transpose()?;
        let id = person.parse().map_err(|_| GraphError::NoSuchPerson)?;
        let found = person_with(&entra, id).filter(|(own, _)| app.is_none_or(|app| own.tenant_id == app));
        let (registration, person) = found.ok_or(GraphError::NoSuchPerson)?;
        check(&entra, registration, person, question)
    })))
}

fn check(
    entra: &EmulatedEntra,
    registration: &Registration,
    person: Person,
    question: Question,
) -> Result<Value, GraphError> {
    if question.group_ids.len() > MAX_GROUPS {
        return Err(GraphError::TooManyGroups);
    }
    let own = entra.groups_of(registration, person);
    let is_own = |group: &String| group.parse().is_ok_and(|group| own.contains(&group));
    let value: Vec<_> = question.group_ids.into_iter().filter(is_own).collect();
    Ok(json!({ "@odata.context": format!("{CONTEXT}#Collection(Edm.String)"), "value": value }))
}

fn caller(entra: &EmulatedEntra, headers: &HeaderMap) -> Result<Caller, GraphError> {
    Caller::of(bearer(headers)?, entra, unix_now())
}

fn bearer(headers: &HeaderMap) -> Result<&str, GraphError> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    token.filter(|token| !token.is_empty()).ok_or(GraphError::NoToken)
}

fn answer(answer: Result<Value, GraphError>) -> Response {
    match answer {
        Ok(body) => Json(body).into_response(),
        Err(error) => refusal(error),
    }
}

fn refusal(error: GraphError) -> Response {
    let (status, code) = match error {
        GraphError::NotDelegated => (StatusCode::BAD_REQUEST, "BadRequest"),
        GraphError::TooManyGroups => (StatusCode::BAD_REQUEST, "Request_BadRequest"),
        GraphError::NoSuchPerson => (StatusCode::NOT_FOUND, "Request_ResourceNotFound"),
        GraphError::Permissions => (StatusCode::FORBIDDEN, "Authorization_RequestDenied"),
        GraphError::NoToken
        | GraphError::Malformed
        | GraphError::Signature
        | GraphError::Audience
        | GraphError::Lifetime => (StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken"),
    };
    let request = Uuid::new_v4().to_string();
    let inner = json!({ "request-id": request, "client-request-id": request });
    let body = json!({ "error": { "code": code, "message": error.message(), "innerError": inner } });
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::{Request, header::CONTENT_TYPE},
    };
    use tower::ServiceExt as _;

    use super::{
        super::{
            Kind, TokenSpec,
            tests::{emulated, riverbend},
        },
        *,
    };

    fn ids(groups: &[Uuid]) -> Vec<String> {
        groups.iter().map(Uuid::to_string).collect()
    }

    async fn asked(person: Uuid, groups: &[Uuid], token: Option<&str>) -> (StatusCode, Value) {
        let mut request = Request::post(format!("/graph/v1.0/users/{person}/checkMemberGroups"));
        request = request.header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(json!({ "groupIds": ids(groups) }).to_string())).unwrap();
        let response = emulated().router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn says_which_of_the_groups_a_person_is_in() {
        let registration = riverbend();
        let (reader, editor) = (registration.reader_groups[0], registration.editor_groups[0]);
        let asked_about = [Uuid::from_u128(1), editor, reader];
        for (person, value) in [
            (Person::Reader, vec![reader]),
            (Person::Editor, vec![editor, reader]),
            (Person::Overage, vec![reader]),
            (Person::NoGroups, vec![]),
        ] {
            let found = asked(object_id(&registration, person), &asked_about, Some("t")).await;
            assert_eq!((found.0, &found.1["value"]), (StatusCode::OK, &json!(ids(&value))), "{person}");
        }
    }

    #[tokio::test]
    async fn refuses_a_call_without_a_token_of_too_many_groups_and_about_nobody() {
        let reader = object_id(&riverbend(), Person::Reader);
        let many = [Uuid::from_u128(1); MAX_GROUPS + 1];
        for (person, groups, token, status) in [
            (reader, &many[..1], None, StatusCode::UNAUTHORIZED),
            (reader, &many, Some("t"), StatusCode::BAD_REQUEST),
            (Uuid::from_u128(7), &many[..1], Some("t"), StatusCode::NOT_FOUND),
            (object_id(&riverbend(), Person::AppOnly), &many[..1], Some("t"), StatusCode::NOT_FOUND),
        ] {
            assert_eq!(asked(person, groups, token).await.0, status);
        }
    }

    async fn with_token(
        entra: &EmulatedEntra,
        path: &str,
        groups: Option<&[Uuid]>,
        token: &str,
    ) -> (StatusCode, Value) {
        let request = match groups {
            None => Request::get(format!("/graph/v1.0/{path}")).body(Body::empty()),
            Some(groups) => Request::post(format!("/graph/v1.0/{path}"))
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(json!({ "groupIds": ids(groups) }).to_string())),
        };
        let mut request = request.unwrap();
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        let response = entra.router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    fn spec(person: Person) -> TokenSpec {
        TokenSpec { person, kind: Kind::Graph, ..TokenSpec::default() }
    }

    #[tokio::test]
    async fn a_persons_token_says_who_and_where_they_are_and_asks_about_their_own_groups() {
        let (entra, registration) = (emulated(), riverbend());
        let groups: Vec<_> = (1..=2_000).map(Uuid::from_u128).collect();
        entra.set_groups("riverbend", Person::Reader, groups.clone());
        let token = entra.token(&spec(Person::Reader), unix_now()).unwrap();
        let (_, me) = with_token(&entra, "me?$select=id", None, &token).await;
        assert_eq!(me["id"], json!(object_id(&registration, Person::Reader).to_string()));
        let (_, organization) = with_token(&entra, "organization?$select=id", None, &token).await;
        assert_eq!(organization["value"], json!([{ "id": registration.tenant_id.to_string() }]));
        let asked = [groups[1_999], Uuid::from_u128(2_001), groups[0]];
        let (_, found) = with_token(&entra, "me/checkMemberGroups", Some(&asked), &token).await;
        assert_eq!(found["value"], json!(ids(&[groups[1_999], groups[0]])));
        let (status, _) = with_token(&entra, "me/checkMemberGroups", Some(&groups[..21]), &token).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn an_apps_token_asks_about_the_people_of_its_tenant_and_does_nothing_else() {
        let (entra, registration) = (emulated(), riverbend());
        let group = registration.reader_groups[0];
        let hilltop = Registration { site: "hilltop".to_owned(), ..riverbend() };
        let path = |own| format!("users/{}/checkMemberGroups", object_id(own, Person::Reader));
        let (token, _) = entra.application_token(&registration, unix_now());
        let (_, found) = with_token(&entra, &path(&registration), Some(&[group]), &token).await;
        assert_eq!(found["value"], json!(ids(&[group])));
        let of_a_person = entra.token(&spec(Person::Reader), unix_now()).unwrap();
        for (path, groups, token, status) in [
            (path(&hilltop), Some(&[group][..]), &token, StatusCode::NOT_FOUND),
            (path(&registration), Some(&[group]), &format!("{token}A"), StatusCode::UNAUTHORIZED),
            (path(&registration), Some(&[group]), &of_a_person, StatusCode::FORBIDDEN),
            ("me".to_owned(), None, &token, StatusCode::BAD_REQUEST),
            ("organization".to_owned(), None, &token, StatusCode::FORBIDDEN),
            ("me/checkMemberGroups".to_owned(), Some(&[group]), &token, StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(with_token(&entra, &path, groups, token).await.0, status, "{path}");
        }
        entra.set_application_permissions("riverbend", vec!["User.Read.All".to_owned()]);
        let (token, _) = entra.application_token(&registration, unix_now());
        let (status, _) = with_token(&entra, &path(&registration), Some(&[group]), &token).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn tokens_of_another_kind_are_refused_as_by_graph() {
        let entra = emulated();
        let now = unix_now();
        let claims = |change: fn(&mut Value)| {
            let mut claims = entra.claims(&spec(Person::Reader), now).unwrap();
            change(&mut claims);
            entra.sign(&entra.header(super::super::Version::V1), &claims)
        };
        let good = claims(|_| ());
        for (token, path, status, code) in [
            (good.as_str(), "me", 200, Value::Null),
            (&format!("{good}A"), "me", 401, json!("InvalidAuthenticationToken")),
            ("opaque", "me", 401, json!("InvalidAuthenticationToken")),
            (&claims(|claims| claims["exp"] = json!(1)), "me", 401, json!("InvalidAuthenticationToken")),
            (
                &claims(|claims| claims["aud"] = json!("x")),
                "organization",
                401,
                json!("InvalidAuthenticationToken"),
            ),
            (
                &claims(|claims| claims["tid"] = json!(Uuid::nil().to_string())),
                "me",
                401,
                json!("InvalidAuthenticationToken"),
            ),
            (
                &claims(|claims| claims["scp"] = json!("openid")),
                "me",
                403,
                json!("Authorization_RequestDenied"),
            ),
            (
                &claims(|claims| claims["oid"] = json!(Uuid::nil().to_string())),
                "me",
                404,
                json!("Request_ResourceNotFound"),
            ),
            (&entra.token(&spec(Person::AppOnly), now).unwrap(), "me", 400, json!("BadRequest")),
            (
                &entra.token(&TokenSpec::default(), now).unwrap(),
                "me",
                401,
                json!("InvalidAuthenticationToken"),
            ),
        ] {
            let (found, body) = with_token(&entra, path, None, token).await;
            assert_eq!((found.as_u16(), &body["error"]["code"]), (status, &code), "{body}");
        }
        entra.behave(super::super::Behaviour::Throttled(std::time::Duration::from_secs(17)));
        assert_eq!(with_token(&entra, "me", None, &good).await.0, StatusCode::TOO_MANY_REQUESTS);
    }
}
